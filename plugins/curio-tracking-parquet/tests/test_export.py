"""The real command, in a process of its own: `curio-tracking export --format parquet`."""

from __future__ import annotations

import io
import os
import pty
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curio_tracking import FeatureRecord
from curio_tracking.testing.filters import make_record
from curio_tracking_parquet import RECORD_SCHEMA

Shop = list[FeatureRecord]
Run = Callable[..., Any]
RecordsOf = Callable[[pa.Table], list[FeatureRecord]]
EXPORT = ("export", "--format", "parquet")
SIGNALLED = """
import os, sys
from pathlib import Path
import pyarrow.parquet as pq
from curio_tracking.cli import main

write_table = pq.ParquetWriter.write_table

def write_table_and_be_signalled(self, *arguments, **options):
    write_table(self, *arguments, **options)
    print([part.stat().st_size > 4 for part in Path.cwd().glob(".curio-tracking-*.part")], flush=True)
    os.kill(os.getpid(), int(sys.argv[1]))

pq.ParquetWriter.write_table = write_table_and_be_signalled
sys.exit(main(sys.argv[2:]))
"""
"""The program, which gets a signal when it has written the first of several groups of rows."""


def test_file_holds_all_records(shop: Shop, curio_tracking: Run, records_of: RecordsOf) -> None:
    finished = curio_tracking(*EXPORT, "--output", "x.parquet")
    assert (finished.returncode, finished.stdout) == (0, b"")
    assert finished.stderr == b"6 records written to x.parquet\n"
    assert records_of(pq.read_table("x.parquet")) == shop


def test_file_is_for_its_owner_only(shop: Shop, curio_tracking: Run) -> None:
    curio_tracking(*EXPORT, "--output", "x.parquet")
    assert stat.S_IMODE(Path("x.parquet").stat().st_mode) == 0o600


def test_stdout_may_be_a_pipe(shop: Shop, curio_tracking: Run, records_of: RecordsOf) -> None:
    finished = curio_tracking(*EXPORT)
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert records_of(pq.read_table(io.BytesIO(finished.stdout))) == shop


def test_stdout_may_be_a_file(shop: Shop, curio_tracking: Run, records_of: RecordsOf) -> None:
    with Path("x.parquet").open("wb") as stream:
        assert curio_tracking(*EXPORT, stdout=stream).returncode == 0
    assert records_of(pq.read_table("x.parquet")) == shop


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (("--feature", "find"), 3),
        (("--category", "database_operation", "--status", "timeout"), 1),
        (("--user", "u2"), 1),
        (("--since", "2026-05-28T22:00:00"), 4),
        (("--until", "2026-05-28T22:00:00"), 2),
    ],
)
def test_filters_choose_what_is_written(shop: Shop, curio_tracking: Run, filters: tuple[str, ...], count: int) -> None:
    assert pq.read_table(io.BytesIO(curio_tracking(*EXPORT, *filters).stdout)).num_rows == count


def test_empty_store_gives_a_file_of_no_rows(curio_tracking: Run) -> None:
    assert curio_tracking(*EXPORT, "--output", "x.parquet").returncode == 0
    table = pq.read_table("x.parquet")
    assert (table.num_rows, table.schema) == (0, RECORD_SCHEMA)


def test_existing_file_is_replaced_only_with_force(shop: Shop, curio_tracking: Run) -> None:
    Path("x.parquet").write_text("precious")
    refused = curio_tracking(*EXPORT, "--output", "x.parquet")
    assert (refused.returncode, Path("x.parquet").read_text()) == (1, "precious")
    assert b"use --force to replace it" in refused.stderr
    assert curio_tracking(*EXPORT, "--output", "x.parquet", "--force").returncode == 0
    assert pq.read_table("x.parquet").num_rows == 6


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_in_the_middle_leaves_no_file_of_that_name(store: Callable[..., None], how: signal.Signals) -> None:
    store([make_record(number, metadata={"text": f"{number} " * 40}) for number in range(70_000)])
    command = [sys.executable, "-c", SIGNALLED, str(int(how)), *EXPORT, "--output", "x.parquet"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert finished.stdout == "[True]\n"
    assert finished.returncode != 0
    assert not Path("x.parquet").exists()


def test_interrupted_pipe_is_no_readable_file(store: Callable[..., None]) -> None:
    store([make_record(number) for number in range(70_000)])
    command = [sys.executable, "-m", "curio_tracking", *EXPORT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        received = process.stdout.read(4)
        process.send_signal(signal.SIGINT)
        received += process.stdout.read()
    assert process.returncode == 130
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(io.BytesIO(received))


def test_reader_that_goes_away_is_no_error(store: Callable[..., None]) -> None:
    store([make_record(number) for number in range(70_000)])
    command = f"{sys.executable} -m curio_tracking {' '.join(EXPORT)} | head -c 4"
    finished = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, check=False)
    assert (finished.stdout, finished.stderr) == (b"PAR1", b"")


def test_unknown_format_lists_parquet(curio_tracking: Run) -> None:
    finished = curio_tracking("export", "--format", "xlsx")
    assert finished.returncode == 2
    assert b"parquet" in finished.stderr


@pytest.mark.parametrize("count", [0, 6])
def test_terminal_gets_one_message_instead_of_bytes(store: Callable[..., None], count: int) -> None:
    store([make_record(number) for number in range(count)])
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "curio_tracking", *EXPORT]
    finished = subprocess.run(command, stdout=slave, stderr=subprocess.PIPE, check=False, timeout=180)
    os.close(slave)
    assert finished.returncode != 0
    assert b"--output" in finished.stderr
    with pytest.raises(OSError, match="Input/output error"):  # nothing is left to read, and the other end is closed
        os.read(master, 1)
    os.close(master)


def test_plugin_disabled_takes_the_format_along(shop: Shop, curio_tracking: Run) -> None:
    finished = curio_tracking(*EXPORT, env={**os.environ, "FEATURE_TRACKING_PLUGINS_DISABLED": "parquet"})
    assert finished.returncode == 2
    assert b'unknown format "parquet"' in finished.stderr


def test_tracked_application_never_imports_the_plugin() -> None:
    code = (
        "import sys; from curio_tracking import feature_tracker, track\n"
        "with track('f'): pass\n"
        "feature_tracker.flush(60)\n"
        "print([name for name in sys.modules if name.startswith(('curio_tracking_parquet', 'pyarrow'))])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_other_commands_do_not_load_pyarrow(shop: Shop) -> None:
    code = "import sys; from curio_tracking.cli import main; main(['export']); print('pyarrow' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.stdout.splitlines()[-1] == "False"


def test_duckdb_reads_the_exported_file(shop: Shop, curio_tracking: Run) -> None:
    curio_tracking(*EXPORT, "--output", "x.parquet")
    assert duckdb.sql("SELECT count(*) FROM 'x.parquet' WHERE status = 'success'").fetchall() == [(4,)]
