"""Any record that a store can hold survives export and import, in each format, and comes once."""

from __future__ import annotations

import gzip
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curio_tracking.cli import main
from curio_tracking.filtering import ImportChain, import_chain
from curio_tracking.plugins import PluginHost
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.records import FeatureRecord
from curio_tracking.settings import load_settings
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing.strategies import batches, json_texts, records

# JSON has no way to tell two lone surrogates that form a pair from the character that they stand for
RECORDS = records(text=json_texts())
property_test = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


@pytest.fixture
def chain(clean_environment: None, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> ImportChain:
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(data_dir))
    settings = load_settings(strict=True)
    return import_chain(settings, PluginHost.for_settings(settings))


def stored(chain: ImportChain, batch: list[FeatureRecord]) -> list[FeatureRecord]:
    """Return the records as a store holds them: after the filters."""
    kept = [chain.apply(deepcopy(record)) for record in batch]
    return [record for record in kept if record is not None]


@property_test
@given(batch=batches(RECORDS))
def test_filters_leave_alone_what_has_passed_them(chain: ImportChain, batch: list[FeatureRecord]) -> None:
    once = stored(chain, batch)
    assert stored(chain, once) == once


@pytest.mark.parametrize("format_name", ["jsonl", "csv", "segments"])
@property_test
@given(data=st.data())
def test_records_and_statistics_survive(chain: ImportChain, format_name: str, data: st.DataObject) -> None:
    batch = stored(chain, data.draw(batches(RECORDS)))
    with TemporaryDirectory() as place:
        here, there = Path(place, "here"), Path(place, "there")
        backend = TinyFluxBackend(here)
        backend.append(batch)
        backend.close()
        file = written(format_name, here, Path(place, "file"))
        for _turn in range(2):
            assert main(["--data-dir", str(there), "import", str(file)]) == 0
        imported = TinyFluxBackend(there)
        assert list(imported.records(RecordQuery())) == list(backend.records(RecordQuery()))
        assert statistics(imported) == statistics(backend)


def written(format_name: str, data_dir: Path, file: Path) -> Path:
    if format_name != "segments":
        arguments = ["--data-dir", str(data_dir), "export", "--format", format_name, "--output", str(file)]
        assert main(arguments) == 0
        return file
    segments = sorted(data_dir.glob("raw/*/*.csv"))
    file.write_bytes(gzip.compress(b"".join(segment.read_bytes() for segment in segments)))
    return file


def statistics(backend: TinyFluxBackend) -> list[dict[str, object]]:
    found = [summary.as_dict() for summary in backend.summaries(SummaryQuery())]
    # sums of floats depend on the order of the terms
    rounded = [{k: float(f"{v:.9g}") if isinstance(v, float) else v for k, v in one.items()} for one in found]
    return sorted(rounded, key=repr)
