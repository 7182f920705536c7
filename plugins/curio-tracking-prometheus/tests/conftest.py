"""What every test gets: an empty home, no settings of this machine, records, and ways to run programs."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from curio_tracking.reader import Reader
from curio_tracking.records import FeatureCategory, FeatureInfo, FeatureRecord, FeatureStatus
from curio_tracking.storage.memory import MemoryBackend
from curio_tracking_prometheus.exposition import StorePage
from curio_tracking_prometheus.options import Options

# a busy machine is no failure
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

Finished = subprocess.CompletedProcess[str]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
TIMEOUT_SECONDS = 600
START_US = 1_790_000_000_000_000
FIRST_OF_THE_KERNEL = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
"""From here on ports are given to whoever does not name one: they may be taken at any moment."""
PORTS = range(10_000, FIRST_OF_THE_KERNEL if FIRST_OF_THE_KERNEL > 11_000 else 65_536)


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("FEATURE_TRACKING_", "PROMETHEUS_")) or name in ("DO_NOT_TRACK", "PYTHONPATH"):
            monkeypatch.delenv(name)
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "share"))
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(tmp_path / "data"))
    # a busy machine may need longer even to load the writer
    monkeypatch.setenv("FEATURE_TRACKING_EXIT_TIMEOUT", "60")
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def python() -> Callable[..., Finished]:
    """`python(code, NAME="value")` runs a program to its end, which must be a good one."""

    def run(code: str, *arguments: str, **variables: str) -> Finished:
        finished = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        assert finished.returncode == 0, finished.stderr
        return finished

    return run


@pytest.fixture
def record() -> Callable[..., FeatureRecord]:
    """`record(number, **values)` makes one."""

    def make(number: int = 0, **values: Any) -> FeatureRecord:
        defaults: dict[str, Any] = {
            "record_id": f"r{number:06}",
            "feature_name": "translate",
            "category": "ai_provider",
            "status": FeatureStatus.SUCCESS,
            "start_us": START_US + number,
            "duration": 0.2,
        }
        return FeatureRecord(**(defaults | values))

    return make


@pytest.fixture
def registry() -> CollectorRegistry:
    """A registry of an application."""
    return CollectorRegistry(auto_describe=True)


@pytest.fixture
def parse() -> Callable[[str | bytes], Samples]:
    """`parse(text)` reads the text format: value by (name, labels). No sample may come twice."""

    def read(text: str | bytes) -> Samples:
        samples: Samples = {}
        for family in text_string_to_metric_families(text if isinstance(text, str) else text.decode()):
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                assert key not in samples, key
                samples[key] = sample.value
        return samples

    return read


@pytest.fixture
def exposed(registry: CollectorRegistry, parse: Callable[..., Samples]) -> Callable[..., float | None]:
    """`exposed(name, **labels)` is the value that a scrape of the application finds, None if there is none."""

    def value(name: str, **labels: str) -> float | None:
        return parse(generate_latest(registry)).get((name, frozenset(labels.items())))

    return value


@pytest.fixture
def make_page() -> Callable[..., bytes]:
    """`make_page(records, declared, **options)` is what `/metrics` answers for a store with these."""

    def make(records: Iterable[FeatureRecord], declared: Iterable[FeatureInfo] = (), **options: Any) -> bytes:
        return StorePage(Options(**options)).render(make_reader(records, declared), {}).body

    return make


def make_reader(records: Iterable[FeatureRecord], declared: Iterable[FeatureInfo]) -> Reader:
    backend = MemoryBackend(uuid4().hex)  # stores of one name are one store
    backend.append(list(records))
    backend.declare(list(declared))
    return Reader(backend, [category.value for category in FeatureCategory], lambda user: frozenset({user}))


@pytest.fixture
def page(make_page: Callable[..., bytes], parse: Callable[..., Samples]) -> Callable[..., Samples]:
    """As `make_page`, read."""
    return lambda *arguments, **options: parse(make_page(*arguments, **options))


@pytest.fixture
def readme() -> str:
    """What users read."""
    return (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def free_port() -> Callable[[], int]:
    """`free_port()` is a port of this machine that nobody listens on, below those that the kernel gives to anybody."""

    def find() -> int:
        while True:
            port = random.SystemRandom().choice(PORTS)
            try:
                with socket.create_server(("127.0.0.1", port)):
                    return port
            except OSError:
                continue

    return find
