"""Table: totals as bytes and back, column by column. The form of every rollup on disk.

Columns, because a reader wants few of them per row and the array module loads each at one go; compressed as a whole,
because columns of like numbers shrink to a third. What was measured is in docs/explanation/performance.md. Knows
summaries, but no file.
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from curio_tracking.records import FeatureStatus
from curio_tracking.storage.tinyflux.rollups.cells import HOUR
from curio_tracking.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Group: TypeAlias = "tuple[Any, ...]"

_STATUSES: Final = tuple(FeatureStatus)
_MEANS: Final = ("mean_duration", "efficiency", "input_size", "output_size")
_EXTREMES: Final = ("min_duration", "max_duration", "first_us", "last_us")
_NARROW: Final = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32))
_MOST_EXACT: Final = 1 << 53
_ARE_PLANES: Final = (1 << 16) - 1
_QUICK: Final = 1
"""zlib's level: higher ones take three times as long and save a tenth."""
_LENGTH_BYTES: Final = 4


def encode_table(names: tuple[str, ...], totals: Mapping[Group, Summary]) -> bytes:
    """Return the totals as bytes.

    Args:
        names: what the keys of `totals` stand for, in their order: dimensions, and `hour`.
        totals: none of them empty.
    """
    strings: dict[str | None, int] = {None: 0}
    keys = [
        _packed([key[place] if name == HOUR else strings.setdefault(key[place], len(strings)) for key in totals], name)
        for place, name in enumerate(names)
    ]
    columns = [*keys, *map(_packed, _numbers(list(totals.values()))), *_sketches(totals.values())]
    head = json.dumps(
        {
            "names": names,
            "strings": list(strings)[1:],
            "rows": len(totals),
            "columns": [[column.typecode, len(column)] for column in columns],
        }
    ).encode()
    body = b"".join(map(_little_endian, columns))
    return zlib.compress(len(head).to_bytes(_LENGTH_BYTES, "little") + head + body, _QUICK)


def _numbers(totals: Sequence[Summary]) -> Iterable[list[Any]]:
    for status in _STATUSES:
        yield [total.statuses.get(status, 0) for total in totals]
    for name in _MEANS:
        means = [getattr(total, name) for total in totals]
        yield [mean.total for mean in means]
        yield [mean.weight for mean in means]
    for name in _EXTREMES:
        yield [getattr(total, name) for total in totals]
    yield [total.iterations for total in totals]


