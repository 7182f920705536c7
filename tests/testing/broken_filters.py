"""Filters that each break one promise, and the test that has to notice. `test_filter_contract` runs it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from suites import Suites

from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.testing import FilterContract

SUITES = Suites(globals(), FilterContract, lambda broken: {"record_filter": lambda: broken()})
CAUGHT_BY, caught_by = SUITES.caught_by, SUITES.caught_by_test


@SUITES.sound
class SoundFilter:
    """Shortens messages, and drops warm-ups."""

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        if record.feature_name.startswith("warm_up"):
            return None
        record.error_message = record.error_message and record.error_message[:20]
        return record

    def for_imports(self, *, is_rehearsal: bool) -> SoundFilter | None:
        return None if is_rehearsal else self


class Changing:
    def apply(self, record: FeatureRecord) -> Any:
        return replace(record, **self.changes(record))

    def changes(self, record: FeatureRecord) -> dict[str, Any]:
        raise NotImplementedError


@caught_by("test_returns_a_record_or_none")
class ReturnsWhetherToKeep:
    def apply(self, record: FeatureRecord) -> bool:
        return record.is_success


@caught_by("test_returns_a_record_or_none")
class SortsMetadata:
    def apply(self, record: FeatureRecord) -> FeatureRecord:
        record.metadata = {key: record.metadata[key] for key in sorted(record.metadata)}
        return record


@caught_by("test_keeps_the_record_id")
class NumbersRecords(Changing):
    def changes(self, record: FeatureRecord) -> dict[str, Any]:
        return {"record_id": f"1-{record.record_id}"}


@caught_by("test_keeps_start_and_status")
class RoundsStarts(Changing):
    def changes(self, record: FeatureRecord) -> dict[str, Any]:
        return {"start_us": record.start_us // 1000 * 1000}


@caught_by("test_keeps_start_and_status")
class CallsTimeoutsFailures(Changing):
    def changes(self, record: FeatureRecord) -> dict[str, Any]:
        return {"status": FeatureStatus.FAILED if record.status is FeatureStatus.TIMEOUT else record.status}


@caught_by("test_never_lowers_the_sample_weight")
class OneEach(Changing):
    def changes(self, record: FeatureRecord) -> dict[str, Any]:
        return {"sample_weight": 1.0}


@caught_by("test_leaves_names_text_and_metadata_a_dict")
class HashesUsers(Changing):
    def changes(self, record: FeatureRecord) -> dict[str, Any]:
        return {"user_id": hash(record.user_id)}


@caught_by("test_leaves_figures_in_their_range")
class MeasuresFromATarget(Changing):
    def changes(self, record: FeatureRecord) -> dict[str, Any]:
        return {"duration": record.duration - 0.1}


@caught_by("test_treats_equal_records_equally")
class EverySecond:
    count = 0

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        self.count += 1
        return record if self.count % 2 else None


@caught_by("test_goes_on_for_many_records")
class RemembersThousand:
    def __init__(self) -> None:
        self.seen: set[str] = set()

    def apply(self, record: FeatureRecord) -> FeatureRecord:
        self.seen.add(record.feature_name)
        if len(self.seen) > 1000:
            raise MemoryError("too many features")
        return record


@caught_by("test_prints_nothing")
class Prints:
    def apply(self, record: FeatureRecord) -> FeatureRecord:
        print(ascii(record.feature_name))
        return record


@caught_by("test_filter_for_imports_keeps_the_same_promises")
class ForImportsItsClass(SoundFilter):
    def for_imports(self, *, is_rehearsal: bool) -> Any:
        return NumbersRecords()
