"""The gate: what every request passes before it reaches a page, and the headers every answer leaves with.

A WSGI middleware around the Bottle application, so that no route, plugin page or error page can be reached or left
without it. The order of the checks is that of `_refusal`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.dashboard.rendering import render
from curio_tracking.dashboard.security_headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from curio_tracking.dashboard.hosts import AllowedHosts
    from curio_tracking.dashboard.tokens import TokenCheck

_log: Final = logging.getLogger("curio_tracking")

ALLOWED_METHODS: Final = ("GET", "HEAD")
PUBLIC: Final = ("/static/dashboard.css", "/static/icon.svg")
"""What the page that asks for the token consists of; there is nothing secret in it."""
_SET_HERE: Final = {name.lower() for name in SECURITY_HEADERS} | {"server"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request goes no further."""

    status: HTTPStatus
    message: str
    headers: dict[str, str] = field(default_factory=dict)


class Gate:
    """Answers what must not pass, and lets the application answer the rest."""

    def __init__(self, app: WSGIApplication, hosts: AllowedHosts, token: TokenCheck | None) -> None:
        """Args: the application; the Host headers it may be asked under; the token to ask for, if any."""
        self._app = app
        self._hosts = hosts
        self._token = token

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            kept = [(name, value) for name, value in headers if name.lower() not in _SET_HERE]
            return start_response(status, [*kept, *SECURITY_HEADERS.items()], exc_info)

        refusal = self._refusal(environ)
        if refusal is not None:
            return _refuse(refusal, environ, start)
        # nothing behind the gate has a use for these, and what cannot be seen cannot leak
        for name in ("HTTP_AUTHORIZATION", "HTTP_COOKIE"):
            environ.pop(name, None)
        try:
            return self._app(environ, start)
        except Exception:
            _log.exception("the dashboard failed")
            return _refuse(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Its log says why."), environ, start)

    def _refusal(self, environ: WSGIEnvironment) -> Refusal | None:
        host = environ.get("HTTP_HOST", "")
        if not host:
            return Refusal(HTTPStatus.BAD_REQUEST, "The request names no host.")
        if not self._hosts.allows(host):
            return Refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                "The dashboard does not answer under this name; open the address that it showed when it started.",
            )
        if _is_foreign(environ):
            return Refusal(
                HTTPStatus.FORBIDDEN, "Another web site made this request; the dashboard answers its own only."
            )
        if environ["REQUEST_METHOD"] not in ALLOWED_METHODS:
            allowed = ", ".join(ALLOWED_METHODS)
            return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "The dashboard can only be read.", {"Allow": allowed})
        if not _is_text(environ.get("PATH_INFO", "")):
            # Bottle would leave the bytes out, and answer for another address
            return Refusal(HTTPStatus.BAD_REQUEST, "The address is not UTF-8.")
        return self._token_refusal(environ)

    def _token_refusal(self, environ: WSGIEnvironment) -> Refusal | None:
        if self._token is None or environ.get("PATH_INFO") in PUBLIC:
            return None
        visit = self._token.visit(environ)
        if visit is not None and visit.is_right:
            headers = {"Location": visit.location, "Set-Cookie": self._token.cookie()}
            return Refusal(HTTPStatus.SEE_OTHER, "Come in.", headers)
        if visit is None and self._token.admits(environ):
            return None
        message = "This is not the token." if visit is not None else "The dashboard asks for its token."
        return Refusal(HTTPStatus.UNAUTHORIZED, message, {"WWW-Authenticate": 'Bearer realm="curio-tracking"'})


def _is_foreign(environ: WSGIEnvironment) -> bool:
    """Whether a browser says that another site made the request; no other program sends these headers."""
    # older browsers know no Sec-Fetch-Site; the host that the origin has to name was checked before
    scheme, _, origin = environ.get("HTTP_ORIGIN", f"http://{environ['HTTP_HOST']}").partition("://")
    if scheme.lower() not in ("http", "https") or origin.lower() != environ["HTTP_HOST"].lower():
        return True
    site = environ.get("HTTP_SEC_FETCH_SITE", "none").lower()
    if site == "same-site":
        # another port of this host: may link here, may not fetch or embed
        return (environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST")) != ("navigate", "document")
    return site not in ("none", "same-origin")


def _is_text(path: str) -> bool:
    try:
        path.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return False
    return True


def _refuse(refusal: Refusal, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    if environ.get("PATH_INFO", "").startswith("/api/"):
        media_type, text = "application/json", json.dumps({"error": refusal.message})
    else:
        media_type, text = "text/html; charset=utf-8", render("refusal", refusal=refusal)
    body = text.encode()
    headers = {"Content-Type": media_type, "Content-Length": str(len(body))} | refusal.headers
    start(f"{refusal.status.value} {refusal.status.phrase}", list(headers.items()))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