def _sketches(totals: Iterable[Summary]) -> list[array[Any]]:
    bins = [total.durations.bins for total in totals]
    codes = [total.users.codes() for total in totals]
    planes = [
        (value := total.users.planes()).to_bytes((value.bit_length() + 7) // 8, "little")
        for total, few in zip(totals, codes, strict=True)
        if few is None
    ]
    return [
        _packed([len(one) for one in bins]),
        array("i", chain.from_iterable(bins)),
        _packed(list(chain.from_iterable(one.values() for one in bins))),
        array("H", [_ARE_PLANES if few is None else len(few) for few in codes]),
        array("I", chain.from_iterable(few for few in codes if few)),
        array("I", map(len, planes)),
        array("B", b"".join(planes)),
    ]


def _packed(values: list[Any], name: str = "") -> array[Any]:
    """Return the values in the narrowest array that holds them exactly."""
    if name == HOUR:
        return array("i", values)
    low, high = min(values, default=0), max(values, default=0)
    if low >= 0 and high < _MOST_EXACT and all(map(_is_whole, values)):
        for typecode, end in _NARROW:
            if high < end:
                return array(typecode, map(int, values))
    if all(type(value) is int for value in values):
        return array("q", values)
    return array("d", values)


def _is_whole(value: float) -> bool:
    return value == int(value)


def _little_endian(column: array[Any]) -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()


class Table(NamedTuple):
    """Totals as columns.

    Attributes:
        names: what the keys stand for.
        keys: one per row.
        numbers: columns of numbers, in the order in which they were encoded.
        bins: where each row's bins begin and end; the bins; their weights.
        users: where each row's register codes begin and end; the codes; the planes of the rows that have planes.
    """

    names: tuple[str, ...]
    keys: list[Group]
    numbers: list[array[Any]]
    bins: tuple[list[int], array[int], array[Any]]
    users: tuple[list[int], array[int], dict[int, int]]

    def merge_into(
        self,
        groups: dict[Group, Summary],
        group_of: Callable[[Group], Group],
        accepts: Callable[[Group], bool] | None = None,
    ) -> None:
        """Merge rows into totals.

        Args:
            groups: the totals; new ones are added.
            group_of: returns the group of a key.
            accepts: tells which keys count; all of them if left out.
        """
        for row, key in enumerate(self.keys):
            if accepts is None or accepts(key):
                group = group_of(key)
                total = groups.get(group)
                if total is None:
                    total = groups[group] = Summary()
                self._merge_row(row, total)

    def _merge_row(self, row: int, total: Summary) -> None:
        (success, failed, partial, timeout, seconds, counted, score, scored, size_in, sized_in, size_out, sized_out,
         shortest, longest, first, last, iterations) = [column[row] for column in self.numbers]  # fmt: skip
        statuses = total.statuses
        for status, weight in zip(_STATUSES, (success, failed, partial, timeout), strict=True):
            if weight:
                statuses[status] = statuses.get(status, 0.0) + weight
        total.mean_duration.add_sum(seconds, counted)
        total.efficiency.add_sum(score, scored)
        total.input_size.add_sum(size_in, sized_in)
        total.output_size.add_sum(size_out, sized_out)
        total.widen(shortest, longest, first, last)
        total.iterations += iterations
        ends, indexes, weights = self.bins
        begin, end = ends[row], ends[row + 1]
        total.durations.add_bins(zip(indexes[begin:end], weights[begin:end], strict=True))
        ends, codes, planes = self.users
        if row in planes:
            total.users.add_planes(planes[row])
        elif (begin := ends[row]) < (end := ends[row + 1]):
            total.users.add_codes(codes[begin:end])
        total.values = None

    def totals(self) -> dict[Group, Summary]:
        """Return the rows as totals, by their keys."""
        groups: dict[Group, Summary] = {}
        self.merge_into(groups, lambda key: key)
        return groups


def decode_table(data: bytes) -> Table:
    """Return the table of which `encode_table` made the bytes.

    Raises:
        ValueError: the bytes are none, or of a version that this one does not know.
    """
    try:
        return _decode(zlib.decompress(data))
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, OverflowError, EOFError) as error:
        raise ValueError(f"this is no table of totals: {error}") from error


def _decode(data: bytes) -> Table:
    body = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "little")
    head = json.loads(data[_LENGTH_BYTES:body])
    columns: list[array[Any]] = []
    for typecode, length in head["columns"]:
        column: array[Any] = array(typecode)
        size = column.itemsize * length
        column.frombytes(data[body : body + size])
        if len(column) != length:
            raise ValueError("a column is cut short")
        if sys.byteorder == "big":
            column.byteswap()
        columns.append(column)
        body += size
    names, strings = tuple(head["names"]), [None, *head["strings"]]
    keys = [
        list(column) if name == HOUR else [strings[index] for index in column]
        for name, column in zip(names, columns, strict=False)
    ]
    numbers, sketches = columns[len(names) : -7], columns[-7:]
    rows = list(zip(*keys, strict=True)) if names else [()] * head["rows"]
    if any(len(column) != len(rows) for column in (*numbers, sketches[0], sketches[3])):
        raise ValueError("a column is missing")
    return Table(names, rows, numbers, _bins(*sketches[:3]), _users(*sketches[3:]))


def _bins(counts: array[int], indexes: array[int], weights: array[Any]) -> tuple[list[int], array[int], array[Any]]:
    return [0, *accumulate(counts)], indexes, weights


def _users(
    counts: array[int], codes: array[int], lengths: array[int], blob: array[int]
) -> tuple[list[int], array[int], dict[int, int]]:
    ends = [0, *accumulate([0 if count == _ARE_PLANES else count for count in counts])]
    places = [0, *accumulate(lengths)]
    data = blob.tobytes()
    rows = [row for row, count in enumerate(counts) if count == _ARE_PLANES]
    planes = {
        row: int.from_bytes(data[places[number] : places[number + 1]], "little") for number, row in enumerate(rows)
    }
    return ends, codes, planes
