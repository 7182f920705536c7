"""WEB_INTERFACE: a WSGI application on the loopback interface and a client; one page does not exist.

Both sides are tracked: what a page costs to make, and what a visitor waits for.
"""

from __future__ import annotations

import html
import socketserver
import urllib.error
import urllib.request
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from curio_tracking import FeatureCategory, track_feature, tracking_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from curio_tracking.demo.tally import Tally

PAGES: Final = {"/": "Welcome", "/orders": "Your orders", "/help": "How can we help?"}
VISITOR_HEADER: Final = "X-Visitor"
CLIENT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Without the proxies of the environment: these requests never leave the machine."""


class QuietHandler(WSGIRequestHandler):
    """Answers without writing a line per request to the terminal."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Say nothing."""


class LoopbackServer(WSGIServer):
    """A WSGI server that does not ask the name service for its own name."""

    def server_bind(self) -> None:
        """Bind as any TCP server does; HTTPServer would look the address up first."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])
        self.setup_environ()


@track_feature("render_page", FeatureCategory.WEB_INTERFACE, target_seconds=0.001)
def render_page(path: str) -> str:
    """Return the HTML of a page.

    Raises:
        LookupError: there is no such page.
    """
    if path not in PAGES:
        raise LookupError(f"no page {path}")
    links = "".join(f'<li><a href="{html.escape(link)}">{html.escape(PAGES[link])}</a></li>' for link in PAGES)
    return f"<!doctype html><title>{html.escape(PAGES[path])}</title><ul>{links}</ul>"


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request in the name of the visitor who sent it, the way a web application's middleware does it."""
    with tracking_context(user_id=environ.get("HTTP_X_VISITOR")):
        try:
            status, body = "200 OK", render_page(environ["PATH_INFO"])
        except LookupError as error:
            status, body = "404 Not Found", str(error)
    start_response(status, [("Content-Type", "text/html; charset=utf-8")])
    return [body.encode("utf-8")]


@track_feature("visit_page", FeatureCategory.WEB_INTERFACE)
def visit_page(url: str, visitor: str) -> bytes:
    """Fetch a page over HTTP.

    Raises:
        urllib.error.HTTPError: the server answered with an error.
    """
    request = urllib.request.Request(url, headers={VISITOR_HEADER: visitor})  # noqa: S310 - always http, see running_server
    with CLIENT.open(request, timeout=5) as response:
        return bytes(response.read())


@contextmanager
def running_server() -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 and give the base URL."""
    with LoopbackServer(("127.0.0.1", 0), QuietHandler) as server:
        server.set_app(application)
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def use(folder: Path, tally: Tally) -> None:
    """Visit every page twice, and one that nobody wrote."""
    visitor = folder.name
    with running_server() as base:
        for path in (*PAGES, *PAGES):
            visit_page(base + path, visitor)
            tally.count("visit_page")
            tally.count("render_page")
        with tally.failing("visit_page", urllib.error.HTTPError):
            visit_page(f"{base}/teapot", visitor)
        tally.count("render_page", "failed")
