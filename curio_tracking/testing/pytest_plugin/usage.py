"""The usage of all features over a whole run of tests: counted in each process, added up and shown at the end.

Every process of the run (workers of pytest-xdist, what tests start) keeps its records below the run's root; the process
that the user started reads them all, the features that no test called included.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from curio_tracking.testing.pytest_plugin.environment import STORE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from curio_tracking.records import FeatureInfo, FeatureRecord
    from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
    from curio_tracking.testing.pytest_plugin.run import IsolatedRun

Feature: TypeAlias = tuple[str, str]
"""Name and category."""
TESTS: Final = "tests"
"""The key of a row that says how many tests called the feature."""


class UsageStore:
    """What this process adds to the usage of the run.

    Attributes:
        tests: which tests called a feature.
    """

    def __init__(self, run: IsolatedRun) -> None:
        self._run = run
        self._backend: TinyFluxBackend | None = None
        self._process = 0
        self._declared: set[FeatureInfo] = set()
        self.tests: dict[Feature, set[str]] = {}

    def add(self, records: Sequence[FeatureRecord], of_test: Iterable[FeatureRecord]) -> None:
        """Count records.

        Args:
            records: all that were written. of_test: those among them that the present test has called.
        """
        test = self._run.test
        if test is not None:
            for record in of_test:
                self.tests.setdefault((record.feature_name, record.category), set()).add(test)
        self._open().append(records)

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        """Remember features that exist, called or not."""
        new = set(features) - self._declared
        if new:
            self._open().declare(new)
            self._declared |= new

    def _open(self) -> TinyFluxBackend:
        if self._backend is None or self._process != os.getpid():  # a forked child writes to files of its own
            from curio_tracking.storage.tinyflux.backend import TinyFluxBackend  # late: 30 ms, only if something came

            self._process = os.getpid()
            # 0: a test may have set its clock to a year that retention would remove
            self._backend = TinyFluxBackend(
                Path(self._run.environment.place(f"{STORE_PREFIX}usage")), durable=False, retention_days=0
            )
        return self._backend

    def finish(self) -> None:
        """Declare what was decorated since the last call, even if no test has called anything."""
        from curio_tracking.tracker import feature_tracker

        collector = feature_tracker._collector
        if collector.declared:
            self._run.lend().see_everything()
            collector.writer.start()
            feature_tracker.flush()
            self._run.end_test()

    def close(self) -> None:
        """Release the files."""
        if self._backend is not None and self._process == os.getpid():
            self._backend.close()


def counted_tests(usage: UsageStore) -> list[list[Any]]:
    """Return the tests per feature in a form that goes over to another process: name, category, how many."""
    return [[name, category, len(tests)] for (name, category), tests in usage.tests.items()]


def usage_rows(root: str, tests: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return one row of statistics per feature and category, most calls first, those never called last.

    Args:
        root: below which the stores of the run lie.
        tests: what `counted_tests` has returned in each process; no test runs in two of them.
    """
    from curio_tracking.summaries import Summary

    totals: dict[Feature, Summary] = {}
    for store in sorted(Path(root).rglob(f"{STORE_PREFIX}*")):
        for part in _summaries(store):
            key = part.feature_name or "", part.category or ""
            totals.setdefault(key, Summary(dict(part.group))).merge(part)
    users = dict.fromkeys(totals, 0)
    for name, category, count in tests:
        users[name, category] = users.get((name, category), 0) + count
    ranked = sorted(totals.items(), key=lambda item: (-item[1].weight, item[0]))
    return [{**total.as_dict(), TESTS: users[key]} for key, total in ranked]


def _summaries(store: Path) -> list[Any]:
    from curio_tracking.errors import CurioError
    from curio_tracking.queries import SummaryQuery
    from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
    from curio_tracking.testing.pytest_plugin.run import report

    backend = TinyFluxBackend(store, durable=False, retention_days=0)
    try:
        return list(backend.summaries(SummaryQuery()))
    except CurioError as error:
        report(f"reading the usage in {store}", error)
        return []
    finally:
        backend.close()
