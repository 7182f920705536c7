"""What the backends' suites share: example records, and comparisons that do not depend on the order of adding."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, settings

from curio_tracking.interfaces import StorageBackend
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.testing.example_records import START_US, make_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from curio_tracking.summaries import Summary

MakeBackend: TypeAlias = Callable[[], StorageBackend]
EVERYTHING: Final = RecordQuery()
TWO_DAYS_US: Final = 2 * 86_400_000_000
STRANGE_NAME: Final = 'a name, with "quotes" and\na break'
property_test: Final = settings(
    max_examples=40,
    deadline=None,
    database=None,
    # all but "explain", which takes minutes for records of so many fields
    phases=tuple(phase for phase in settings().phases if phase is not Phase.explain),
    suppress_health_check=[
        HealthCheck.too_slow,
        # the store outlives an example on purpose: each one empties it again, as a user would
        HealthCheck.function_scoped_fixture,
        # one test, inherited by several classes: that is what a contract is
        HealthCheck.differing_executors,
    ],
)


def examples() -> list[FeatureRecord]:
    """Return records that differ in everything a query can ask for, over three days, two of them at one moment."""
    return [
        make_record(1),
        make_record(2, feature_name="export_pdf", category="other", user_id="u2", app="shop", version="1.0"),
        make_record(3, start_us=START_US + 2, feature_name="export_pdf", status=FeatureStatus.FAILED, user_id=None),
        make_record(4, category="database_operation", status=FeatureStatus.TIMEOUT, app="shop", environment="staging"),
        make_record(5, feature_name=STRANGE_NAME, status=FeatureStatus.PARTIAL, version="1.1", environment=""),
        make_record(6, start_us=START_US + TWO_DAYS_US, feature_name="export_pdf", category="other", app=""),
        make_record(7, start_us=START_US - TWO_DAYS_US, feature_name="export_pdf", metadata={}),
    ]


def ids(batch: Iterable[FeatureRecord]) -> list[str]:
    """Return the ids of the records, in their order."""
    return [record.record_id for record in batch]


def newest_first(batch: Iterable[FeatureRecord]) -> list[FeatureRecord]:
    """Return the records in the order that backends promise."""
    return sorted(batch, key=lambda record: (record.start_us, record.record_id), reverse=True)


def answer_to(query: RecordQuery, batch: Iterable[FeatureRecord]) -> list[FeatureRecord]:
    """Return what a store of these records must answer."""
    found = [record for record in newest_first(batch) if query.matches(record)]
    return found[: query.limit] if query.limit else found


def append_in_batches(backend: StorageBackend, batch: Sequence[FeatureRecord], size: int) -> None:
    """Hand the records in as a writer does, `size` at a time."""
    for start in range(0, len(batch), size):
        backend.append(batch[start : start + size])


def assert_same_totals(found: Iterable[Summary], expected: Iterable[Summary]) -> None:
    """Check that two collections of summaries say the same, whatever their order."""
    assert _by_group(found) == _by_group(expected)


def _by_group(summaries: Iterable[Summary]) -> dict[tuple[tuple[str, str | None], ...], object]:
    groups: dict[tuple[tuple[str, str | None], ...], object] = {}
    for summary in summaries:
        key = tuple(sorted(summary.group.items()))
        assert key not in groups, f"two summaries of {key}"
        groups[key] = approximately(summary.as_dict())
    return groups


def approximately(statistics: dict[str, object]) -> dict[str, object]:
    """Return the statistics for comparison: floats may differ in what the order of adding changes."""
    return {
        name: pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
        for name, value in statistics.items()
    }
