"""`python -m curio_tracking.testing.installed`: load one plugin, time its parts, run their suites, write a report."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from curio_tracking.errors import CurioError
from curio_tracking.testing.installed import lifeline, subject
from curio_tracking.testing.installed.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curio_tracking.testing.installed.subject import Subject

NEEDED = ("pytest", "hypothesis")


def main(arguments: Sequence[str]) -> None:
    """Do it, in the current directory."""
    parser = argparse.ArgumentParser()
    for name in ("group", "distribution", "name", "report"):
        parser.add_argument(name)
    parser.add_argument("--has-options", action="store_true")
    parser.add_argument("--lifeline", type=int, required=True)
    given = parser.parse_args(arguments)
    lifeline.hold(given.lifeline)
    with open(given.report, "w", encoding="utf-8") as stream:  # noqa: PTH123
        report = Report(stream)
        loaded = subject.load(given.group, given.distribution or None, given.name, has_options=given.has_options)
        _tell_of(loaded, report)
        missing = [name for name in NEEDED if not _is_there(name)]
        if missing:
            report.tell("unequipped", missing=missing)
        else:
            _run_suites(report)
            report.tell("done")


def _tell_of(loaded: Subject, report: Report) -> None:
    """Write how loading went, and of each part what it costs."""
    state = loaded.state
    report.tell(
        "loaded",
        load_ms=None if state.load_seconds is None else round(state.load_seconds * 1000, 1),
        error=state.problem,
        kinds=list(state.kinds),
    )
    from curio_tracking.testing.installed.latency import seconds_of  # late: after the plugin, as in an application

    for place, part in enumerate(loaded.parts):
        details: dict[str, object] = {"suite": str(place), "kind": part.kind, "part": part.name}
        try:
            found = seconds_of(part, Path(f"latency-{place}"))
        except Exception as error:
            loaded.without_suite.append(part)
            report.tell("part", **details, error=_words(error))
            continue
        seconds, per = found or (None, None)
        is_idle = found is None and part.kind in ("filter", "exporter")
        if is_idle:
            loaded.without_suite.append(part)
        latency_us = None if seconds is None else round(seconds * 1e6, 2)
        report.tell("part", **details, is_idle=is_idle, latency_us=latency_us, latency_per=per)


def _words(error: Exception) -> str:
    """Return the message of an error that is made for people, the kind of any other as well."""
    return str(error) if isinstance(error, CurioError) else f"{type(error).__name__}: {error}"


def _is_there(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _run_suites(report: Report) -> None:
    import pytest  # late: it may not be installed

    promises = str(Path(__file__).with_name("promises.py"))
    options = ["-q", "-c", "/dev/null", "--rootdir", ".", "--basetemp", "tests", "-p", "no:cacheprovider"]
    pytest.main([*options, "--import-mode=importlib", promises], plugins=[report])


if __name__ == "__main__":
    main(sys.argv[1:])
