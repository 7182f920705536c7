"""Serves with gunicorn: two workers forked from a process that has loaded and called the application already.

python server.py WORKER_CLASS; prints what clients got, and how the server ended.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REQUESTS = 100
directory = tempfile.TemporaryDirectory()
address = f"{directory.name}/socket"


class Connection(http.client.HTTPConnection):
    """One over the server's socket."""

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(address)


def ask(number: int) -> str:
    """Return what the server says."""
    connection = Connection("localhost")
    connection.request("GET", f"/?{number}")
    answer = connection.getresponse()
    return f"{answer.status} {answer.read().decode()}"


def ask_many(start: int) -> None:
    """Ask a number of times, several at once; print what came back."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(start, start + REQUESTS)))
    print(Counter(answer[:3] for answer in answers), hash(tuple(answers)))


def workers(master: int) -> set[str]:
    """Return the processes that the server has forked."""
    return set(Path(f"/proc/{master}/task/{master}/children").read_text("ascii").split())


def wait_for(condition: object) -> None:
    """Wait until it holds."""
    assert callable(condition)
    while not condition():
        time.sleep(0.02)


options = ["--preload", "--workers", "2", "--worker-class", sys.argv[1], "--bind", f"unix:{address}"]
options += ["--log-level", "critical", "--config", "python:wsgi_app"]
environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
server = subprocess.Popen([sys.executable, "-m", "gunicorn", *options, "wsgi_app:application"], env=environment)
wait_for(lambda: os.path.exists(address) and len(workers(server.pid)) == 2)
ask_many(0)
first = workers(server.pid)
server.send_signal(signal.SIGHUP)
wait_for(lambda: len(workers(server.pid)) == 2 and not workers(server.pid) & first)
ask_many(REQUESTS)
server.send_signal(signal.SIGTERM)
print("ended with", server.wait())
