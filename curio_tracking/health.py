"""Health: the words in which a tracker speaks of itself, the same in Python, in files, in JSON and on every surface.

`HEALTH_FIELDS` is what `feature_tracker.health()` returns; `PROCESS_FIELDS` is what is known in addition of a process
from outside. The reference is generated from here. Imports nothing: a tracked application asks for this.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

STATES: Final = {
    "unused": "nothing was tracked yet; there is no writer",
    "starting": "settings and plugins are being loaded",
    "running": "records are written",
    "paused": "everything is written; the writer has ended, as before a fork, and starts again with the next call",
    "retrying": "the backend refuses a batch, which comes again",
    "off": "tracking is switched off",
    "failed": "the writer has ended by a failure of its own; nothing is tracked any more",
    "ended": "the last batch was written, and the tracker closed",
    "silent": "from outside: the process lives, but its writer has not been heard of for too long; it may hang",
    "killed": "from outside: the process is gone and could not close its tracker",
}
"""What `state` may be."""

HEALTH_FIELDS: Final = {
    "state": ("text", "what the writer does; see below"),
    "recorded": ("calls", "tracked so far; always written + folded + dropped + pending"),
    "written": ("calls", "that the backend has acknowledged, with a record each"),
    "folded": ("calls", "that the backend has acknowledged in records that stand for many"),
    "dropped": ("calls, by reason", "given up: by a filter of that name, or for the reason of that name"),
    "pending": ("calls", "that wait to be written"),
    "errors": ("failures, by place", "of Curio Tracking itself and of its plugins; the host never sees them"),
    "quarantined": ("rows", "in the store that are no records; they are passed over and kept"),
    "flushes": ("flushes", "that have written something"),
    "last_flush": ("seconds", "that the last flush took, from its first record to the backend's answer"),
    "avg_flush": ("seconds", "the same, of all flushes"),
    "p95_flush": ("seconds", "the same, what 95 % of the last 1,000 flushes stayed within"),
    "max_flush": ("seconds", "the same, of the longest; a refusal and the waiting after it count"),
    "current_flush": ("seconds", "that the flush under way has taken so far; large where the backend hangs"),
    "overhead_ns": (
        "nanoseconds",
        "that tracking adds to one call of a plain function of two arguments; measured once, here, with these settings",
    ),
    "writer_seconds": ("seconds", "of CPU that the writer's thread has used, start-up included"),
    "queued_rows": ("rows", "in the buffer"),
    "queued_bytes": ("bytes", "that they keep alive, about"),
    "queue_size": ("rows", "QUEUE_SIZE, as it is in force"),
    "queue_bytes": ("bytes", "QUEUE_BYTES, as it is in force"),
}
"""Key: (unit, meaning). What is not known is None."""

PROCESS_FIELDS: Final = {
    "process_id": ("number", "of the process"),
    "host": ("text", "name of the machine"),
    "app": ("text", "APP"),
    "version": ("text", "VERSION"),
    "environment": ("text", "ENVIRONMENT"),
    "backend": ("text", "BACKEND"),
    "flush_seconds": ("seconds", "FLUSH_SECONDS, as it is in force"),
    "started": ("ISO 8601 UTC", "when its first record was written"),
    "updated": ("ISO 8601 UTC", "when its writer was last heard of"),
}
"""Key: (unit, meaning)."""


def name_of_process(process: dict[str, Any]) -> str:
    """Return what to call a process in a sentence: `process 4711 (shop)`."""
    app = process["app"]
    return f"process {process['process_id']} ({app})" if app else f"process {process['process_id']}"


def remarks(process: dict[str, Any]) -> list[str]:
    """Return what a person should know of a process, one sentence each; nothing where all is well.

    Args:
        process: with the keys of `PROCESS_FIELDS` and `HEALTH_FIELDS`.
    """
    found = [_OF_STATE[process["state"]]] if process["state"] in _OF_STATE else []
    dropped, errors = process["dropped"], process["errors"]
    if process["folded"]:
        found.append(
            f"{process['folded']:,} calls came faster than they could be written and are kept in totals; a larger "
            "QUEUE_SIZE or QUEUE_BYTES keeps more of them one by one"
        )
    if dropped.get("overflow"):
        found.append(f"{dropped['overflow']:,} calls were dropped: too many different features, or after its close")
    if dropped.get("exit"):
        found.append(f"{dropped['exit']:,} calls were lost at its end; a larger EXIT_TIMEOUT gives it more time")
    if errors:
        places = ", ".join(f"{place} {count:,}" for place, count in sorted(errors.items()))
        found.append(f"failures by place: {places}; its log says more")
    return found


_OF_STATE: Final = {
    "retrying": "its backend refuses records for now; they wait, and its log says why",
    "failed": "its writer has failed, and it tracks no more until it is started again; its log says why",
    "silent": "its writer has not been heard of for too long; the process, its backend or a plugin may hang",
    "killed": "it was killed, or hung at its end; what it had buffered since it was last heard of is lost",
}
