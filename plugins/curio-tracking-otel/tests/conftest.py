"""What every test gets: an empty home, no settings of this machine, a real OTLP endpoint and programs that use it."""

from __future__ import annotations

import base64
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import settings
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_DELTA, Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from curio_tracking import FeatureRecord, FeatureTracker

# a busy machine is no failure
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

Finished = subprocess.CompletedProcess[str]
TIMEOUT_SECONDS = 180
PROTOCOLS = ("grpc", "http/protobuf")
SERVER = Path(__file__).with_name("otlp_server.py")
FOREIGN = ("FEATURE_TRACKING_", "OTEL_", "GRPC_", "PYTHON", "DO_NOT_TRACK")


@dataclass
class Request:
    """One request that the endpoint has got."""

    signal: str
    headers: dict[str, str]
    body: bytes
    is_taken: bool


def values_of(attributes: Any) -> dict[str, Any]:
    """Return protobuf attributes as a dictionary."""
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in attributes}


def variables_for(port: str, protocol: str, scheme: str = "http") -> dict[str, str]:
    """Return the variables that make a program send there, and soon."""
    return {
        "FEATURE_TRACKING_OTEL__ENDPOINT": f"{scheme}://127.0.0.1:{port}",
        "FEATURE_TRACKING_OTEL__PROTOCOL": protocol,
        "FEATURE_TRACKING_OTEL__SPAN_INTERVAL": "0.1",
        "FEATURE_TRACKING_OTEL__METRICS_INTERVAL": "0.1",
    }


class Collector:
    """An OTLP endpoint that runs, and what it has got.

    Attributes:
        file: where its requests are; made with the first one.
        data_dir: for what is stored of a program whose run several tests look at.
    """

    def __init__(self, protocol: str, file: Path, *arguments: str) -> None:
        self.protocol, self.file, self._arguments = protocol, file, arguments
        self.data_dir = file.with_suffix(".data")
        self.port = "0"
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(SERVER), self.protocol, str(self.file), "--port", self.port, *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = self._process.stdout.readline().strip()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(TIMEOUT_SECONDS)
        self._process.stdout.close()

    @property
    def variables(self) -> dict[str, str]:
        return variables_for(self.port, self.protocol)

    def has_spans(self, count: int) -> bool:
        """Whether so many spans have come, and metrics that count at least as many calls."""
        return len(self.spans()) >= count and self._counted() >= count

    def _counted(self) -> float:
        """Return how many calls all metrics together stand for."""
        totals: defaultdict[tuple[str, str], float] = defaultdict(float)
        for resource, metric in itertools.chain.from_iterable(self._metrics_by_request()):
            is_delta = metric.sum.aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA
            for point in metric.sum.data_points if metric.name == "curio.feature.calls" else ():
                series = str(values_of(resource.attributes)), str(values_of(point.attributes))
                totals[series] = totals[series] + point.as_double if is_delta else max(totals[series], point.as_double)
        return sum(totals.values())

    def _metrics_by_request(self) -> list[list[tuple[Resource, Metric]]]:
        return [
            [
                (part.resource, metric)
                for part in ExportMetricsServiceRequest.FromString(body).resource_metrics
                for scope in part.scope_metrics
                for metric in scope.metrics
            ]
            for body in self._taken("metrics")
        ]

    def requests(self) -> list[Request]:
        text = self.file.read_text(encoding="utf-8") if self.file.exists() else ""
        # after the last line end there may be half a line, which is being written
        found = [json.loads(line) for line in text.split("\n")[:-1]]
        return [Request(line["signal"], line["headers"], base64.b64decode(line["body"]), line["ok"]) for line in found]

    def _taken(self, signal: str) -> list[bytes]:
        return [request.body for request in self.requests() if request.signal == signal and request.is_taken]

    def spans_by_resource(self) -> list[tuple[Resource, Span]]:
        return [
            (part.resource, span)
            for body in self._taken("traces")
            for part in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]

    def spans(self) -> list[Span]:
        return [span for _, span in self.spans_by_resource()]

    def span(self, name: str) -> Span:
        (found,) = (span for span in self.spans() if span.name == name)
        return found

    def metrics(self) -> list[dict[str, Metric]]:
        """Per request, the metrics by name."""
        return [{metric.name: metric for _, metric in request} for request in self._metrics_by_request()]

    def span_resources(self) -> list[dict[str, Any]]:
        return [values_of(resource.attributes) for resource, _ in self.spans_by_resource()]

    def metric_resources(self) -> list[dict[str, Any]]:
        return [
            values_of(part.resource.attributes)
            for body in self._taken("metrics")
            for part in ExportMetricsServiceRequest.FromString(body).resource_metrics
        ]

    def calls(self) -> dict[tuple[str, str], float]:
        """By feature and status, the calls in the last request."""
        points = self.metrics()[-1]["curio.feature.calls"].sum.data_points
        named = [(values_of(point.attributes), point.as_double) for point in points]
        return {(name["curio.feature_name"], name["curio.status"]): number for name, number in named}


