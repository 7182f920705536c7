"""Real servers: Debian's Prometheus, the dashboard, and a tracked application, each a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

DEADLINE_SECONDS = 180
"""Generous: nothing waits so long unless something is wrong."""
Series = dict[frozenset[tuple[str, str]], float]
Start = Callable[..., subprocess.Popen[str]]


def debian_program(name: str) -> str:
    """Return the path of a program of Debian's package "prometheus"."""
    found = shutil.which(name)
    assert found is not None, f'"{name}" is missing: apt-get install prometheus'
    return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(*command, **variables)` starts a process that is ended with the test; its errors go to a file."""
    started: list[subprocess.Popen[str]] = []

    def launch(*command: str, **variables: str) -> subprocess.Popen[str]:
        log = (tmp_path / f"log{len(started)}").open("w")
        process = subprocess.Popen(
            command, env={**os.environ, **variables}, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True
        )
        process.log_path = tmp_path / f"log{len(started)}"  # type: ignore[attr-defined]
        started.append(process)
        return process

    yield launch
    for process in started:
        process.send_signal(signal.SIGINT)
    for process in started:
        try:
            process.communicate(timeout=180)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def wait_for(process: subprocess.Popen[str], pattern: str) -> str:
    """Return the group of the pattern, once the process has written it."""
    until = time.monotonic() + DEADLINE_SECONDS
    path: Path = process.log_path  # type: ignore[attr-defined]
    while (found := re.search(pattern, path.read_text())) is None:
        assert process.poll() is None, path.read_text()
        assert time.monotonic() < until, path.read_text()
        time.sleep(0.05)
    return found[1]


@pytest.fixture
def dashboard(start: Start) -> Callable[..., str]:
    """`dashboard(**variables)` is the address (host:port) of a dashboard over the test's store."""

    def serve(**variables: str) -> str:
        process = start(sys.executable, "-m", "curio_tracking", "dashboard", "--port", "0", **variables)
        return wait_for(process, r"dashboard on http://(\S+)/")

    return serve


@pytest.fixture
def application(start: Start, free_port: Callable[[], int]) -> Callable[..., str]:
    """`application(code)` is the address of a program that tracks and then stays; it is given a PORT."""

    def run(code: str, **variables: str) -> str:
        port = str(free_port())
        process = start(sys.executable, "-u", "-c", code + "\nprint('ready'); sys.stdin.read()", PORT=port, **variables)
        wait_for(process, "(ready)")
        return f"127.0.0.1:{port}"

    return run


class Prometheus:
    """A Prometheus server and its query API."""

    def __init__(self, address: str) -> None:
        self.address = address

    def query(self, expression: str) -> Series:
        """Return value by labels (without those of the scrape) of an instant query."""
        answer = self.ask("/api/v1/query", query=expression)
        assert answer["status"] == "success", answer
        return {
            frozenset((name, text) for name, text in each["metric"].items() if name not in ("job", "instance")): float(
                each["value"][1]
            )
            for each in answer["data"]["result"]
        }

    def until(self, expression: str, expected: float) -> None:
        """Wait until the expression's only value is the expected one."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while list(found := self.query(expression).values()) != [expected]:
            assert time.monotonic() < deadline, (expression, found, self.ask("/api/v1/targets"))
            time.sleep(0.2)

    def ask(self, path: str, **parameters: str) -> dict[str, object]:
        """Return the answer of the API."""
        with urlopen(f"http://{self.address}{path}?{urlencode(parameters)}", timeout=180) as answer:
            return dict(json.load(answer))


@pytest.fixture
def prometheus(start: Start, free_port: Callable[[], int], tmp_path: Path) -> Callable[..., Prometheus]:
    """`prometheus({job: target}, token=None)` scrapes the targets every second."""

    def serve(targets: dict[str, str], token: str | None = None) -> Prometheus:
        config = tmp_path / "prometheus.yml"
        access = {"authorization": {"credentials": token}} if token else {}
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [target]}], **access} for job, target in targets.items()
        ]
        # JSON is YAML
        config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
        address = f"127.0.0.1:{free_port()}"
        process = start(
            debian_program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address={address}",
            "--log.level=warn",
        )
        _wait_until_ready(address, process)
        return Prometheus(address)

    return serve


def _wait_until_ready(address: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            with urlopen(f"http://{address}/-/ready", timeout=180):
                return
        except (URLError, HTTPError, OSError):
            assert process.poll() is None, process.log_path.read_text()  # type: ignore[attr-defined]
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.fixture
def promtool() -> Callable[[str], subprocess.CompletedProcess[str]]:
    """`promtool(text)` checks metrics as Prometheus' own linter does."""

    def check(text: str) -> subprocess.CompletedProcess[str]:
        command = [debian_program("promtool"), "check", "metrics"]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=180)

    return check


@pytest.fixture
def fetch() -> Callable[[str], str]:
    """`fetch(address)` is what `/metrics` there answers."""

    def get(address: str) -> str:
        with urlopen(f"http://{address}/metrics", timeout=180) as answer:
            return str(answer.read().decode())

    return get
