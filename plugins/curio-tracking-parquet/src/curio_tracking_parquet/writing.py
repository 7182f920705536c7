"""Writing a Parquet file: records in, row groups out, as they come, in bounded memory.

A file becomes readable with its footer, which is written last; a writing that fails must leave none.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from curio_tracking_parquet.batches import batches
from curio_tracking_parquet.layout import COLUMNS
from curio_tracking_parquet.schema import RECORD_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curio_tracking.records import FeatureRecord

ROWS_PER_GROUP: Final = 65_536
"""Large enough for compression and for readers that work a group at a time, small enough to be held in memory."""
BUFFER_BYTES: Final = 65_536
"""pyarrow writes headers of a few bytes one by one; together they cost less, and show at once that they are no text."""
REPEATED: Final = [column.name for column in COLUMNS if column.is_repeated]


def write_parquet(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    """Write the records as one Parquet file and return how many they were; no record gives a file of no rows.

    Args:
        records: in any order, which is kept.
        stream: open for writing bytes; a pipe will do. It stays open.

    Raises:
        UnwritableRecordError: a value is of a type that its column cannot hold.
        OSError: of the stream. After an exception what was written is no Parquet file, whole or not.
    """
    sink = _Sink(stream)
    buffered = io.BufferedWriter(sink, BUFFER_BYTES)
    count = 0
    try:
        with pq.ParquetWriter(buffered, RECORD_SCHEMA, compression="zstd", use_dictionary=REPEATED) as writer:
            try:
                for group in _groups(records):
                    writer.write_table(group, row_group_size=group.num_rows)
                    count += group.num_rows
            except BaseException:
                sink.is_given_up = True  # before the writer is closed, which writes the footer
                raise
        buffered.flush()
    except BaseException:
        sink.is_given_up = True  # what is left in the buffer goes nowhere when it is collected
        raise
    buffered.detach()
    return count


def _groups(records: Iterable[FeatureRecord]) -> Iterator[pa.Table]:
    """Yield tables of at least `ROWS_PER_GROUP` rows, the last one apart."""
    collected: list[pa.RecordBatch] = []
    for batch in batches(records):
        collected.append(batch)
        if sum(part.num_rows for part in collected) >= ROWS_PER_GROUP:
            yield pa.Table.from_batches(collected)
            collected.clear()
    if collected:
        yield pa.Table.from_batches(collected)


class _Sink(io.RawIOBase):
    """The stream as pyarrow's writer sees it: it stays open, and it can be given up.

    pyarrow writes the footer whenever its writer is closed or collected, also after a failure; half of the records
    would then look like all of them.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.is_given_up = False

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Write to the stream, unless it was given up."""
        return len(data) if self.is_given_up else self._stream.write(data)
