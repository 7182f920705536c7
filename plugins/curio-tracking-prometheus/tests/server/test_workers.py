"""The exporter behind gunicorn: two workers, forked from the loaded application, read as one by a real Prometheus."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

FEWEST_VISITS = 40
DEADLINE_SECONDS = 180
SHOP = """
import os
from curio_tracking import track_feature

@track_feature("page")
def application(environment, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


class Shop:
    """An application in two workers, and where it and its metrics are served."""

    def __init__(self, server: subprocess.Popen[str], address: str, metrics: str) -> None:
        self._server = server
        self._address = address
        self.metrics = metrics
        self.visits = 0

    def visit(self) -> None:
        """Ask many times, and until each worker has answered."""
        answered = set()
        for number in count(1):
            answered.add(self._ask())
            if number >= FEWEST_VISITS and answered == self._workers():
                break

    def _ask(self) -> str:
        with urlopen(f"http://{self._address}/", timeout=180) as answer:
            self.visits += 1
            return str(answer.read().decode())

    def replace_workers(self) -> None:
        """Let the server end both workers and fork new ones."""
        before = self._workers()
        self._server.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self._workers()) == 2 and not self._workers() & before)

    def _workers(self) -> set[str]:
        server = self._server.pid
        return set(Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split())

    def is_up(self) -> bool:
        """Whether it answers."""
        assert self._server.poll() is None
        try:
            self._ask()
        except URLError:
            return False
        return True


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return once it is so."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def shop(start: Any, free_port: Callable[[], int], tmp_path: Path) -> Shop:
    """One that nobody has visited but to see whether it is up."""
    (tmp_path / "work" / "shop.py").write_text(SHOP)
    values = tmp_path / "values"
    values.mkdir()
    address, port = f"127.0.0.1:{free_port()}", free_port()
    server = start(
        *(sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", address, "shop:application"),
        PROMETHEUS_MULTIPROC_DIR=str(values),
        FEATURE_TRACKING_PROMETHEUS__PORT=str(port),
    )
    found = Shop(server, address, f"127.0.0.1:{port}")
    wait_until(found.is_up)
    return found


def test_calls_of_all_workers_are_read_back_also_after_they_were_replaced(
    shop: Shop, prometheus: Callable[..., Any]
) -> None:
    server = prometheus({"shop": shop.metrics})
    shop.visit()
    server.until('sum(curio_tracking_calls_total{feature="page"})', shop.visits)
    shop.replace_workers()
    shop.visit()
    server.until('sum(curio_tracking_calls_total{feature="page"})', shop.visits)
