from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from waiting import wait_until

from curio_tracking import hookimpl
from curio_tracking.dashboard import connections
from curio_tracking.dashboard.server import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from curio_tracking.dashboard.connections import DashboardServer

PATIENCE = 180
"""Seconds after which a test gives up; nothing depends on how long things really take."""


class Gates:
    """A plugin whose page waits until the test lets it go, to keep places taken."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.go = threading.Event()

    @hookimpl
    def curio_register_pages(self, register: Any) -> None:
        register("wait", "Wait", self.render)

    def render(self, reader: Any, query: Any) -> str:
        self.entered.release()
        assert self.go.wait(PATIENCE)
        return "done"


@pytest.fixture
def gates() -> Iterator[Gates]:
    made = Gates()
    yield made
    made.go.set()


@pytest.fixture
def server(
    shop: Any, make_client: Callable[..., Any], gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DashboardServer]:
    """The real server on a free port, with the built-in pages and one that waits; patient with a busy machine."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", float(PATIENCE))
    monkeypatch.setattr(connections, "_DRAIN_SECONDS", float(PATIENCE))
    with bind("127.0.0.1", 0, None) as made:
        made.set_app(make_client(gates, port=made.server_port).unchecked)
        thread = threading.Thread(target=made.serve_forever, args=(0.05,))
        thread.start()
        yield made
        made.shutdown()
        thread.join(PATIENCE)


def connect(server: DashboardServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_port), PATIENCE)


