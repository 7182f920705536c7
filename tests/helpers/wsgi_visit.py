"""Asks a WSGI application for an address, without a socket."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults


def visit(app: Any, path: str, **parameters: str) -> tuple[int, str]:
    """Return status and text of the answer; characters that no address can hold become question marks."""
    environ: dict[str, Any] = {"QUERY_STRING": urlencode(parameters, errors="replace")}
    setup_testing_defaults(environ)
    environ["PATH_INFO"] = path.encode("utf-8", "replace").decode("latin-1")
    environ["HTTP_HOST"] = "127.0.0.1:8081"
    statuses: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        statuses.append(status)

    body = b"".join(app(environ, start_response))
    return int(statuses[-1][:3]), body.decode("utf-8")
