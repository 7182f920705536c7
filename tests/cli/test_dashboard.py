from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Run = Callable[..., Any]


def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start the dashboard and return the process and the address that it announces."""
    process = subprocess.Popen(
        [sys.executable, "-m", "curio_tracking", "dashboard", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    found = re.search(r"http://\S+", process.stderr.readline())
    assert found, process.communicate(timeout=180)
    return process, found[0].rstrip("/")


def test_dashboard_serves_the_store_until_interrupted(shop: list[Any]) -> None:
    process, address = start("--port", "0")
    try:
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}/", timeout=180) as answer:
            page = answer.read().decode()
        assert "translate" in page
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=180)
        assert (process.returncode, out) == (130, "")
        assert "Traceback" not in err
    finally:
        process.kill()
        process.wait()


def test_port_in_use_is_one_message(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("dashboard", "--port", str(port))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert str(port) in result.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--port", "70000"), "65535"),
        (("--port", "http"), "--port"),
        (("--host", "0.0.0.0"), "token"),
        (("--host", "0.0.0.0", "--token", "short"), "token"),
    ],
)
def test_bad_address_is_one_message(run: Run, arguments: tuple[str, ...], word: str) -> None:
    result = run("dashboard", *arguments)
    assert (result.code, result.out) == (2, "")
    assert word in result.err
    assert result.err.count("\n") == 1


def test_token_is_never_shown(run: Run) -> None:
    result = run("dashboard", "--host", "0.0.0.0", "--token", "hunter2")
    assert "hunter2" not in result.err


def test_failure_of_a_page_is_logged_with_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "broken_page.py").write_text(
        "from curio_tracking import hookimpl\n"
        "@hookimpl\n"
        "def curio_register_pages(register):\n"
        "    register('broken', 'Broken', lambda reader, query: 1 / 0)\n"
    )
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(tmp_path / "plugins"))
    process, address = start("--port", "0")
    try:
        with pytest.raises(urllib.error.HTTPError, match="500"):
            urllib.request.urlopen(f"{address}/pages/broken", timeout=180)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=180)
    assert "ZeroDivisionError: division by zero" in err
    assert "Traceback (most recent call last)" in err
