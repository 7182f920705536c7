"""Backends that keep wrongly, and the test that has to notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from sound_backend import SoundBackend
from suites import Faults

from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord

FAULTS = Faults()
caught_by = FAULTS.caught_by


class Changing(SoundBackend):
    changes: ClassVar[dict[str, Any]] = {}

    def change(self, record: FeatureRecord) -> FeatureRecord:
        raise NotImplementedError

    def line(self, record: FeatureRecord) -> str:
        return super().line(self.change(record))


@caught_by("test_hostile_texts_come_back_equal_from_every_field")
class LosesSurrogates(Changing):
    def change(self, record: FeatureRecord) -> FeatureRecord:
        return replace(record, error_message=(record.error_message or "").encode("utf-8", "replace").decode() or None)


@caught_by("test_hostile_texts_come_back_equal_from_every_field")
class TrimsVersions(Changing):
    def change(self, record: FeatureRecord) -> FeatureRecord:
        return replace(record, version=record.version and record.version.strip())


@caught_by("test_records_come_back_equal_and_newest_first")
class NoneForNothing(Changing):
    def change(self, record: FeatureRecord) -> FeatureRecord:
        return replace(record, input_size=record.input_size or None)


@caught_by("test_old_and_new_times_come_back_exactly")
class RoundsToMilliseconds(Changing):
    def change(self, record: FeatureRecord) -> FeatureRecord:
        return replace(record, start_us=record.start_us // 1000 * 1000)


@caught_by("test_old_and_new_times_come_back_exactly")
class UnsignedTimes(Changing):
    def change(self, record: FeatureRecord) -> FeatureRecord:
        return replace(record, start_us=max(0, record.start_us))


@caught_by("test_odd_and_huge_records_cost_no_other_record")
class ShortRowsOnly(SoundBackend):
    def append(self, records: Sequence[FeatureRecord]) -> None:
        self.write([line for line in map(self.line, records) if len(line) < 131_072])


@caught_by("test_large_batch_is_kept_whole")
class ThousandRows(SoundBackend):
    def append(self, records: Sequence[FeatureRecord]) -> None:
        super().append(records[:1000])


@caught_by("test_appended_records_stay_as_they_are")
class ChangesWhatItGets(SoundBackend):
    def append(self, records: Sequence[FeatureRecord]) -> None:
        super().append(records)
        for record in records:
            record.metadata.clear()


class WritesOneByOne(SoundBackend):
    def append(self, records: Sequence[FeatureRecord]) -> None:
        for record in records:
            self.write([self.line(record)])


for _test in (
    "test_batch_that_failed_and_comes_again_is_kept_once",
    "test_records_of_a_failed_batch_are_kept_once_in_batches_cut_otherwise",
    "test_totals_count_a_batch_that_comes_again_once",
):
    caught_by(_test)(type(f"DoublesRetries_{_test}", (WritesOneByOne,), {}))


@caught_by("test_second_instance_sees_acknowledged_records_at_once")
class WritesWhenClosed(SoundBackend):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.waiting: list[str] = []

    def append(self, records: Sequence[FeatureRecord]) -> None:
        self.waiting += [self.line(record) for record in records]

    def close(self) -> None:
        self.write(self.waiting)
        self.waiting = []


@caught_by("test_second_instance_sees_acknowledged_records_at_once")
class RemembersAnswers(SoundBackend):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.known: dict[RecordQuery, list[FeatureRecord]] = {}

    def matching(self, query: RecordQuery) -> list[FeatureRecord]:
        if query not in self.known:
            self.known[query] = super().matching(query)
        return self.known[query]


@caught_by("test_records_survive_close")
class ForgetsWhenClosed(SoundBackend):
    def close(self) -> None:
        self.path.unlink(missing_ok=True)


@caught_by("test_closing_twice_is_no_error")
class ClosesOnce(SoundBackend):
    def close(self) -> None:
        del self.path


@caught_by("test_backend_is_usable_after_close")
class ClosesForGood(SoundBackend):
    def close(self) -> None:
        self.path = Path("/nowhere")
