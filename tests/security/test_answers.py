"""The headers of every answer of the real dashboard, whoever gives it: page, gate, server, or a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from curio_tracking.dashboard.connections import MOST_CONNECTIONS, MOST_HEAD_BYTES
from curio_tracking.dashboard.gate import Gate
from curio_tracking.dashboard.hosts import AllowedHosts
from curio_tracking.dashboard.server import bind

PATIENCE = 180

DIRECTIVES = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
OWN = "Host: 127.0.0.1:{port}\r\n"
REQUESTS = {
    "page": (200, f"GET / HTTP/1.1\r\n{OWN}\r\n"),
    "json": (200, f"GET /api/features HTTP/1.1\r\n{OWN}\r\n"),
    "style sheet": (200, f"GET /static/dashboard.css HTTP/1.1\r\n{OWN}\r\n"),
    "icon": (200, f"GET /static/icon.svg HTTP/1.1\r\n{OWN}\r\n"),
    "head": (200, f"HEAD / HTTP/1.1\r\n{OWN}\r\n"),
    "wrong filter": (400, f"GET /?since=x HTTP/1.1\r\n{OWN}\r\n"),
    "wrong filter of json": (400, f"GET /api/features?since=x HTTP/1.1\r\n{OWN}\r\n"),
    "bytes that are no text": (400, f"GET /%ff HTTP/1.1\r\n{OWN}\r\n"),
    "no host": (400, "GET / HTTP/1.1\r\n\r\n"),
    "other host": (421, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
    "other site": (403, f"GET / HTTP/1.1\r\n{OWN}Sec-Fetch-Site: cross-site\r\n\r\n"),
    "nothing there": (404, f"GET /nothing HTTP/1.1\r\n{OWN}\r\n"),
    "no such static file": (404, f"GET /static/nothing HTTP/1.1\r\n{OWN}\r\n"),
    "method": (405, f"POST / HTTP/1.1\r\n{OWN}\r\n"),
    "too large": (431, f"GET / HTTP/1.1\r\n{OWN}X: {'x' * MOST_HEAD_BYTES}\r\n\r\n"),
    "too many headers": (431, f"GET / HTTP/1.1\r\n{OWN}{'X: x' * 1}\r\n" + "X: x\r\n" * 200 + "\r\n"),
    "no http": (400, "nonsense\r\n\r\n"),
    "no such version": (505, "GET / HTTP/9.9\r\n\r\n"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_answer_keeps_scripts_frames_caches_and_guesses_away(dashboard: Any, name: str) -> None:
    status, request = REQUESTS[name]
    reply = dashboard.send(request.format(port=dashboard.port).encode())
    assert reply.status == status
    assert_harmless(reply)


def test_page_that_asks_for_the_token_does_so_too(guarded: Any, token: str) -> None:
    for target in ("/", f"/?token={token}", "/?token=wrong"):
        assert_harmless(guarded.ask(target))


def raising(environ: Any, start_response: Any) -> list[bytes]:
    raise RuntimeError("broken")


def raising_later(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    raise RuntimeError("broken")
    yield b""


def with_a_header_that_is_none(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", None), ("Connection", "close")])
    return [b""]


@pytest.mark.parametrize("broken", [raising, raising_later, with_a_header_that_is_none])
def test_answer_of_an_application_that_breaks_does_so_too(
    serve: Callable[[Any], int], ask: Callable[[int], Any], broken: Any
) -> None:
    reply = ask(serve(broken))
    assert reply.status == 500
    assert_harmless(reply)


def test_answer_to_one_client_too_many_does_so_too(serve: Callable[[Any], int], ask: Callable[[int], Any]) -> None:
    busy = threading.Semaphore(0)
    go = threading.Event()

    def waiting(environ: Any, start_response: Any) -> list[bytes]:
        busy.release()
        go.wait(PATIENCE)
        start_response("200 OK", [])
        return [b""]

    port = serve(waiting)
    with ThreadPoolExecutor(MOST_CONNECTIONS) as pool:
        for _ in range(MOST_CONNECTIONS):
            pool.submit(ask, port)
            assert busy.acquire(timeout=PATIENCE)
        reply = ask(port)
        go.set()
    assert reply.status == 503
    assert_harmless(reply)


@pytest.fixture
def serve() -> Iterator[Callable[[Any], int]]:
    """Return what serves an application behind the gate, and says at which port."""
    with bind("127.0.0.1", 0, None) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))

        def start(app: Any) -> int:
            server.set_app(Gate(app, AllowedHosts("127.0.0.1", server.server_port), None))
            thread.start()
            return server.server_port

        yield start
        server.shutdown()
        thread.join(PATIENCE)


def assert_harmless(reply: Any) -> None:
    """Check the headers that protect whoever sees the answer, each there once."""
    policy = dict(part.strip().split(" ", 1) for part in reply.header("content-security-policy").split(";"))
    assert policy == DIRECTIVES
    assert reply.header("x-content-type-options") == "nosniff"
    assert reply.header("x-frame-options") == "DENY"
    assert reply.header("referrer-policy") == "no-referrer"
    assert reply.header("cross-origin-opener-policy") == "same-origin"
    assert reply.header("cross-origin-resource-policy") == "same-origin"
    assert reply.header("cache-control") == "no-store"
    names = [name for name, _ in reply.headers]
    assert not [name for name in names if name in ("server", "x-powered-by") or name.startswith("access-control-")]
