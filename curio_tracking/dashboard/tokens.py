"""The access token: how a visitor shows it, and the cookie that stands for it afterwards.

The cookie holds a value derived under a key that lives as long as the server: it is worth nothing elsewhere, nor after
a restart, and does not tell the token. Imports errors only.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from curio_tracking.dashboard.hosts import is_loopback
from curio_tracking.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIEnvironment

SHORTEST_TOKEN: Final = 16
PARAMETER: Final = "token"


def check_token(token: str | None, address: str) -> str | None:
    """Return the token to ask for, None for none.

    Args:
        token: what was configured; empty means none.
        address: the address that the server binds to, in digits.

    Raises:
        SettingsError: the address can be reached by others and there is no token, or the token is too short.
    """
    remedy = f"FEATURE_TRACKING_DASHBOARD_TOKEN of at least {SHORTEST_TOKEN} characters"
    if not token:
        if is_loopback(address):
            return None
        raise SettingsError(
            f"other machines can reach the dashboard at {address}, so it needs a token; set {remedy},"
            " or bind to 127.0.0.1"
        )
    if len(token) < SHORTEST_TOKEN:
        raise SettingsError(f"the dashboard's token is too short; set {remedy}")
    return token


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that brings the token in its address.

    Attributes:
        is_right: whether it is the token.
        location: the same address without it.
    """

    is_right: bool
    location: str


class TokenCheck:
    """Compares what requests bring with the token, in a time that does not tell how much of it was right."""

    def __init__(self, token: str, port: int) -> None:
        """Args: the token; the server's port, because browsers share cookies between the ports of a host."""
        # surrogateescape: a variable of the environment may hold any bytes, and headers bring just those
        secret = token.encode("utf-8", "surrogateescape")
        self._token = _digest(secret)
        self._pass = hmac.new(secrets.token_bytes(32), secret, sha256).hexdigest()
        self._pass_digest = _digest(self._pass.encode())
        self._cookie_name = f"curio_dashboard_{port}"

    def visit(self, environ: WSGIEnvironment) -> Visit | None:
        """Return what the address's `token` parameter means, None if there is none."""
        parts = environ.get("QUERY_STRING", "").split("&")
        given = [part for part in parts if _name(part) == PARAMETER]
        if not given:
            return None
        is_right = all(self._is_token(_value(part)) for part in given)
        rest = "&".join(part for part in parts if _name(part) != PARAMETER)
        path = quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"))
        # exactly one slash in front: `//name` would lead to another host
        location = "/" + path.lstrip("/") + ("?" + quote(rest, safe="=&%+-._~:") if rest else "")
        return Visit(is_right, location)

    def admits(self, environ: WSGIEnvironment) -> bool:
        """Whether the request brings the token in its Authorization header, or the cookie."""
        scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._is_token(given.strip().encode("latin-1", "replace"))
        return any(hmac.compare_digest(_digest(value), self._pass_digest) for value in self._cookies(environ))

    def cookie(self) -> str:
        """Return the Set-Cookie header of a visitor who has shown the token; it lasts until the browser is closed."""
        return f"{self._cookie_name}={self._pass}; Path=/; HttpOnly; SameSite=Strict"

    def _is_token(self, given: bytes) -> bool:
        return hmac.compare_digest(_digest(given), self._token)

    def _cookies(self, environ: WSGIEnvironment) -> Iterator[bytes]:
        for part in environ.get("HTTP_COOKIE", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._cookie_name:
                yield value.encode("latin-1", "replace")


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _value(part: str) -> bytes:
    return unquote_to_bytes(part.partition("=")[2].replace("+", " "))


def _digest(given: bytes) -> bytes:
    # of equal length, whatever was given
    return sha256(given).digest()
