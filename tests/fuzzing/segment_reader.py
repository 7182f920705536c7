"""Target: the reader of segments.

The input stands between good rows in a segment: one before its lines, one after half of them, one after the last; what
follows its last line break is the torn end of the file. The laws:

- one bad line never hides a good one, nor spoils its figures;
- every line is either read or quarantined, in a plain segment and in a compressed one;
- what is listed is what `parse_row` makes of each line alone, newest first, for all time and for a part of it;
- totals are the plain fold of the list, and finite;
- what was read can be written, and is then read again as the same;
- a reader that has asked before sees just what was added since.
"""

from __future__ import annotations

import gzip
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path

from campaign import SetAttribute, fuzz, instrumented

with instrumented(__name__):
    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking.records import FeatureRecord
    from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
    from curio_tracking.storage.tinyflux.reading.snapshot import Store
    from curio_tracking.storage.tinyflux.rows import format_row, parse_row
    from curio_tracking.summaries import Summary, fold
    from curio_tracking.testing import START_US, make_record

GOOD = [make_record(number, record_id=f"good{number}", start_us=START_US + 100 * number) for number in range(4)]
EVERYTHING = RecordQuery()
PART = RecordQuery(since_us=GOOD[1].start_us, until_us=GOOD[2].start_us)
DAY = "2026-05-28"
TOTALS = SummaryQuery(EVERYTHING, ("feature_name", "status"))


def check(data: bytes) -> None:
    """Hold readers of a segment with these bytes in it to the laws."""
    *lines, torn = data.split(b"\n")
    half = len(lines) // 2
    whole = [row(0), *lines[:half], row(1), *lines[half:], row(2)]
    expected = [record for line in whole if (record := parse_row(line)) is not None]
    bad = {line for line in whole if parse_row(line) is None}
    assert GOOD[:3] == [record for record in expected if record in GOOD]
    for record in expected:
        assert parse_row(format_row(record)[:-1].encode()) == record
    text = b"".join(line + b"\n" for line in whole)
    segment = put(text + torn, is_compressed=False)
    warm = check_store(expected, bad)
    if parse_row(torn + row(3)) is None and segment.exists():
        with segment.open("ab") as stream:
            stream.write(b"\n" + row(3) + b"\n")
        added = [record for line in (torn, row(3)) if (record := parse_row(line)) is not None]
        assert_listed(warm, [*expected, *added])
        assert_totals(warm, [*expected, *added])
    put(text, is_compressed=True)
    check_store(expected, bad)


def row(number: int) -> bytes:
    """Return a good row without its line break."""
    return format_row(GOOD[number])[:-1].encode()


@cache
def folder() -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    """Return the data directory, and what keeps it."""
    kept = tempfile.TemporaryDirectory(prefix="fuzzed-segments-")
    day = Path(kept.name) / "raw" / DAY
    day.mkdir(parents=True)
    return Path(kept.name), kept


def put(data: bytes, *, is_compressed: bool) -> Path:
    """Make this the only segment of the store; a file of its own, as upkeep would leave it."""
    day = folder()[0] / "raw" / DAY
    for path in day.iterdir():
        path.unlink()
    path = day / (f"host-1-n-1.{len(data)}.csv.gz" if is_compressed else "host-1-n-1.csv")
    path.write_bytes(gzip.compress(data, 1) if is_compressed else data)
    return path


def check_store(expected: Sequence[FeatureRecord], bad: set[bytes]) -> TinyFluxBackend:
    """Compare a fresh reader's answers; return the reader."""
    backend = TinyFluxBackend(folder()[0])
    assert_listed(backend, expected)
    assert_totals(backend, expected)
    assert backend.quarantined == len(bad)
    of_day = [record for record in expected if record.start_us >= START_US]
    assert list(backend.records(PART)) == newest_first(filter(PART.matches, of_day))
    return backend


def newest_first(records: object) -> list[FeatureRecord]:
    """Return records in the order in which they are listed."""
    return sorted(records, key=lambda one: (one.start_us, one.record_id), reverse=True)  # type: ignore[call-overload,no-any-return]


def assert_listed(backend: TinyFluxBackend, expected: Sequence[FeatureRecord]) -> None:
    """Compare the list, whose order is told by start and id alone."""
    listed = list(backend.records(EVERYTHING))
    keys = [(record.start_us, record.record_id) for record in listed]
    assert keys == sorted(keys, reverse=True)
    assert sorted(map(repr, listed)) == sorted(map(repr, expected))


def assert_totals(backend: TinyFluxBackend, expected: Sequence[FeatureRecord]) -> None:
    """Compare every statistic with the plain fold."""
    found = {tuple(total.group.values()): total for total in backend.summaries(TOTALS)}
    plain = fold(expected, TOTALS.group_by)
    assert found.keys() == plain.keys()
    for key, total in plain.items():
        assert_same(found[key], total)


def assert_same(found: Summary, plain: Summary) -> None:
    """Compare the statistics of one group: sums of floats approximately, all else exactly."""
    for name, value in plain.as_dict().items():
        if isinstance(value, float):
            assert math.isfinite(value), (name, value)
            assert math.isclose(found.as_dict()[name], value, rel_tol=1e-9), (name, value)
        elif name not in ("feature_name", "category", "status"):
            assert found.as_dict()[name] == value, name


def plant(set_attribute: SetAttribute) -> None:
    """Let a line that is no record end what is listed of its block."""

    def parsed(_store: Store, lines: Iterable[bytes], query: RecordQuery) -> Iterator[FeatureRecord]:
        for record in takewhile(lambda record: record is not None, map(parse_row, lines)):
            if record is not None and query.matches(record):
                yield record

    set_attribute(Store, "parsed", parsed)


if __name__ == "__main__":
    fuzz("segment_reader", check, plant)
