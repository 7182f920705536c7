"""The records and questions with our own engine, through its public interface.

`python curio_store.py features|newest|refresh DIR` measures; `append DIR` adds records as an application does that goes
on running.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from generated import DAY_US, in_batches, last_midnight_us, records
from measuring import Statistics, calls_of, report, seconds_of, stored_bytes

from curio_tracking.plugins import PluginHost
from curio_tracking.reader import Reader
from curio_tracking.records import FeatureRecord
from curio_tracking.runtime import open_reader
from curio_tracking.settings import load_settings
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

BATCH = 50
MORE = 1_000
COMMAND = (sys.executable, "-m", "curio_tracking", "--data-dir")


def load(path: Path, made: Iterable[FeatureRecord]) -> dict[str, int]:
    """Write the records as one process does, and return the sizes while it is still running."""
    backend = TinyFluxBackend(path)
    for batch in in_batches(made, BATCH):
        backend.append(batch)
    live = sizes(path)
    backend.close()
    return live


def sizes(path: Path) -> dict[str, int]:
    """Return the bytes of the records, compressed or not, and apart those of all else (rollups, indexes, locks)."""
    records_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.name.endswith((".csv", ".csv.gz")))
    return {"records": records_bytes, "apart": stored_bytes(path) - records_bytes}


def append_seconds(path: Path, batches: Sequence[Sequence[FeatureRecord]]) -> float:
    """Return what it takes to append the batches: the engine alone, without the calls, the buffer and the filters."""
    backend = TinyFluxBackend(path)
    start = perf_counter()
    for batch in batches:
        backend.append(batch)
    taken = perf_counter() - start
    backend.close()
    return taken


def maintain(path: Path) -> None:
    """Let the store compress and merge what it can."""
    result = subprocess.run([*COMMAND, str(path), "maintain"], check=False, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"maintain: {result.stderr}")


def command_seconds(path: Path) -> float:
    """Return what the whole command takes, from the start of the interpreter to its end."""
    command = [*COMMAND, str(path), "list-features", "--limit", "0", "--format", "json"]
    taken, result = seconds_of(lambda: subprocess.run(command, check=True, capture_output=True))
    assert json.loads(result.stdout)
    return taken


def listing_seconds(path: Path) -> float:
    """Return what the whole command takes that lists the newest records."""
    command = [*COMMAND, str(path), "list-records", "--limit", "20", "--format", "json"]
    taken, result = seconds_of(lambda: subprocess.run(command, check=True, capture_output=True))
    assert len(json.loads(result.stdout)) == 20
    return taken


def opener(path: str) -> Callable[[], Reader]:
    """Return what opens the store; the settings are read and the plugins imported by now."""
    settings = load_settings({"data_dir": path}, strict=True)
    host = PluginHost.for_settings(settings)
    return lambda: open_reader(settings, host)


def statistics(reader: Reader) -> Statistics:
    return [summary.as_dict() for summary in reader.features(reader.where())]


@contextmanager
def an_application(path: str) -> Iterator[None]:
    """Let another process append records, and keep it running until the block ends."""
    command = [sys.executable, __file__, "append", path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"appended\n"
        yield
        process.stdin.close()


def append(path: str) -> None:
    backend = TinyFluxBackend(Path(path))
    now = last_midnight_us() + DAY_US  # the day after the generated ones
    for batch in in_batches(records(MORE, now, days=0.01, seed=2), BATCH):
        backend.append(batch)
    print("appended", flush=True)
    sys.stdin.read()
    backend.close()


def newest(path: str) -> dict[str, float]:
    """Measure `list-records --limit 20`, without the start of the command."""
    open_store = opener(path)
    start = perf_counter()
    reader = open_store()
    found = list(reader.records(reader.where(limit=20)))
    taken = perf_counter() - start
    assert len(found) == 20
    return {"seconds": taken}


def refresh(path: str) -> dict[str, float]:
    """Measure what a dashboard that is open asks again, after an application has recorded more."""
    reader = opener(path)()
    before = calls_of(statistics(reader))
    times = []
    for _ in range(3):
        with an_application(path):
            taken, found = seconds_of(lambda: statistics(reader))
        after = calls_of(found)
        assert after == before + MORE, (before, after)
        before = after
        times.append(taken)
    return {"seconds": median(times)}


if __name__ == "__main__":
    question, directory = sys.argv[1:3]
    if question == "features":
        report(opener(directory), statistics)
    elif question == "append":
        append(directory)
    else:
        answers: dict[str, Any] = {"newest": newest, "refresh": refresh}
        print(json.dumps(answers[question](directory)))
