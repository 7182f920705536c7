"""Health: the words in which a tracker speaks of itself, the same in Python, in files, in JSON and on every surface.

`HEALTH_FIELDS` is what `feature_tracker.health()` returns; `PROCESS_FIELDS` is what is known in addition of a process
from outside. The reference is generated from here. Imports nothing: a tracked application asks for this.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

STATES: Final = {
    "unused": "nothing was tracked yet; there is no writer",
    "starting": "settings and plugins are being loaded",
    "running": "records are written",
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
    "started": ("ISO 8601 UTC", "when its first record was written"),
    "updated": ("ISO 8601 UTC", "when its writer was last heard of"),
}
"""Key: (unit, meaning)."""
