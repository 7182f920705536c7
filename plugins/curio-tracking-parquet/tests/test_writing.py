from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from curio_tracking import FeatureRecord
from curio_tracking.testing.filters import make_record
from curio_tracking.testing.strategies import batches, records
from curio_tracking_parquet import RECORD_SCHEMA, write_parquet
from curio_tracking_parquet.writing import ROWS_PER_GROUP

Table = Callable[..., pa.Table]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(batch=batches(records()))
def test_records_come_back_equal_field_by_field(
    batch: list[FeatureRecord], written: Table, records_of: Callable[..., list[FeatureRecord]]
) -> None:
    assert records_of(written(batch)) == batch


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(batch=batches(records()))
def test_every_file_has_the_same_schema(batch: list[FeatureRecord], written: Table) -> None:
    assert written(batch).schema.equals(RECORD_SCHEMA, check_metadata=True)


def test_no_records_make_a_file_of_no_rows(written: Table) -> None:
    table = written([])
    assert (table.num_rows, table.schema) == (0, RECORD_SCHEMA)


def test_row_groups_are_bounded_and_lose_nothing() -> None:
    stream = io.BytesIO()
    count = 2 * ROWS_PER_GROUP + 1
    assert write_parquet((make_record(number) for number in range(count)), stream) == count
    file = pq.ParquetFile(io.BytesIO(stream.getvalue()))
    groups = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert groups == [ROWS_PER_GROUP, ROWS_PER_GROUP, 1]
    assert file.read(["record_id"]).column("record_id").to_pylist() == [f"record-{n:08d}" for n in range(count)]


def test_rows_are_written_while_records_come() -> None:
    stream = io.BytesIO()
    sizes = []

    def source() -> Iterator[FeatureRecord]:
        for number in range(2 * ROWS_PER_GROUP):
            sizes.append(stream.tell())
            yield make_record(number)

    write_parquet(source(), stream)
    assert sizes[0] < 100 < sizes[-1]


def test_columns_are_compressed_with_zstd() -> None:
    stream = io.BytesIO()
    write_parquet([make_record()], stream)
    group = pq.ParquetFile(io.BytesIO(stream.getvalue())).metadata.row_group(0)
    assert {group.column(number).compression for number in range(group.num_columns)} == {"ZSTD"}


def test_repeated_texts_are_stored_once(written: Table) -> None:
    stream = io.BytesIO()
    write_parquet([make_record(number, feature_name="a long name " * 50) for number in range(1_000)], stream)
    assert len(stream.getvalue()) < 40_000


def test_stream_stays_open() -> None:
    stream = io.BytesIO()
    write_parquet([make_record()], stream)
    assert not stream.closed


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_broken_off_writing_leaves_no_readable_file(error: type[BaseException]) -> None:
    def source() -> Iterator[FeatureRecord]:
        for number in range(ROWS_PER_GROUP + 1):
            yield make_record(number)
        raise error("broken off")

    stream = io.BytesIO()
    with pytest.raises(error, match="broken off"):
        write_parquet(source(), stream)
    assert stream.tell() > 100
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(io.BytesIO(stream.getvalue()))


def test_pipe_will_do() -> None:
    reading, writing = os.pipe()
    received: list[bytes] = []
    with open(reading, "rb") as source, open(writing, "wb") as sink:
        thread = threading.Thread(target=lambda: received.append(source.read()))
        thread.start()
        write_parquet([make_record(number) for number in range(100)], sink)
        sink.close()
        thread.join()
    assert pq.read_table(io.BytesIO(received[0])).num_rows == 100


def test_closed_pipe_is_reported_as_what_it_is() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError), open(writing, "wb", buffering=0) as sink:
        write_parquet([make_record()], sink)


def test_full_disk_is_reported_as_what_it_is() -> None:
    with pytest.raises(OSError, match="No space left"), open("/dev/full", "wb", buffering=0) as sink:
        write_parquet([make_record()], sink)
