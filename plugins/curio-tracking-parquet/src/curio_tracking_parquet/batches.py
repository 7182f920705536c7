"""Records to Arrow batches: a bounded number of records at a time, column by column.

Values that Arrow takes as they are go the fast way; a column with one that it refuses is looked at value by value.
"""

from __future__ import annotations

import logging
import sys
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from curio_tracking_parquet.errors import UnwritableRecordError
from curio_tracking_parquet.layout import COLUMNS, Column, Kind
from curio_tracking_parquet.schema import CHOICE, RECORD_SCHEMA, TYPES
from curio_tracking_parquet.texts import ESCAPE_SIGN, metadata_json, storable_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from curio_tracking.records import FeatureRecord

RECORDS_PER_BATCH: Final = 4_096
"""Records are 1 to 12 KB of Python objects each, their rows a tenth of that: only so many records live at once."""
LARGEST: Final = 2**63 - 1
SMALLEST: Final = -(2**63)
_REFUSALS: Final = (pa.ArrowException, OverflowError, TypeError, UnicodeError, ValueError)
_WHOLE: Final = (Kind.WHOLE, Kind.MOMENT)
_log: Final = logging.getLogger("curio_tracking")


def batches(records: Iterable[FeatureRecord]) -> Iterator[pa.RecordBatch]:
    """Yield the records as batches of `RECORD_SCHEMA`, in the order given; none for no records.

    Raises:
        UnwritableRecordError: a value is of a type that its column cannot hold.
    """
    remaining = iter(records)
    has_warned = False
    while chunk := list(islice(remaining, RECORDS_PER_BATCH)):
        columns = [RecordColumn(column, chunk) for column in COLUMNS]
        yield pa.RecordBatch.from_arrays([column.array() for column in columns], schema=RECORD_SCHEMA)
        clamped = [column.name for column in columns if column.is_clamped]
        if clamped and not has_warned:
            has_warned = True
            _log.warning("%s: numbers beyond 64 bits are written as the nearest that fit", ", ".join(clamped))


class RecordColumn:
    """One column of a chunk of records.

    Attributes:
        name: the column's.
        is_clamped: whether `array` had to replace a number beyond 64 bits.
    """

    def __init__(self, column: Column, chunk: Sequence[FeatureRecord]) -> None:
        self.name = column.name
        self.is_clamped = False
        self._kind = column.kind
        self._chunk = chunk

    def array(self) -> pa.Array:
        """Return the values.

        Raises:
            UnwritableRecordError: one of them has a type that the column cannot hold.
        """
        values, stored_type = self._values(), TYPES[self._kind]
        try:
            array = pa.array(values, None if self._kind in _WHOLE else stored_type)
        except _REFUSALS:
            return pa.array(self._converted(values), stored_type)
        if self._is_stored_as_given(array):
            return array.cast(stored_type)
        return pa.array(self._converted(values), stored_type)

    def _is_stored_as_given(self, array: pa.Array) -> bool:
        if self._kind in _WHOLE:  # told to make integers of them, Arrow would cut off decimals
            return array.type in (pa.int64(), pa.null())
        return self._kind not in (Kind.TEXT, Kind.CHOICE) or not _has_escape_sign(array)

    def _values(self) -> list[Any]:
        values = list(map(attrgetter("start_us" if self._kind is Kind.MOMENT else self.name), self._chunk))
        return [metadata_json(value) for value in values] if self._kind is Kind.JSON else values

    def _converted(self, values: list[Any]) -> list[Any]:
        convert = self._converters()[self._kind]
        converted = []
        for record, value in zip(self._chunk, values, strict=True):
            try:
                converted.append(None if value is None else convert(value))
            except (TypeError, ValueError):
                raise UnwritableRecordError(
                    f"record {record.record_id}: {self.name} holds {value!r:.80}, which is no {self._kind.value}; "
                    f"other formats (jsonl) can hold it"
                ) from None
        return converted

    def _converters(self) -> dict[Kind, Callable[[Any], Any]]:
        return {
            Kind.TEXT: lambda value: storable_text(str(value)),
            Kind.CHOICE: lambda value: storable_text(str(value)),
            Kind.JSON: str,
            Kind.MOMENT: self._whole,
            Kind.WHOLE: self._whole,
            Kind.NUMBER: self._number,
        }

    def _whole(self, value: Any) -> int:
        whole = int(value)
        if whole != value:
            raise ValueError("not a whole number")
        fitting = min(max(whole, SMALLEST), LARGEST)
        self.is_clamped |= fitting != whole
        return fitting

    def _number(self, value: Any) -> float:
        try:
            return float(value)
        except OverflowError:
            self.is_clamped = True
            return sys.float_info.max if value > 0 else -sys.float_info.max


def _has_escape_sign(array: pa.Array) -> bool:
    texts = array.dictionary if array.type == CHOICE else array
    return bool(pc.any(pc.match_substring(texts, ESCAPE_SIGN)).as_py())