FIRST_LINES = """
import sys
from importlib.machinery import PathFinder

class _Patience:
    seconds = {
        "curio_tracking.collecting.lifecycle": ("LONGEST_WRITE_DELAY",),
        "curio_tracking_otel.sender": ("CLOSE_SECONDS", "FORK_SECONDS"),
    }

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target) if name in cls.seconds else None
        if spec is not None:
            load = spec.loader.exec_module
            longer = dict.fromkeys(cls.seconds[name], 60.0)
            spec.loader.exec_module = lambda module: (load(module), vars(module).update(longer))
        return spec

sys.meta_path.insert(0, _Patience)
"""
"""Let a program wait at its end and before a fork until everything is sent: a busy machine may need longer than users
are kept waiting. Each module is as it was but for these limits, and is loaded when it always is."""
LAST_LINES = """
import sys
from curio_tracking import feature_tracker
feature_tracker.flush(60)
sys.stdin.read()
"""


def is_foreign(name: str) -> bool:
    """Whether a variable of this machine would change what is tested."""
    return name.startswith(FOREIGN) or name.lower().endswith("_proxy")


class World:
    """A folder with an empty home, endpoints that run, and programs; nothing of this machine's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[Collector] = []
        self.environment = {name: value for name, value in os.environ.items() if not is_foreign(name)} | {
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "share"),
            "FEATURE_TRACKING_DATA_DIR": str(folder / "data"),
            # not the usual two seconds: machines that test are busy
            "FEATURE_TRACKING_EXIT_TIMEOUT": "60",
        }

    def endpoint(self, protocol: str = "http/protobuf", *arguments: str) -> Collector:
        """Start an endpoint; further arguments are options of `otlp_server.py`."""
        self._started.append(Collector(protocol, self.folder / f"requests-{len(self._started)}", *arguments))
        return self._started[-1]

    def close(self) -> None:
        for collector in self._started:
            collector.stop()

    def run(
        self,
        source: str,
        variables: Mapping[str, str] | None = None,
        *options: str,
        until: Callable[[], object] | None = None,
        is_patient: bool = True,
    ) -> Finished:
        """Run the source of a program as its user would: a file, and variables.

        With `until`, the program flushes and stays until that holds; without, it ends when it ends. Where nothing
        answers, a program must not be patient: it would wait for that; see `FIRST_LINES`.
        """
        program = self.folder / "program.py"
        text = (FIRST_LINES if is_patient else "") + dedent(source) + (LAST_LINES if until else "")
        program.write_text(text, encoding="utf-8")
        command = [sys.executable, *options, str(program)]
        pipe, environment = subprocess.PIPE, self.environment | dict(variables or {})
        with subprocess.Popen(
            command, cwd=self.folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        ) as process:
            try:
                last_look = time.monotonic() + TIMEOUT_SECONDS
                while until is not None and process.poll() is None and not until() and time.monotonic() < last_look:
                    time.sleep(0.05)
                out, err = process.communicate(timeout=TIMEOUT_SECONDS)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def stored(self, data_dir: Path | None = None) -> dict[str, FeatureRecord]:
        """Return the records that the programs have stored, by feature."""
        tracker = FeatureTracker(data_dir=data_dir or self.folder / "data", plugins_disabled=("otel",))
        try:
            return {record.feature_name: record for record in tracker.records(limit=0)}
        finally:
            tracker.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For programs whose run several tests look at."""
    world = World(tmp_path_factory.mktemp("shared"))
    yield world
    world.close()


@pytest.fixture
def endpoint(world: World) -> Callable[..., Collector]:
    return world.endpoint


@pytest.fixture
def run(world: World) -> Callable[..., Finished]:
    return world.run


@pytest.fixture
def foreign_variables() -> list[str]:
    """Variables of this machine that a test in this process has to do without."""
    return [name for name in os.environ if is_foreign(name) and name != "PYTHONPATH"]


@pytest.fixture
def nobody() -> Iterator[str]:
    """A port of this machine that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield str(taken.getsockname()[1])


@pytest.fixture
def deaf() -> Iterator[str]:
    """A port of this machine that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield str(listening.getsockname()[1])


@pytest.fixture
def at() -> Callable[..., dict[str, str]]:
    """Return the variables that send to an address."""
    return variables_for


@pytest.fixture(scope="module", params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def values() -> Callable[[Any], dict[str, Any]]:
    """Read protobuf attributes."""
    return values_of
