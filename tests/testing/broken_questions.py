"""Backends that answer wrongly, and the test that has to notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from sound_backend import SoundBackend
from suites import Faults

from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord

FAULTS = Faults()
caught_by = FAULTS.caught_by


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
