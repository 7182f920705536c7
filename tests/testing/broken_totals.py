"""Backends that count, or delete, wrongly, and the test that has to notice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from sound_backend import SoundBackend
from suites import Faults

from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureInfo, FeatureRecord
from curio_tracking.summaries import Summary, fold

FAULTS = Faults()
caught_by = FAULTS.caught_by


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
