"""What every record filter promises, as tests to inherit; the built-in filters pass the same suite.

    class TestMyFilter(FilterContract):
        @pytest.fixture
        def record_filter(self):
            return MyFilter()

Knows no filter and does not import pytest: the fixture comes from the subclass.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from curio_tracking.interfaces import ImportAwareFilter
from curio_tracking.records import RECORD_FIELDS, FeatureRecord
from curio_tracking.testing.example_records import make_record, odd_records

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from curio_tracking.interfaces import RecordFilter


class FilterContract:
    """Tests that a filter keeps the promises of `curio_tracking.interfaces.RecordFilter`."""

    def test_returns_a_record_or_none(self, record_filter: RecordFilter) -> None:
        """The chain goes on with what a filter returns, so it can be nothing else."""
        _check(record_filter, lambda _before, after: isinstance(after, FeatureRecord), "is no record")

    def test_keeps_the_record_id(self, record_filter: RecordFilter) -> None:
        """Batches that are written again are recognised by it."""
        _check(record_filter, lambda before, after: after.record_id == before["record_id"], "has another record_id")

    def test_keeps_start_and_status(self, record_filter: RecordFilter) -> None:
        """When a call began and how it ended are facts."""
        _check(
            record_filter,
            lambda before, after: (after.start_us, after.status) == (before["start_us"], before["status"]),
            "has another start or status",
        )

    def test_never_lowers_the_sample_weight(self, record_filter: RecordFilter) -> None:
        """A record stands for at least the executions that it stood for before."""
        _check(
            record_filter,
            lambda before, after: math.isfinite(after.sample_weight) and after.sample_weight >= before["sample_weight"],
            "has a smaller sample_weight",
        )

    def test_leaves_names_text_and_metadata_a_dict(self, record_filter: RecordFilter) -> None:
        """Backends rely on these types."""
        _check(
            record_filter,
            lambda _before, after: (
                isinstance(after.feature_name, str)
                and isinstance(after.category, str)
                and isinstance(after.metadata, dict)
                and isinstance(after.user_id, str | None)
                and isinstance(after.error_message, str | None)
            ),
            "has a field of another type",
        )

    def test_leaves_figures_in_their_range(self, record_filter: RecordFilter) -> None:
        """Durations are never negative, there is at least one iteration."""
        _check(
            record_filter,
            lambda _before, after: math.isfinite(after.duration) and after.duration >= 0 and after.iterations >= 1,
            "has a figure out of range",
        )

    def test_treats_equal_records_equally(self, record_filter: RecordFilter) -> None:
        """Whether a record is kept depends on the record: a batch that comes again must not lose others."""
        for (oddity, one), (_, other) in zip(odd_records(), odd_records(), strict=True):
            kept = [record_filter.apply(record) is not None for record in (one, other)]
            assert kept[0] == kept[1], f"a record with {oddity} is kept only once of twice"

    def test_goes_on_for_many_records(self, record_filter: RecordFilter) -> None:
        """A filter lives as long as the application: what it remembers must not stop it."""
        for number in range(2_000):
            record = make_record(number, feature_name=f"feature_{number}", user_id=f"user_{number}")
            after = record_filter.apply(record)
            assert after is None or after.record_id == f"record-{number:08d}"

    def test_prints_nothing(self, record_filter: RecordFilter, capfd: pytest.CaptureFixture[str]) -> None:
        """The output is the application's."""
        capfd.readouterr()
        for _oddity, record in odd_records():
            record_filter.apply(record)
        assert tuple(capfd.readouterr()) == ("", "")

    def test_filter_for_imports_keeps_the_same_promises(self, record_filter: RecordFilter) -> None:
        """What stands in its place when records are imported is a filter, or None; a rehearsal has one as well."""
        if isinstance(record_filter, ImportAwareFilter):
            for is_rehearsal in (True, False):
                made = record_filter.for_imports(is_rehearsal=is_rehearsal)
                if made is not None:
                    self.test_returns_a_record_or_none(made)
                    self.test_keeps_the_record_id(made)


def _check(record_filter: RecordFilter, holds: Callable[[dict[str, Any], FeatureRecord], bool], fault: str) -> None:
    """Assert that a promise holds for every odd record that the filter keeps."""
    for oddity, record in odd_records():
        before = {name: getattr(record, name) for name in RECORD_FIELDS}
        after = record_filter.apply(record)
        assert after is None or holds(before, after), f"a record with {oddity}, once filtered, {fault}"
