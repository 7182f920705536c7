"""Target: the readers of rollups, of a segment (a checkpoint), of a day and of a month.

The first line of the input says which of the three files is replaced by the rest, and whether as it stands (`raw`) or
with its checksums made right (`sealed`): then it is a header in JSON, in which `"SECTIONS"` stands for those of the
file, which follow as they are. The laws:

- a file whose checksums do not hold is not believed: totals are the plain fold of the records, whatever it holds;
- one whose checksums hold is believed or not, but no question ends with anything but an answer;
- whatever becomes of the rollups of days and months, and of a damaged checkpoint, the records are listed;
- upkeep makes again what cannot be used: afterwards a checksum holds, and totals are right.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from campaign import SetAttribute, fuzz, instrumented

with instrumented(__name__):
    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking.records import FeatureRecord
    from curio_tracking.storage.tinyflux import writer
    from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
    from curio_tracking.storage.tinyflux.rollups import container, growing
    from curio_tracking.summaries import fold
    from curio_tracking.testing import START_US, make_record

DAY_US = 86_400_000_000
RECORDS = [
    make_record(number, feature_name="fg"[number % 2], start_us=START_US + number // 3 * DAY_US + number)
    for number in range(9)
]
"""Of three days: the first and the second have rollups, and a month has both; the third has checkpoints alone."""
QUERIES = (
    SummaryQuery(),
    SummaryQuery(RecordQuery(), ("status", "version")),
    SummaryQuery(RecordQuery(since_us=START_US, until_us=START_US + DAY_US + 7_200_000_000), ("feature_name",)),
)
MAGIC = b"curio-rollup\n"
PLACES = {
    b"checkpoint": Path("raw", "2026-05-30", "host-1-n-0.rollup"),
    b"day": Path("rollups", "2026-05-29.rollup"),
    b"month": Path("rollups", "2026-05.rollup"),
}


def check(data: bytes) -> None:
    """Hold readers of a store with this rollup in it to the laws."""
    first, _, rest = data.partition(b"\n")
    kind, _, form = first.partition(b" ")
    place = PLACES.get(kind)
    if place is None:
        return
    original = (store() / place).read_bytes()
    contents = sealed(rest, original) if form == b"sealed" else rest
    with suppress(FileNotFoundError):
        shutil.rmtree(copy())
    shutil.copytree(store(), copy(), symlinks=True)
    (copy() / place).write_bytes(contents)
    is_believed = checksums_hold(contents)
    backend = TinyFluxBackend(copy())
    listed = list(backend.records(RecordQuery()))
    assert listed == RECORDS[::-1] or (is_believed and kind == b"checkpoint")
    check_totals(backend, is_exact=not is_believed or contents == original)
    if not is_believed:
        assert backend.maintain(lambda *_told: None).failed is None
        check_totals(TinyFluxBackend(copy()), is_exact=True)


def check_totals(backend: TinyFluxBackend, *, is_exact: bool) -> None:
    """Ask for totals, and compare them with the plain fold of the records."""
    for query in QUERIES:
        found = {tuple(total.group.values()): total.as_dict() for total in backend.summaries(query)}
        if is_exact:
            assert found == plain(query), query


def plain(query: SummaryQuery) -> dict[tuple[str | None, ...], dict[str, object]]:
    """Return the totals without any rollup."""
    folded = fold(filter(query.where.matches, RECORDS), query.group_by)
    return {key: total.as_dict() for key, total in folded.items()}


def checksums_hold(data: bytes) -> bool:
    """Whether a file is what its own checksums say, told without the code that is tested."""
    length, checksum = (int.from_bytes(data[place : place + 4], "little") for place in (13, 17))
    header, body = data[21 : 21 + length], data[21 + length :]
    if not data.startswith(MAGIC) or len(header) != length or zlib.crc32(header) != checksum:
        return False
    try:
        for _name, size, of_section in json.loads(header)["sections"]:
            if zlib.crc32(body[:size]) != of_section:
                return False
            body = body[size:]
    except (ValueError, TypeError, KeyError, RecursionError):
        return True  # nothing was damaged: somebody has written this
    return True


def sealed(header: bytes, original: bytes) -> bytes:
    """Return the file with another header and its right checksum."""
    length = int.from_bytes(original[13:17], "little")
    sections = json.dumps(json.loads(original[21 : 21 + length])["sections"])
    header = header.replace(b'"SECTIONS"', sections.encode())
    numbers = len(header).to_bytes(4, "little") + zlib.crc32(header).to_bytes(4, "little")
    return MAGIC + numbers + header + original[21 + length :]


@cache
def folder() -> tempfile.TemporaryDirectory[str]:
    """Return what keeps the stores."""
    return tempfile.TemporaryDirectory(prefix="fuzzed-rollups-")


def copy() -> Path:
    """Return the directory of the store that is damaged."""
    return Path(folder().name) / "copy"


@cache
def store() -> Path:
    """Return a whole store with rollups of every kind."""
    data_dir, names = Path(folder().name) / "whole", vars(writer)
    fewest, growing.FEWEST_RECORDS = growing.FEWEST_RECORDS, 1  # type: ignore[misc]
    name, names["segment_name"] = names["segment_name"], lambda *_of_process: "host-1-n-0.csv"
    try:
        for day in range(3):
            write(data_dir, RECORDS[3 * day : 3 * day + 3])
            if day == 1:
                TinyFluxBackend(data_dir).maintain(lambda *_told: None)
    finally:
        growing.FEWEST_RECORDS = fewest  # type: ignore[misc]
        names["segment_name"] = name
    return data_dir


def write(data_dir: Path, records: Sequence[FeatureRecord]) -> None:
    """Let a writer of its own write the records."""
    backend = TinyFluxBackend(data_dir)
    backend.append(records)
    backend.close()


def plant(set_attribute: SetAttribute) -> None:
    """Let sections be believed without a look at their checksums."""

    def unchecked(rollup: container.Rollup, name: str) -> bytes:
        begin, size, _checksum = rollup._places[name]
        return rollup.path.read_bytes()[begin : begin + size]

    set_attribute(container.Rollup, "section", unchecked)


if __name__ == "__main__":
    fuzz("rollup_reader", check, plant)