def send(server: DashboardServer, request: bytes) -> bytes:
    """Send bytes and return all that comes back until the server closes the connection."""
    with connect(server) as connection:
        connection.sendall(request)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def get(server: DashboardServer, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return connection.getresponse()


def head_of(server: DashboardServer, *lines: str) -> bytes:
    return "\r\n".join(["GET /api/overall HTTP/1.1", f"Host: 127.0.0.1:{server.server_port}", *lines, "", ""]).encode()


def test_page_comes_over_a_real_connection(server: DashboardServer) -> None:
    answer = get(server, "/")
    assert answer.status == 200
    assert b"Top features" in answer.read()


def test_server_says_nothing_about_itself(server: DashboardServer) -> None:
    for request in (
        head_of(server),
        b"GET / HTTP/1.1\r\nHost: evil\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    ):
        answer = send(server, request).lower()
        assert b"http/1.0 " in answer
        assert b"server:" not in answer
        assert b"python" not in answer


def test_head_has_the_headers_and_no_body(server: DashboardServer) -> None:
    raw = send(server, head_of(server).replace(b"GET", b"HEAD", 1))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200")
    assert body == b""
    fields = http.client.parse_headers(BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n"))
    assert int(fields["Content-Length"]) > 0


def test_wrong_host_and_method_are_refused_over_a_real_connection(server: DashboardServer) -> None:
    assert get(server, "/", Host="evil.example").status == 421
    assert get(server, "/", "POST").status == 405
    assert send(server, head_of(server).replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nHost: evil\r\n", 1))[9:12] == b"421"
    assert send(server, b"GET / HTTP/1.0\r\n\r\n")[9:12] == b"400"


def test_request_without_a_version_gets_no_data(server: DashboardServer) -> None:
    assert b"translate" not in send(server, b"GET /\r\n\r\n")


def test_feature_name_with_any_characters_survives_the_connection(
    server: DashboardServer, backend: Any, record: Any
) -> None:
    backend.append([record(1, record_id="x", feature_name="a/../b?c#d%é")])
    assert get(server, "/api/features/a%2F..%2Fb%3Fc%23d%25%C3%A9").status == 200


def test_half_open_connections_hold_up_nobody(server: DashboardServer) -> None:
    silent = [connect(server) for _ in range(20)]
    for connection in silent[10:]:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127")
    assert get(server, "/api/overall").status == 200
    for connection in silent:
        connection.close()


def test_more_half_open_connections_than_places_hold_up_nobody(server: DashboardServer) -> None:
    silent = [connect(server) for _ in range(connections.MOST_CONNECTIONS + 10)]
    assert get(server, "/api/overall").status == 200
    # the first ones had to make room, and know it
    assert silent[0].recv(1) == b""
    for connection in silent:
        connection.close()


def test_client_that_is_too_slow_is_cut_off(server: DashboardServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with connect(server) as connection, contextlib.suppress(ConnectionError):  # as it is if nothing had come in time
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert read_all(connection) == b""


def test_client_that_sends_a_byte_now_and_then_is_cut_off_too(
    server: DashboardServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    stop = threading.Event()
    with connect(server) as connection:

        def drip() -> None:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass  # the server closed while a byte was on its way
        finally:
            stop.set()
            dripping.join(PATIENCE)


def test_twelve_clients_are_answered_at_the_same_time(server: DashboardServer, gates: Gates) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = [pool.submit(lambda: get(server, "/pages/wait").read()) for _ in range(12)]
        for _ in answers:
            assert gates.entered.acquire(timeout=PATIENCE)
        # all twelve are inside, and a thirteenth is answered meanwhile
        assert get(server, "/api/overall").status == 200
        gates.go.set()
        assert all(b"done" in answer.result(PATIENCE) for answer in answers)


def test_when_every_place_is_taken_the_next_is_told_so_and_the_others_are_answered(
    server: DashboardServer, gates: Gates
) -> None:
    most = connections.MOST_CONNECTIONS
    with ThreadPoolExecutor(most) as pool:
        answers = [pool.submit(lambda: get(server, "/pages/wait").status) for _ in range(most)]
        for _ in answers:
            assert gates.entered.acquire(timeout=PATIENCE)
        assert get(server, "/").status == 503
        gates.go.set()
        assert [answer.result(PATIENCE) for answer in answers] == [200] * most
    wait_until(lambda: get(server, "/").status == 200)  # once the server has let go of one of them


@pytest.mark.parametrize(
    "lines",
    [
        [f"X-Padding: {'x' * 100_000}"],
        [f"X-{number}: {'x' * 100}" for number in range(5000)],
        [f"Cookie: {'a=b; ' * 20_000}"],
    ],
)
def test_huge_headers_are_refused(server: DashboardServer, lines: list[str]) -> None:
    assert send(server, head_of(server, *lines))[9:12] == b"431"
    assert get(server, "/api/overall").status == 200


def test_many_headers_are_refused(server: DashboardServer) -> None:
    assert send(server, head_of(server, *[f"X-{number}: x" for number in range(150)]))[9:12] == b"431"


def test_thousands_of_parameters_do_no_harm(server: DashboardServer) -> None:
    assert get(server, "/api/overall?" + "&".join(f"a{n}=" for n in range(4000))).status == 400
    assert get(server, "/api/overall?" + "&".join(f"a{n}=" for n in range(8000))).status == 431


def test_body_that_nobody_reads_does_not_cost_the_client_its_answer(server: DashboardServer) -> None:
    lines = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\nContent-Length: 500000\r\n\r\n"
    assert send(server, lines.encode() + b"x" * 500_000)[9:12] == b"405"


@pytest.mark.parametrize(
    "request_bytes",
    [b"", b"\r\n\r\n", b"\0" * 100 + b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\n\n", b"GET\r\n\r\n", b"GET / HTTP/x\n\n"],
)
def test_nonsense_harms_nobody_and_is_not_logged(
    server: DashboardServer,
    request_bytes: bytes,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with connect(server) as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
        read_all(connection)
    assert get(server, "/api/overall").status == 200
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_client_that_goes_away_is_not_our_error(
    server: DashboardServer, gates: Gates, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with connect(server) as connection:
        connection.sendall(head_of(server).replace(b"/api/overall", b"/pages/wait"))
        assert gates.entered.acquire(timeout=PATIENCE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    gates.go.set()
    assert get(server, "/api/overall").status == 200
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_requests_are_not_logged(
    server: DashboardServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    get(server, "/?token=something-secret").read()
    get(server, "/nothing?token=something-secret").read()
    assert "something-secret" not in caplog.text
    assert capfd.readouterr() == ("", "")


def test_application_does_not_see_the_process_environment(
    server: DashboardServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setenv("FEATURE_TRACKING_DASHBOARD_TOKEN", "something-secret")

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(dict(environ))
        start_response("200 OK", [])
        return []

    server.set_app(app)
    get(server, "/").read()
    assert "something-secret" not in repr(seen)
    assert "HOME" not in seen[0]
