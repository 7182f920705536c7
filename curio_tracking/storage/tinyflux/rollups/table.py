"""Table: totals as bytes and back, column by column. The form of every rollup on disk.

Columns, because the array module loads each at one go and merging goes column by column; compressed as a whole, because
columns of like numbers shrink to a third. What was measured is in docs/explanation/performance.md. Knows summaries, but
no file.
"""

from __future__ import annotations

import json
import zlib
from array import array
from itertools import accumulate, chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from curio_tracking.records import FeatureStatus
from curio_tracking.sketches import little_endian, unpack_bins
from curio_tracking.storage.tinyflux.rollups.cells import HOUR
from curio_tracking.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Group: TypeAlias = "tuple[Any, ...]"

_STATUSES: Final = tuple(FeatureStatus)
_MEANS: Final = ("mean_duration", "efficiency", "input_size", "output_size")
_COUNTED: Final = len(_STATUSES) + 1
"""The column that says how many durations were counted."""
_EXTREMES: Final = ("min_duration", "max_duration", "first_us", "last_us")
_NARROW: Final = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32))
_MOST_EXACT: Final = 1 << 53
_SKETCH_COLUMNS: Final = 10
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
    body = b"".join([little_endian(column).tobytes() for column in columns])
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
    """Return `_SKETCH_COLUMNS` columns: of packed bins, of bins that cannot be packed, of planes and of codes."""
    packed = [total.durations.packed() or (0, b"") for total in totals]
    bins = [{} if data else total.durations.bins for total, (_first, data) in zip(totals, packed, strict=True)]
    users = [total.users.planes_and_codes() for total in totals]
    planes = [value.to_bytes((value.bit_length() + 7) // 8, "little") for value, _codes in users]
    return [
        array("i", [first for first, _data in packed]),
        array("I", [len(data) for _first, data in packed]),
        array("B", b"".join(data for _first, data in packed)),
        _packed([len(one) for one in bins]),
        array("i", chain.from_iterable(bins)),
        _packed(list(chain.from_iterable(one.values() for one in bins))),
        array("I", map(len, planes)),
        array("B", b"".join(planes)),
        array("I", [len(codes) for _planes, codes in users]),
        array("I", chain.from_iterable(codes for _planes, codes in users)),
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


class Table(NamedTuple):
    """Totals as columns.

    Attributes:
        names: what the keys stand for.
        keys: one per row.
        numbers: columns of numbers, in the order in which they were encoded.
        packed: the first bin of each row, where its packed bins begin and end, and all of them.
        bins: where each row's other bins begin and end, the bins, and their weights.
        planes: where each row's planes begin and end, and all of them. codes: the same for its register codes.
    """

    names: tuple[str, ...]
    keys: list[Group]
    numbers: list[array[Any]]
    packed: tuple[array[int], list[int], bytes]
    bins: tuple[list[int], array[int], array[Any]]
    planes: tuple[list[int], bytes]
    codes: tuple[list[int], array[int]]

    def merge_into(
        self,
        groups: dict[Group, Summary],
        group_of: Callable[[Group], Group],
        accepts: Callable[[Group], bool] | None = None,
    ) -> None:
        """Merge rows into totals, column by column: that takes a third of the time of row by row.

        Args:
            groups: the totals; new ones are added.
            group_of: returns the group of a key.
            accepts: tells which keys count; all of them if left out.
        """
        rows: Sequence[int] = range(len(self.keys))
        if accepts is not None:
            rows = [row for row in rows if accepts(self.keys[row])]
        totals = []
        for row in rows:
            group = group_of(self.keys[row])
            total = groups.get(group)
            if total is None:
                total = groups[group] = Summary()
            total.values = None
            totals.append(total)
        numbers = self.numbers
        if accepts is not None:
            numbers = [array(column.typecode, [column[row] for row in rows]) for column in numbers]
        _merge_numbers(totals, numbers)
        self._merge_bins(rows, totals, numbers[_COUNTED])
        self._merge_users(rows, totals)

    def _merge_bins(self, rows: Sequence[int], totals: list[Summary], weights: Sequence[float]) -> None:
        firsts, ends, data = self.packed
        for row, total, weight in zip(rows, totals, weights, strict=True):
            if (begin := ends[row]) < (end := ends[row + 1]):
                total.durations.add_packed(unpack_bins(firsts[row], data[begin:end]), int(weight))
        ends, indexes, values = self.bins
        if indexes:
            for row, total in zip(rows, totals, strict=True):
                begin, end = ends[row], ends[row + 1]
                total.durations.add_bins(zip(indexes[begin:end], values[begin:end], strict=True))

    def _merge_users(self, rows: Sequence[int], totals: list[Summary]) -> None:
        plane_ends, planes = self.planes
        code_ends, codes = self.codes
        for row, total in zip(rows, totals, strict=True):
            if (begin := plane_ends[row]) < (end := plane_ends[row + 1]):
                total.users.add_planes(int.from_bytes(planes[begin:end], "little"))
            if (begin := code_ends[row]) < (end := code_ends[row + 1]):
                total.users.add_codes(codes[begin:end])

    def totals(self) -> dict[Group, Summary]:
        """Return the rows as totals, by their keys."""
        groups: dict[Group, Summary] = {}
        self.merge_into(groups, lambda key: key)
        return groups


def _merge_numbers(totals: list[Summary], numbers: Sequence[Sequence[Any]]) -> None:
    """Add the columns that `_numbers` has made."""
    columns = iter(numbers)
    for status in _STATUSES:
        for total, weight in zip(totals, next(columns), strict=True):
            if weight:
                total.statuses[status] = total.statuses.get(status, 0.0) + weight
    for name in _MEANS:
        means = map(attrgetter(name), totals)
        for mean, value, weight in zip(means, next(columns), next(columns), strict=True):
            mean.total += value
            mean.weight += weight
    for total, *extremes in zip(totals, *[next(columns) for _ in _EXTREMES], strict=True):
        total.widen(*extremes)
    for total, iterations in zip(totals, next(columns), strict=True):
        total.iterations += iterations


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
        columns.append(little_endian(column))
        body += size
    names, strings = tuple(head["names"]), [None, *head["strings"]]
    keys = [
        list(column) if name == HOUR else [strings[index] for index in column]
        for name, column in zip(names, columns, strict=False)
    ]
    numbers, sketches = columns[len(names) : -_SKETCH_COLUMNS], columns[-_SKETCH_COLUMNS:]
    firsts, packed_sizes, packed, bin_counts, bins, weights, plane_sizes, planes, code_counts, codes = sketches
    rows = list(zip(*keys, strict=True)) if names else [()] * head["rows"]
    if any(
        len(column) != len(rows) for column in (*numbers, firsts, packed_sizes, bin_counts, plane_sizes, code_counts)
    ):
        raise ValueError("a column is missing")
    return Table(
        names,
        rows,
        numbers,
        (firsts, _ends(packed_sizes), packed.tobytes()),
        (_ends(bin_counts), bins, weights),
        (_ends(plane_sizes), planes.tobytes()),
        (_ends(code_counts), codes),
    )


def _ends(sizes: array[int]) -> list[int]:
    return [0, *accumulate(sizes)]
