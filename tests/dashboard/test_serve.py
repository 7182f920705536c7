from __future__ import annotations

import errno
import json
import signal
import socket
import socketserver
import subprocess
import sys
import textwrap
import urllib.request
from typing import TYPE_CHECKING

import pytest

from curio_tracking import hookspecs
from curio_tracking.dashboard.server import bind, serve, shown_url
from curio_tracking.errors import CurioError, SettingsError, UnknownNameError
from curio_tracking.plugins import PluginHost
from curio_tracking.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

TOKEN = "a-token-of-twenty-ch"
GROUPS = (hookspecs.ENTRY_POINT_GROUP, hookspecs.SURFACES_GROUP)

PROGRAM = """
import sys
from curio_tracking.dashboard import pages
from curio_tracking.dashboard.server import serve
from curio_tracking.plugins import PluginHost
from curio_tracking.settings import load_settings

token = sys.argv[2] if len(sys.argv) > 2 else None
settings = load_settings({"backend": "csv", "data_dir": sys.argv[1]}, strict=True)
host = PluginHost()
host.register(pages, "built-in pages")
host.load()
try:
    serve(settings, host, host="127.0.0.1", port=0, token=token, open_browser=bool(token),
          announce=lambda url: print(url, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_serve_announces_its_address_shows_the_store_and_ends_when_interrupted(
    data_dir: Path, make_tracker: Callable[..., Any]
) -> None:
    tracker = make_tracker(backend="csv")
    with tracker.track("import_csv", "file_operation"):
        pass
    assert tracker.flush(timeout=30)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}api/features", timeout=180) as answer:
            assert [row["feature_name"] for row in json.load(answer)] == ["import_csv"]
        with urllib.request.urlopen(url, timeout=180) as answer:
            assert b"import_csv" in answer.read()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=180)
        assert (process.returncode, out, err) == (0, "interrupted\n", "")
    finally:
        process.kill()
        process.wait()


def test_dashboard_over_an_empty_store_creates_no_file(data_dir: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(data_dir)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(url, timeout=180) as answer:
            assert b"No calls yet" in answer.read()
    finally:
        process.kill()
        process.wait()
    assert not data_dir.exists()


def test_browser_is_opened_at_the_address_without_the_token(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser.py"
    browser.write_text("import sys; print('opened', sys.argv[1], flush=True)")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {browser} %s")
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(data_dir), TOKEN], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert process.stdout.readline().strip() == f"opened {url}"
        assert TOKEN not in url
    finally:
        process.kill()
        process.wait()


def try_to_serve(**options: Any) -> list[str]:
    settings = load_settings({"backend": options.pop("backend", "memory")}, strict=True)
    announced: list[str] = []
    given = {"host": "127.0.0.1", "port": 0, "token": None, "open_browser": False} | options
    serve(settings, PluginHost.for_settings(settings, GROUPS), announce=announced.append, **given)
    return announced


def test_port_in_use_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1, port {port}: in use") as caught:
            try_to_serve(port=port)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"port": 70_000}, "there is no port 70000"),
        ({"port": -1}, "there is no port -1"),
        ({"host": ""}, "cannot find the address"),
        ({"host": "no such host"}, "cannot find the address"),
        ({"host": "x" * 300}, "cannot find the address"),
        ({"host": "a..b"}, "cannot find the address"),
        ({"host": "0.0.0.0"}, "it needs a token"),
        ({"host": "::"}, "it needs a token"),
        ({"host": "0.0.0.0", "token": ""}, "it needs a token"),
        ({"host": "0.0.0.0", "token": "short"}, "too short"),
        ({"host": "192.0.2.1", "token": TOKEN}, "not an address of this machine"),
    ],
)
def test_address_that_cannot_be_served_is_one_clear_error(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        try_to_serve(**options)
    assert caught.value.exit_code == 2
    assert "short" not in str(caught.value).replace("too short", "")


def test_unknown_backend_is_an_error_before_anything_is_announced() -> None:
    with pytest.raises(UnknownNameError):
        try_to_serve(backend="tinyflx")


def test_failed_start_leaves_the_port_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with pytest.raises(CurioError):
        try_to_serve(backend="tinyflx", port=port)
    with bind("127.0.0.1", port, None) as again:
        assert again.server_port == port


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "above 1023"),
        (OSError(errno.ENOBUFS, "No buffer space available"), "No buffer space available"),
    ],
)
def test_other_reasons_not_to_listen_are_said(monkeypatch: pytest.MonkeyPatch, error: OSError, words: str) -> None:
    def refuse(self: object) -> None:
        raise error

    # the system says so to other users than root, or at other times
    monkeypatch.setattr(socketserver.TCPServer, "server_bind", refuse)
    with pytest.raises(SettingsError, match=words):
        bind("127.0.0.1", 80, None)


def test_port_zero_takes_a_free_one() -> None:
    with bind("127.0.0.1", 0, None) as one, bind("localhost", 0, None) as other:
        assert one.server_port != other.server_port


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("127.0.0.1", 8081, "http://127.0.0.1:8081/"),
        ("::1", 8081, "http://[::1]:8081/"),
        ("0.0.0.0", 9000, "http://127.0.0.1:9000/"),
        ("::", 9000, "http://[::1]:9000/"),
        ("localhost", 80, "http://localhost/"),
    ],
)
def test_address_shown_can_be_opened(host: str, port: int, url: str) -> None:
    assert shown_url(host, port) == url


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("0.0.0.0", socket.AF_INET)])
def test_server_with_a_token_binds_to_any_address(host: str, family: int) -> None:
    with bind(host, 0, TOKEN) as made:
        assert made.address_family == family
