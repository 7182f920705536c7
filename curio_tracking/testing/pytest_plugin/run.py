"""One run of the tests, as the plugin sees it: its environment, its pipelines, and the loan of the test that runs.

Light to import; the pipelines (pydantic, the plugins) come with the first test that tracks something.
"""

from __future__ import annotations

import logging
import sys
from functools import cached_property

from curio_tracking.testing.pytest_plugin.first_import import FirstImport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from curio_tracking.testing.pytest_plugin.environment import IsolatedEnvironment
    from curio_tracking.testing.pytest_plugin.lent_tracker import LentTracker
    from curio_tracking.testing.pytest_plugin.pipelines import IsolatedPipelines
    from curio_tracking.testing.pytest_plugin.usage import UsageStore

TRACKER: Final = "curio_tracking.tracker"


class IsolatedRun:
    """What lasts as long as the run.

    Attributes:
        environment: the variables and the place of the run.
        usage: what counts the usage of the whole run; None unless somebody wants to know.
        loan: the default tracker in the hands of the present test; None while nothing can track.
        test: the node id of the present test; None outside of tests.
    """

    def __init__(self, environment: IsolatedEnvironment, *, wants_usage: bool = False) -> None:
        self.environment = environment
        self.loan: LentTracker | None = None
        self.test: str | None = None
        self.usage: UsageStore | None = None
        self._outside: LentTracker | None = None  # the loan of what is called outside of tests, as while importing
        self._arrival: FirstImport | None = None
        self._owns_process = TRACKER not in sys.modules
        if wants_usage:
            from curio_tracking.testing.pytest_plugin.usage import UsageStore

            self.usage = UsageStore(self)
        if environment.sets_variables:
            if self._owns_process:
                self._arrival = FirstImport(TRACKER, self._tracker_is_there)
            else:
                self._tracker_is_there()

    @cached_property
    def pipelines(self) -> IsolatedPipelines:
        """What makes the pipelines, from the first one on."""
        from curio_tracking.testing.pytest_plugin.pipelines import IsolatedPipelines

        return IsolatedPipelines(self.usage)

    def _tracker_is_there(self) -> None:
        try:
            self._outside = self._borrow("outside")
            if self.test is not None:  # a test has imported the application itself
                self.lend()
        except Exception as error:
            report("the isolation of the run", error)

    def _borrow(self, place: str) -> LentTracker:
        from curio_tracking.testing.pytest_plugin.lent_tracker import LentTracker

        loan = LentTracker(self, place)
        if self.usage is not None:
            loan.see_everything()
        return loan

    def begin_test(self, name: str) -> None:
        """Give the test an empty tracker, if anything here can track."""
        self.test = name
        if self.environment.sets_variables:
            self.environment.next_test()
            if TRACKER in sys.modules:
                self.lend()

    def end_test(self) -> None:
        """Put the tracker back."""
        loan, self.loan = self.loan, None
        if loan is not None:
            loan.end()
        self.test = None  # afterwards: the last records are written while the loan ends, and are this test's

    def lend(self) -> LentTracker:
        """Return the loan of the present test, made now if there is none."""
        if self.loan is None:
            import curio_tracking.tracker  # noqa: F401 - before the loan, as it may make one itself

        if self.loan is None:
            self.loan = self._borrow("own")
        return self.loan

    def close(self) -> None:
        """End the run: nothing that a test has left running writes to a store from here on."""
        self.end_test()
        if self._arrival is not None:
            self._arrival.forget()
        if self._outside is not None:
            self._outside.end()
        module: Any = sys.modules.get(TRACKER)
        if module is not None and "pipelines" in vars(self):
            self.pipelines.close(module.feature_tracker)
        if module is not None and self._owns_process and self.environment.sets_variables:
            shut_down(module.feature_tracker)
        if self.usage is not None:
            self.usage.close()
        self.environment.restore()


def shut_down(tracker: Any) -> None:
    """Write what waits, then drop further calls: a thread that outlives the run must not find the developer's store."""
    tracker.close()
    tracker._collector.buffer.close()


def report(doing: str, error: Exception) -> None:
    """Log what went wrong in the plugin itself; a run of tests never ends because of it."""
    logging.getLogger("curio_tracking").warning("curio_tracking plugin: %s failed: %s", doing, error)
