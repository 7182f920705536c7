"""Which Host headers the dashboard answers to: protection against DNS rebinding.

A web page may point its own name at this machine and read what answers; it cannot keep the browser from sending that
name as Host. So only names and addresses that are this server's own are answered. Imports nothing of the project.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:\[\]/@?#,]+)(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_HTTP_PORT: Final = 80


def address_of(name: str) -> IPv4Address | IPv6Address | None:
    """Return the address that `name` is (brackets around it or not), None if it is a name or nothing."""
    try:
        return ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def is_loopback(name: str) -> bool:
    """Whether only programs on this machine reach the address `name`."""
    address = address_of(name)
    return address is not None and address.is_loopback


def origin(host: str, port: int) -> str:
    """Return `http://host:port`, with brackets around an IPv6 address."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}" if port != _HTTP_PORT else f"http://{name}"


class AllowedHosts:
    """The loopback names and addresses, and the configured host, each with the server's port.

    Bound to every interface, any address in digits is right as well: there is no name in it to rebind.
    """

    def __init__(self, host: str, port: int) -> None:
        """Args: what the server was told to bind to; the port it got."""
        self._host = host.lower()
        self._port = port
        address = address_of(host)
        self._is_everywhere = address is not None and address.is_unspecified
        self._names = {"localhost", self._host}
        if self._is_everywhere:
            self._names.add(socket.gethostname().lower())

    def allows(self, header: str) -> bool:
        """Whether a request with this Host header is meant for this server."""
        found = _HOST.fullmatch(header)
        if found is None or int(found["port"] or _HTTP_PORT) != self._port:
            return False
        address = address_of(found["name"])
        if address is None:
            return found["name"].lower() in self._names
        return self._is_everywhere or address.is_loopback or address == address_of(self._host)
