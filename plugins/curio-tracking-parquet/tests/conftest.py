"""What every test gets: an empty home, no settings of this machine, a store, and ways to run the program."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from curio_tracking import FeatureRecord, FeatureStatus, FeatureTracker
from curio_tracking.records import to_microseconds
from curio_tracking.testing.filters import make_record
from curio_tracking_parquet import original_text, write_parquet

# a busy machine is no failure
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

Finished = subprocess.CompletedProcess[bytes]
TIMEOUT_SECONDS = 600
SECOND_US = 1_000_000


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FEATURE_TRACKING_") or name in ("DO_NOT_TRACK", "NO_COLOR", "FORCE_COLOR", "PYTHONPATH"):
            monkeypatch.delenv(name)
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "share"))
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(tmp_path / "data"))
    # a busy machine may need longer even to load the writer
    monkeypatch.setenv("FEATURE_TRACKING_EXIT_TIMEOUT", "60")
    # user ids of the tests are plain, so that frames can be compared with them
    monkeypatch.setenv("FEATURE_TRACKING_ANONYMIZE", "false")
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., None]:
    """`store(records)` keeps records through the backend, as a tracked application's process does."""

    def keep(records: Sequence[FeatureRecord], **settings: Any) -> None:
        tracker = FeatureTracker(**{"data_dir": tmp_path / "data", **settings})
        reader = tracker.reader()
        reader.backend.append(records)
        reader.close()
        tracker.close()

    return keep


@pytest.fixture
def shop(store: Callable[..., None]) -> list[FeatureRecord]:
    """A store of six executions of two features, some of them sampled; newest first."""
    records = [
        make_record(1, app="shop", version="1.0", output_size=2**53 + 1, efficiency_score=0.5, sample_weight=10.0),
        make_record(2, app="shop", version="1.0", duration=0.75, sample_weight=10.0),
        make_record(3, app="shop", version="1.1", status=FeatureStatus.FAILED, error_type="KeyError", input_size=None),
        make_record(4, feature_name="find", category="database_operation", user_id=None, metadata={"rows": 3}),
        make_record(5, feature_name="find", category="database_operation", user_id="u2", cpu_seconds=0.25),
        make_record(6, feature_name="find", category="database_operation", status=FeatureStatus.TIMEOUT),
    ]
    for number, record in enumerate(records):
        record.start_us += number * 3_600 * SECOND_US
    store(records)
    return records[::-1]


@pytest.fixture
def curio_tracking() -> Callable[..., Finished]:
    """`curio_tracking("export", ...)` runs the program in a process of its own."""

    def run(*arguments: str, **options: Any) -> Finished:
        command = [sys.executable, "-m", "curio_tracking", *arguments]
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.run(command, timeout=TIMEOUT_SECONDS, check=False, **(streams | options))

    return run


@pytest.fixture
def written() -> Callable[..., pa.Table]:
    """`written(records)` is the table that a Parquet file of them holds."""

    def table(records: Sequence[FeatureRecord]) -> pa.Table:
        stream = io.BytesIO()
        assert write_parquet(records, stream) == len(records)
        return pq.read_table(io.BytesIO(stream.getvalue()))

    return table


@pytest.fixture
def records_of() -> Callable[[pa.Table], list[FeatureRecord]]:
    """`records_of(table)` turns the rows back into records."""
    return lambda table: [_record_of(row) for row in table.to_pylist()]


def _record_of(row: dict[str, Any]) -> FeatureRecord:
    values = {name: original_text(value) if isinstance(value, str) else value for name, value in row.items()}
    values["metadata"] = json.loads(row["metadata"])
    values["status"] = FeatureStatus(values["status"])
    return FeatureRecord(start_us=to_microseconds(values.pop("start_time")), **values)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write(records)` is the path of a Parquet file of them."""

    def to_file(records: Sequence[FeatureRecord]) -> Path:
        path = tmp_path / "records.parquet"
        with path.open("wb") as stream:
            write_parquet(records, stream)
        return path

    return to_file


@pytest.fixture
def weighted_mean() -> Callable[..., pd.Series[float]]:
    """`weighted_mean(frame, group, name)` is the mean that the README tells analysts to take."""

    def mean(frame: pd.DataFrame, group: str, name: str) -> pd.Series[float]:
        weighted = (frame[name] * frame["sample_weight"]).groupby(frame[group]).sum()
        return weighted / frame.groupby(group)["sample_weight"].sum()

    return mean
