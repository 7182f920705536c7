"""Backends that each break one promise, as plugins do sooner or later, and the test that has to notice.

Not collected with the other tests: `test_backend_contract` runs it in a process of its own.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from sound_backend import SoundBackend
from suites import Suites

from curio_tracking.interfaces import BaseBackend
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo, FeatureRecord
from curio_tracking.summaries import Summary, fold
from curio_tracking.testing import BackendContract

SUITES = Suites(
    globals(),
    BackendContract,
    lambda broken: {"make_backend": lambda tmp_path: lambda: broken(tmp_path / "data" / "r")},
)
SUITES.sound(SoundBackend)
CAUGHT_BY, caught_by = SUITES.caught_by, SUITES.caught_by_test


def forgets(condition: str) -> type:
    def matching(self: Any, query: RecordQuery) -> list[FeatureRecord]:
        return SoundBackend.matching(self, replace(query, **{condition: None}))

    return type(f"Forgets_{condition}", (SoundBackend,), {"matching": matching})


for _condition in ("feature_name", "category", "status", "user_ids", "since_us", "until_us", "record_ids"):
    for _test in (
        "test_query_finds_what_it_describes",
        "test_totals_of_a_query_equal_a_plain_fold",
        "test_deleted_records_are_gone_and_others_stay",
    ):
        _broken = forgets(_condition)
        _broken.__name__ += f"_{_test.split('_')[1]}"
        caught_by(_test)(_broken)


# -- asking ---------------------------------------------------------------------------------------------------------


@caught_by("test_limit_keeps_the_newest")
class OldestFirst(SoundBackend):
    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        yield from islice(reversed(list(super().records(replace(query, limit=0)))), query.limit or None)


@caught_by("test_records_that_came_late_are_put_in_their_place")
class LastWrittenFirst(SoundBackend):
    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        yield from islice(reversed(self.matching(query)), query.limit or None)


@caught_by("test_records_of_one_moment_are_ordered_by_id_and_limited")
class LimitIgnoredOnTies(SoundBackend):
    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        found = list(super().records(replace(query, limit=0)))
        last = found[query.limit - 1].start_us if 0 < query.limit <= len(found) else 0
        return (record for place, record in enumerate(found, 1) if place <= query.limit or record.start_us >= last)


@caught_by("test_record_at_since_is_in_and_at_until_is_out")
class UntilIsIn(SoundBackend):
    def matching(self, query: RecordQuery) -> list[FeatureRecord]:
        return super().matching(replace(query, until_us=query.until_us + 1) if query.until_us else query)


@caught_by("test_query_finds_what_it_describes")
class NamesInAnyCase(SoundBackend):
    def matching(self, query: RecordQuery) -> list[FeatureRecord]:
        name = query.feature_name
        found = super().matching(replace(query, feature_name=None))
        return [record for record in found if name is None or record.feature_name.lower() == name.lower()]


class OneFilterOnly(SoundBackend):
    def matching(self, query: RecordQuery) -> list[FeatureRecord]:
        return super().matching(query if query == RecordQuery(status=query.status) else replace(query, status=None))


caught_by("test_every_two_filters_find_what_both_describe")(type("OneFilterOfTwo", (OneFilterOnly,), {}))
caught_by("test_filters_find_what_they_describe_alone_and_together")(OneFilterOnly)


@caught_by("test_many_ids_at_once_are_found")
class ThousandParameters(SoundBackend):
    def matching(self, query: RecordQuery) -> list[FeatureRecord]:
        if len(query.record_ids or ()) > 999:
            raise OSError("too many variables")
        return super().matching(query)


@caught_by("test_hostile_texts_are_found_by_the_filters")
class LooksForTrimmedNames(SoundBackend):
    def matching(self, query: RecordQuery) -> list[FeatureRecord]:
        name = query.feature_name
        return super().matching(query if name is None else replace(query, feature_name=name.strip()))


# -- keeping --------------------------------------------------------------------------------------------------------


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


# -- totals ---------------------------------------------------------------------------------------------------------


@caught_by("test_summaries_ignore_the_limit")
class TotalsHonourTheLimit(SoundBackend):
    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        yield from fold(self.records(query.where), query.group_by).values()


@caught_by("test_records_that_stand_for_many_calls_count_as_many")
class CountsRecords(SoundBackend):
    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        found = self.matching(query.where)
        yield from fold((replace(record, sample_weight=1.0) for record in found), query.group_by).values()


for _group in ("status", "app", "version", "environment", "user_id"):

    def _summaries(self: Any, query: SummaryQuery, group: str = _group) -> Iterator[Summary]:
        for summary in SoundBackend.summaries(self, query):
            if group in summary.group:
                summary.group[group] = summary.group[group] or "unknown"
            yield summary

    if _group != "status":
        caught_by("test_totals_by_every_field_equal_a_plain_fold")(
            type(f"NamesMissing_{_group}", (SoundBackend,), {"summaries": _summaries})
        )


@caught_by("test_totals_by_every_field_equal_a_plain_fold")
class TotalsByDay(SoundBackend):
    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        days: dict[int, list[FeatureRecord]] = {}
        for record in self.matching(query.where):
            days.setdefault(record.start_us // 86_400_000_000, []).append(record)
        for records in days.values():
            yield from fold(records, query.group_by).values()


@caught_by("test_summaries_equal_a_plain_fold")
class ForgetsUsersBehindOthers(SoundBackend):
    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        for summary in super().summaries(query):
            if summary.weight > 1:
                summary.iterations = summary.weight
            yield summary


@caught_by("test_features_of_hostile_names_are_counted_apart")
class JoinsNames(SoundBackend):
    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        found = self.matching(query.where)
        yield from fold((replace(one, feature_name=one.feature_name.strip()) for one in found), query.group_by).values()


@caught_by("test_declared_feature_without_calls_is_listed")
class ForgetsDeclared(SoundBackend):
    def declared(self) -> list[FeatureInfo]:
        return []


@caught_by("test_feature_declared_many_times_is_listed_once")
class ListsEachDeclaration(SoundBackend):
    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        for name, category in self.entries("feature"):
            yield Summary({"feature_name": name, "category": category})


@caught_by("test_declared_feature_of_a_hostile_name_is_listed_under_it")
class DeclaresTrimmed(SoundBackend):
    def declare(self, features: Iterable[FeatureInfo]) -> None:
        super().declare(replace(info, feature_name=info.feature_name.strip()) for info in features)


class ShowsDeclaredAlways(SoundBackend):
    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        yield from fold(self.matching(query.where), query.group_by).values()
        for info in self.declared():
            yield Summary({"feature_name": info.feature_name, "category": info.category})


for _test in (
    "test_declared_feature_is_shown_only_where_the_query_can_mean_it",
    "test_declared_feature_is_left_out_of_questions_about_users",
):
    caught_by(_test)(type(f"ShowsDeclaredAlways_{_test}", (ShowsDeclaredAlways,), {}))


# -- deleting -------------------------------------------------------------------------------------------------------


@caught_by("test_deleted_records_are_gone_and_others_stay")
class DeletesUpToTheLimit(SoundBackend):
    def delete(self, query: RecordQuery) -> int:
        wanted = frozenset(record.record_id for record in self.records(query))
        return super().delete(RecordQuery(record_ids=wanted))


@caught_by("test_deleted_records_are_gone_and_others_stay")
class CountsAllWhenDeleting(SoundBackend):
    def delete(self, query: RecordQuery) -> int:
        count = len(self.kept())
        super().delete(query)
        return count


@caught_by("test_deleted_records_are_gone_and_others_stay")
class HidesDeleted(SoundBackend):
    hidden: ClassVar[set[str]] = set()

    def delete(self, query: RecordQuery) -> int:
        gone = {record.record_id for record in super().records(replace(query, limit=0))}
        type(self).hidden |= gone
        return len(gone)

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        return (record for record in super().records(query) if record.record_id not in self.hidden)

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        yield from fold(self.matching(query.where), query.group_by).values()


@caught_by("test_deleting_again_finds_nothing")
class CountsFromMemory(SoundBackend):
    def delete(self, query: RecordQuery) -> int:
        self.count = super().delete(query) or getattr(self, "count", 0)
        return self.count


@caught_by("test_user_of_a_hostile_name_is_deleted_alone")
class DeletesBeginningsOfNames(SoundBackend):
    def delete(self, query: RecordQuery) -> int:
        users = tuple(query.user_ids or ())
        found = self.matching(replace(query, user_ids=None))
        gone = [one.record_id for one in found if not users or str(one.user_id).startswith(users)]
        return super().delete(RecordQuery(record_ids=frozenset(gone)))


@caught_by("test_filters_delete_what_they_describe_alone_and_together")
class DeletesByOneFilter(SoundBackend):
    def delete(self, query: RecordQuery) -> int:
        return super().delete(query if query == RecordQuery(status=query.status) else replace(query, status=None))


@caught_by("test_backend_goes_on_after_a_deletion")
class BansDeletedIds(SoundBackend):
    banned: ClassVar[set[str]] = set()

    def delete(self, query: RecordQuery) -> int:
        self.banned.update(record.record_id for record in self.matching(query))
        return super().delete(query)

    def append(self, records: Sequence[FeatureRecord]) -> None:
        super().append([record for record in records if record.record_id not in self.banned])


# -- company --------------------------------------------------------------------------------------------------------


class RewritesUnlocked(SoundBackend):
    def write(self, lines: list[str]) -> None:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        before = self.path.read_text() if self.path.exists() else ""
        time.sleep(0.002)
        self.path.write_text(before + "".join(lines))


caught_by("test_writers_at_once_lose_and_double_nothing")(type("LosesRecordsOfOthers", (RewritesUnlocked,), {}))
caught_by("test_features_declared_at_once_are_all_listed_once")(type("LosesFeatures", (RewritesUnlocked,), {}))


@caught_by("test_writers_at_once_lose_and_double_nothing")
class OwnMemoryOnly(BaseBackend):
    store: ClassVar[dict[Path, list[FeatureRecord]]] = {}

    def __init__(self, path: Path) -> None:
        self.kept = self.store.setdefault(path, [])

    def append(self, records: Sequence[FeatureRecord]) -> None:
        self.kept += records

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        found = [record for record in self.kept if query.matches(record)]
        return iter(sorted(found, key=lambda record: (record.start_us, record.record_id), reverse=True))


@caught_by("test_reader_beside_a_writer_sees_whole_records_in_order")
class WritesInHalves(SoundBackend):
    def write(self, lines: list[str]) -> None:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        text = "".join(lines)
        for part in (text[:200], text[200:]):
            with self.path.open("a") as file:
                file.write(part)
            time.sleep(0.002)


@caught_by("test_listing_begun_before_an_append_goes_on")
class ListsByPosition(SoundBackend):
    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        position = 0
        while position < len(found := list(super().records(query))):
            yield found[position]
            position += 1


@caught_by("test_listing_that_is_given_up_holds_up_no_writer")
class ListsUnderALock(SoundBackend):
    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        found = list(super().records(query))
        if found:
            with open(f"{self.path}.lock", "w") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                yield from found

    def write(self, lines: list[str]) -> None:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        with open(f"{self.path}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            super().write(lines)


@caught_by("test_forked_child_does_no_harm_to_its_parent")
class CleansUpWhenClosed(SoundBackend):
    def close(self) -> None:
        self.path.write_text("")


# -- files ----------------------------------------------------------------------------------------------------------


@caught_by("test_constructing_and_asking_create_nothing")
class CreatesItsFile(SoundBackend):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with self.locked():
            pass


@caught_by("test_files_are_for_their_owner_only")
class ReadableForAll(SoundBackend):
    mode = 0o644
