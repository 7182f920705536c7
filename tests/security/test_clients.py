"""What one client can do to the real dashboard and to the others: too much, too slowly, or ambiguously."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

import pytest

from curio_tracking.dashboard.connections import MOST_CONNECTIONS, MOST_HEAD_BYTES, TAKING_SECONDS
from curio_tracking.storage.csv import CsvBackend
from curio_tracking.testing import make_record

API = "/api/features"


# -- too much -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f"X-Long: {'x' * MOST_HEAD_BYTES}",
        f"{'X' * MOST_HEAD_BYTES}: long",
        f"Cookie: {'a=b; ' * MOST_HEAD_BYTES}",
        "\r\n".join(f"X-{number}: x" for number in range(8_000)),
        "\r\n".join(f"X-{number}: x" for number in range(150)),
    ],
    ids=["a long value", "a long name", "many cookies", "8,000 headers", "150 headers"],
)
def test_more_headers_than_a_browser_sends_are_refused(dashboard: Any, line: str) -> None:
    assert dashboard.ask(API, line).status == 431


def test_request_line_that_is_too_long_is_refused(dashboard: Any) -> None:
    assert dashboard.ask("/" + "a" * MOST_HEAD_BYTES).status == 431


@pytest.mark.parametrize("separator", ["&", "&&", "=&"])
@pytest.mark.parametrize("target", ["/", "/pages/calls", API, "/nothing"])
def test_eight_thousand_parameters_are_refused(dashboard: Any, target: str, separator: str) -> None:
    reply = dashboard.ask(f"{target}?{separator.join(['a=b'] * 8_000)}")
    assert reply.status in (400, 404, 431)


@pytest.mark.parametrize("target", ["/", "/pages/calls", API])
def test_as_many_parameters_as_fit_into_the_head_are_refused(dashboard: Any, target: str) -> None:
    assert dashboard.ask(f"{target}?" + "&" * 8_000 + "&".join(f"a{n}" for n in range(3_000))).status == 400


@pytest.mark.parametrize("parameter", ["limit", "since", "until", "category", "status", "feature_name", "sort"])
def test_huge_values_are_answered_in_words(dashboard: Any, parameter: str) -> None:
    for value in ("9" * 20_000, "%41" * 8_000, "(a+)+" * 3_000, "1" * 400 + "d"):
        assert dashboard.ask(f"/pages/calls?{parameter}={value}").status in (200, 400, 404)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_request_body_is_neither_read_nor_waited_for(dashboard: Any, method: str) -> None:
    expected = 405 if method == "POST" else 200
    assert dashboard.ask(API, "Content-Length: 999999999999", method=method).status == expected
    assert dashboard.ask(API, "Content-Length: 5", "Expect: 100-continue", method=method).status == expected


def test_client_that_sends_without_end_is_cut_off(dashboard: Any) -> None:
    with dashboard.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        while True:  # ends with the connection
            connection.sendall(b"x" * 65_536)
    assert dashboard.ask(API).status == 200


# -- ambiguously: what stands behind a request is never taken for another ---------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 0"],
        ["Content-Length: 6", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 6"],
        ["Transfer-Encoding: chunked"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding : chunked"],
        ["Content-Length: 0", "Content-Length: 60"],
        ["Content-Length: +0"],
        ["Content-Length: 0x0"],
        ["Content-Length: -1"],
        ["Connection: keep-alive"],
        ["Connection: Upgrade", "Upgrade: h2c"],
    ],
)
@pytest.mark.parametrize("body", [b"", b"0\r\n\r\n"])
def test_one_connection_has_one_answer(dashboard: Any, lines: list[str], body: bytes) -> None:
    own = f"Host: 127.0.0.1:{dashboard.port}"
    first = "\r\n".join([f"GET {API} HTTP/1.1", own, *lines, "", ""]).encode()
    second = f"GET /api/records HTTP/1.1\r\n{own}\r\n\r\n".encode()
    reply = dashboard.send(first + body + second)
    assert (reply.status, reply.raw.count(b"HTTP/1.")) == (200, 1)
    assert b"record_id" not in reply.raw


def test_pipelined_requests_get_the_first_answer_only(dashboard: Any) -> None:
    own = f"Host: 127.0.0.1:{dashboard.port}"
    reply = dashboard.send(f"GET {API} HTTP/1.1\r\n{own}\r\n\r\n".encode() * 100)
    assert reply.raw.count(b"HTTP/1.") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/0.9\r\n\r\n",
        b"GET / HTTP/1.1 HTTP/1.1\r\n\r\n",
        b"GET  /  HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nX\n\n",
        b"GET / HTTP/1.1\rHost: x\r\r\n\r\n",
        b"GET / HTTP/11111111111.1\r\n\r\n",
        b"GET /\x00\x0b\x85 HTTP/1.1\r\n\r\n",
        b"\xff\xfe" * 500 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_nothing_of_the_store(dashboard: Any, head: bytes) -> None:
    with dashboard.connect() as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        assert b"translate" not in read_all(connection)
    assert dashboard.ask(API).status == 200
    assert b"Traceback" not in dashboard.log.read_bytes()


# -- too slowly -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127", b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 50])
def test_three_times_as_many_half_open_connections_as_places_hold_up_nobody(dashboard: Any, sent: bytes) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(3 * MOST_CONNECTIONS):
            stack.enter_context(dashboard.connect()).sendall(sent)
        assert dashboard.ask(API).status == 200


def test_clients_that_drip_bytes_hold_up_nobody(dashboard: Any) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(dashboard.connect()) for _ in range(2 * MOST_CONNECTIONS)]
        for byte in b"GET /x":
            for connection in slow:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(bytes([byte]))
            assert dashboard.ask(API).status == 200


def test_clients_that_do_not_take_their_answers_hold_up_nobody(start_dashboard: Any) -> None:
    dashboard = start_dashboard()
    store = CsvBackend(dashboard.log.parent / "data")
    store.append([make_record(number, metadata={"text": "x" * 10_000}) for number in range(2, 1_002)])
    store.close()
    own = f"Host: 127.0.0.1:{dashboard.port}"
    request = f"GET /api/records?limit=1000 HTTP/1.1\r\n{own}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
            connection.connect(("127.0.0.1", dashboard.port))
            connection.sendall(request)
            connection.recv(1)  # its answer is on the way, and will not fit into any buffer
        time.sleep(TAKING_SECONDS)
        assert dashboard.ask(API).status == 200


def read_all(connection: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)
