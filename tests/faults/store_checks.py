"""What must hold of every store, whatever happened to it: nothing lost, nothing twice, nothing that does not open."""

from __future__ import annotations

import gzip
import os
import zlib
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from tinyflux import TinyFlux

from curio_tracking.maintenance import Condition, MaintenanceReport
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.files import TEMPORARY
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.storage.tinyflux.catalog import all_days, files_of, superseded
from curio_tracking.summaries import Summary, fold

Totals = dict[tuple[str | None, ...], float]
_LONG_AGO: Final = 1_000_000_000
_GROUPINGS: Final = (("feature_name", "category"), ("category", "status"))


def records_once(backend: TinyFluxBackend) -> list[FeatureRecord]:
    """Return all records, newest first, having checked that none is there twice."""
    found = list(backend.records(RecordQuery()))
    twice = [key for key, count in Counter(record.record_id for record in found).items() if count > 1]
    assert not twice, f"there twice: {twice[:5]} and {len(twice)} in all"
    return found


def calls_by_feature(backend: TinyFluxBackend) -> Counter[str]:
    """Return how many calls the totals count, by feature."""
    summaries = backend.summaries(SummaryQuery(group_by=("feature_name",)))
    return Counter({str(one.group["feature_name"]): round(one.weight) for one in summaries if one.weight})


def assert_totals_are_a_fold(backend: TinyFluxBackend, records: list[FeatureRecord]) -> None:
    """Check that what the rollups say is what the records come to."""
    for grouping in _GROUPINGS:
        query = SummaryQuery(group_by=grouping)
        # without those that were declared and never called
        summaries = [one for one in backend.summaries(query) if one.weight]
        told = {tuple(one.group[name] for name in grouping): _figures(one) for one in summaries}
        counted = {group: _figures(one) for group, one in fold(records, grouping).items()}
        assert told.keys() == counted.keys()
        for group, figures in counted.items():
            # sums of floats depend on their order in the last digit
            differing = {name for name, value in figures.items() if told[group][name] != _nearly(value)}
            assert not differing, f"{group}: {differing} differ, {told[group]} != {figures}"


def _figures(summary: Summary) -> dict[str, object]:
    return {name: value for name, value in summary.as_dict().items() if name not in summary.group}


def _nearly(value: object) -> object:
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def assert_every_file_opens(data_dir: Path, scratch: Path, bad_row: bytes = b"") -> None:
    """Check that every compressed segment unpacks, and that stock TinyFlux opens each one.

    Up to its last whole line, and without the row that the scenario damages: those go only when a segment is settled.
    """
    for path in sorted((data_dir / "raw").glob("*/*")):
        if path.name.startswith(".") or path.suffix not in (".csv", ".gz"):
            continue
        data = path.read_bytes() if path.suffix == ".csv" else gzip.decompress(path.read_bytes())
        whole = data[: data.rfind(b"\n") + 1]
        assert path.suffix == ".csv" or whole == data
        good = whole.replace(bad_row, b"") if bad_row else whole
        scratch.write_bytes(good)
        stock = TinyFlux(scratch)
        assert len(stock) == good.count(b"\n"), path
        stock.close()


def maintain(data_dir: Path, *, retention_days: int = 0) -> MaintenanceReport:
    """Do all upkeep with a new instance."""
    return TinyFluxBackend(data_dir, retention_days=retention_days).maintain(lambda _what, _done, _total: None)


def assert_in_order(data_dir: Path) -> None:
    """Check what upkeep has to have reached: nothing damaged, nothing left over, every segment in one file."""
    findings = TinyFluxBackend(data_dir).inspect()
    assert [one for one in findings if one.condition is not Condition.OK and one.part != "quarantine"] == []
    assert leftovers(data_dir) == []
    raw = data_dir / "raw"
    assert [file for day in all_days(raw) for file in superseded(files_of(raw / day))] == []


def leftovers(data_dir: Path) -> list[Path]:
    """Return the temporary files."""
    return sorted(path for path in data_dir.rglob("*") if path.name.endswith(TEMPORARY))


def age_leftovers(data_dir: Path) -> None:
    """Make the temporary files so old that nobody can be at work on them."""
    for path in leftovers(data_dir):
        os.utime(path, (_LONG_AGO, _LONG_AGO))


def files_with(text: bytes, data_dir: Path) -> list[Path]:
    """Return the files in which a text stands, compressed or not, temporary files included."""
    return [path for path in data_dir.rglob("*") if path.is_file() and text in _unpacked(path.read_bytes())]


def _unpacked(data: bytes) -> bytes:
    unpacked = data
    while data:
        unpacking = zlib.decompressobj(31)
        try:
            unpacked += unpacking.decompress(data)
        except zlib.error:
            break
        if not unpacking.eof:
            break
        data = unpacking.unused_data
    return unpacked
