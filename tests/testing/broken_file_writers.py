"""Writers of formats that each break one promise, and the test that has to notice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from suites import Suites

from curio_tracking.records import FeatureRecord
from curio_tracking.testing import RoundTripContract


def sound_writer(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    count = 0
    for record in records:
        stream.write(json.dumps(record.as_dict()).encode() + b"\n")
        count += 1
    return count


def read(content: bytes) -> list[FeatureRecord]:
    assert content != b"empty"
    return [FeatureRecord.from_dict(json.loads(line)) for line in content.splitlines()]


SUITES = Suites(
    globals(),
    RoundTripContract,
    lambda broken: {"file_writer": lambda: broken, "read_back": lambda: read},
)
CAUGHT_BY, caught_by = SUITES.caught_by, SUITES.caught_by_test
SUITES.sound(sound_writer)


@caught_by("test_returns_how_many_records_it_wrote")
def counts_lines_less_one(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    return sound_writer(records, stream) - 1


@caught_by("test_returns_how_many_records_it_wrote")
def counts_nothing(records: Iterable[FeatureRecord], stream: BinaryIO) -> None:
    sound_writer(records, stream)


@caught_by("test_returns_how_many_records_it_wrote")
def needs_a_first(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    return sound_writer(chain([next(iter(records))], records), stream)


@caught_by("test_takes_every_odd_record")
def strict_text(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    return stream.write("".join(record.feature_name for record in records).encode())


@caught_by("test_leaves_the_records_as_they_are")
def empties_metadata(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    batch = list(records)
    for record in batch:
        record.metadata.clear()
    return sound_writer(batch, stream)


@caught_by("test_writes_while_it_reads")
def reads_all_first(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    return sound_writer(list(records), stream)


@caught_by("test_leaves_the_stream_open")
def closes(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    with stream:
        return sound_writer(records, stream)


@caught_by("test_returns_how_many_records_it_wrote")
def goes_back(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    stream.seek(0)
    return sound_writer(records, stream)


@caught_by("test_writes_to_the_stream_only")
def prints(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    print("exporting")
    return sound_writer(records, stream)


@caught_by("test_writes_to_the_stream_only")
def uses_the_working_directory(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    Path("temporary").touch()
    return sound_writer(records, stream)


@caught_by("test_failure_of_the_store_goes_on_to_the_command")
def ends_quietly(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    try:
        return sound_writer(records, stream)
    except OSError:
        return 0


@caught_by("test_failure_of_the_stream_goes_on_to_the_command")
def loses_quietly(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    batch = list(records)
    try:
        return sound_writer(batch, stream)
    except OSError:
        return len(batch)


@caught_by("test_file_of_nothing_is_a_valid_one")
def writes_text_for_nothing(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    count = sound_writer(records, stream)
    if not count:
        stream.write(b"empty")
    return count


@caught_by("test_order_is_kept")
def sorts(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    return sound_writer(sorted(records, key=lambda record: record.record_id), stream)


@caught_by("test_records_come_back_equal")
def none_for_nothing(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    return sound_writer((replace(record, user_id=record.user_id or None) for record in records), stream)
