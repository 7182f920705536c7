"""Report: what happened, one JSON object a line, written while it happens: a process that crashes has told the rest."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


class Report:
    """Writes events; as a plugin of pytest, one for each test that begins or ends."""

    def __init__(self, stream: IO[str]) -> None:
        """Args: where to."""
        self._stream = stream

    def tell(self, event: str, **details: Any) -> None:
        """Write one event."""
        self._stream.write(json.dumps({"event": event, **details}) + "\n")
        self._stream.flush()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which test begins, for the case that it never ends."""
        self.tell("begins", **_place(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ended; a failure before or after it counts as one of the test."""
        if report.failed or report.when == "call":
            self.tell("ends", **_place(report.nodeid), kept=report.passed, reason=_reason(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that the suites themselves could not be built."""
        if report.failed:
            self.tell("ends", suite="Plugin", promise="suites can be built", kept=False, reason=_reason(report))


def _place(nodeid: str) -> dict[str, str]:
    """Return the suite's name and the promise in words: what the test is called."""
    suite, _, test = nodeid.partition("::")[2].partition("::")
    name, _, case = test.partition("[")
    words = name.removeprefix("test_").replace("_", " ")
    return {"suite": suite.removeprefix("Test"), "promise": f"{words} [{case}" if case else words}


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the first line of what went wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else report.longreprtext
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
