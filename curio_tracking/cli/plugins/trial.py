"""Trial: one plugin is held to its suites in a process of its own, and what came out, as `plugins check` shows it.

The process may hang, exit or crash: what it has told by then counts, and the promise it was at is broken. It sees none
of the user's settings and works in a temporary directory, so that no record of anybody is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.cli import with_progress
from curio_tracking.plugins.states import OWN_DISTRIBUTION
from curio_tracking.setting_options import variable_of
from curio_tracking.setting_sources import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from curio_tracking.plugins import PluginState

CHECKER: Final = "curio_tracking.testing.installed"
PLUGIN_ITSELF: Final = "Plugin"
"""The name of the suite that is about the plugin as a whole."""
POLL_SECONDS: Final = 0.05
FOREIGN: Final = ("DO_NOT_TRACK", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")


@dataclass(slots=True)
class Verdict:
    """How the plugin, or one part of it, has done.

    Attributes:
        kind, part: what it is about: "plugin" and its name, or for example "backend" and its name.
        kept, broken: the number of promises it keeps; those it breaks, each with the reason.
        is_idle: whether it is not needed with its options as they are, so that there was nothing to check.
        load_ms: how long importing the plugin took.
        latency_us, latency_per: how long the part takes, in microseconds, for one "record" or "answer".
    """

    kind: str
    part: str
    kept: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    is_idle: bool = False
    load_ms: float | None = None
    latency_us: float | None = None
    latency_per: str | None = None

    @property
    def state(self) -> str:
        """The result in one word."""
        if self.broken:
            return "failed"
        return "idle" if self.is_idle else "passed" if self.kept else "loaded"


@dataclass(slots=True)
class Trial:
    """What is known of one plugin so far.

    Attributes:
        verdicts: by suite; the plugin itself comes first.
        missing: what would have to be installed for the suites to run.
    """

    verdicts: dict[str, Verdict]
    missing: list[str] = field(default_factory=list)
    is_done: bool = False
    begun: Mapping[str, Any] | None = None

    def take(self, event: Mapping[str, Any]) -> None:
        """Take note of an event of `curio_tracking.testing.installed.report`."""
        match event["event"]:
            case "loaded":
                self.verdicts[PLUGIN_ITSELF].load_ms = event["load_ms"]
                if event["error"]:
                    self.verdicts[PLUGIN_ITSELF].broken.append(("can be loaded", event["error"]))
            case "part":
                self.verdicts[event["suite"]] = _verdict_on(event)
            case "begins":
                self.begun = event
            case "ends":
                self.begun = None
                self._end(event)
            case "unequipped":
                self.missing, self.is_done = event["missing"], True
            case "done":
                self.is_done = True

    def _end(self, event: Mapping[str, Any]) -> None:
        verdict = self.verdicts[event["suite"]]
        if event["kept"]:
            verdict.kept += 1
        elif not any(promise == event["promise"] for promise, _reason in verdict.broken):
            verdict.broken.append((event["promise"], event["reason"]))

    def stopped(self, reason: str) -> None:
        """Take note that the process has not come to its end."""
        at = self.begun or {"suite": PLUGIN_ITSELF, "promise": "can be checked to the end"}
        self.verdicts[at["suite"]].broken.append((at["promise"], reason))


def _verdict_on(event: Mapping[str, Any]) -> Verdict:
    if "error" in event:
        return Verdict(event["kind"], event["part"], broken=[("can be made", event["error"])])
    return Verdict(
        event["kind"],
        event["part"],
        is_idle=event["is_idle"],
        latency_us=event["latency_us"],
        latency_per=event["latency_per"],
    )


def try_out(state: PluginState, options: Mapping[str, str], plugins_dir: Path | None, *, timeout: float) -> Trial:
    """Hold a plugin to the suites of its parts.

    Args:
        state: which plugin.
        options: its options, by name; all others have their defaults.
        plugins_dir: where single-file plugins lie.
        timeout: after how many seconds it counts as hanging.
    """
    trial = Trial({PLUGIN_ITSELF: Verdict("plugin", state.name)})
    directory = Path(tempfile.mkdtemp(prefix="curio-tracking-check-"))
    try:
        report = directory / "report.jsonl"
        report.touch(mode=0o600)
        arguments = [state.group, state.distribution or "", state.name, str(report)]
        with _process(
            [*arguments, *(["--has-options"] if options else [])],
            directory,
            _environment(directory, state, plugins_dir)
            | {variable_of(state.name, option): value for option, value in options.items()},
        ) as process:
            for event in with_progress(_events(process, report, timeout), f"checking {state.name}", step=1):
                trial.take(event)
            if not trial.is_done:
                code = process.poll()
                hangs = f"no end after {timeout:g} s" if code is None else f"the process ended with {_ending(code)}"
                trial.stopped(hangs)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return trial


def _environment(directory: Path, state: PluginState, plugins_dir: Path | None) -> dict[str, str]:
    """Return the environment of a user who has set nothing, and in which no other plugin is at work."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) and name not in FOREIGN}
    return clean | {
        "TMPDIR": str(directory),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        f"{PREFIX}DATA_DIR": str(directory / "data"),
        f"{PREFIX}PLUGINS_ONLY": f"{OWN_DISTRIBUTION},{state.name}",
        **({f"{PREFIX}PLUGINS_DIR": str(plugins_dir)} if plugins_dir else {}),
    }


@contextmanager
def _process(
    arguments: list[str], directory: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    lifeline, ours = os.pipe()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-m", CHECKER, *arguments, "--lifeline", str(lifeline)],
        pass_fds=[lifeline],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(lifeline)
    try:
        yield process
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # whatever the plugin has started goes, too
        except ProcessLookupError:
            pass
        process.wait()
        os.close(ours)


def _events(process: subprocess.Popen[bytes], path: Path, timeout: float) -> Iterator[dict[str, Any]]:
    """Yield what the process reports, until it has ended or the time is over."""
    deadline = monotonic() + timeout
    unfinished = ""
    with path.open(encoding="utf-8") as lines:
        while True:
            is_over = process.poll() is not None or monotonic() > deadline
            for line in iter(lines.readline, ""):
                unfinished += line
                if unfinished.endswith("\n"):
                    yield json.loads(unfinished)
                    unfinished = ""
            if is_over:
                return
            sleep(POLL_SECONDS)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
