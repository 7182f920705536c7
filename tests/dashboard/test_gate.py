from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from bottle import request

from curio_tracking import hookimpl
from curio_tracking.dashboard.hosts import AllowedHosts

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

EVERYWHERE = (
    "/",
    "/pages/features?feature_name=translate",
    "/api/overall",
    "/static/dashboard.css",
    "/nothing",
    "/api/nothing",
    "/?since=x",
)
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def refusals(client: Any) -> list[Any]:
    return [
        client.ask("/", "POST"),
        client.ask("/", host="evil.example:8081"),
        client.ask("/", sec_fetch_site="cross-site"),
    ]


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", ""])
def test_nothing_but_get_and_head_is_answered(shop: Any, client: Any, path: str, method: str) -> None:
    client.app = client.unchecked  # wsgiref's check objects to unusual methods itself
    answer = client.ask(path, method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", EVERYWHERE)
def test_head_is_answered_like_get_without_the_body(shop: Any, client: Any, path: str) -> None:
    get, head = client.ask(path), client.ask(path, "HEAD")
    assert head.body == b""
    assert (head.status, head.headers) == (get.status, get.headers)
    assert int(head.headers["content-length"]) == len(get.body) > 0


def test_refused_head_has_no_body(client: Any) -> None:
    assert client.ask("/", "HEAD", host="evil.example").body == b""


def test_every_answer_has_the_security_headers_once(shop: Any, client: Any) -> None:
    for answer in [client.ask(path) for path in EVERYWHERE] + refusals(client):
        names = [name.lower() for name, _ in answer.header_list]
        assert len(names) == len(set(names))
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in names
        assert not [name for name in names if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8081", "localhost:8081", "LocalHost:8081", "[::1]:8081", "127.9.9.9:8081", "[0:0:0:0:0:0:0:1]:8081"],
)
def test_loopback_names_with_the_port_are_answered(client: Any, host: str) -> None:
    assert client.ask("/api/overall", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8081",
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:8082",
        "localhost:80810",
        "localhost.evil.example:8081",
        "127.0.0.1.evil.example:8081",
        "127.0.0.1:8081@evil.example",
        "evil.example:8081,127.0.0.1:8081",
        "localhost:8081/",
        " localhost:8081",
        "192.168.1.5:8081",
        "0.0.0.0:8081",
        "2130706433:8081",
        "[::ffff:10.0.0.1]:8081",
        "localhost:٨٠٨١",
        ":8081",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/records", "/static/dashboard.css"])
def test_other_names_are_refused(shop: Any, client: Any, path: str, host: str) -> None:
    answer = client.ask(path, host=host.encode().decode("latin-1"))
    assert answer.status == 421
    assert b"translate" not in answer.body


def test_request_without_a_host_is_refused(client: Any) -> None:
    assert client.ask("/", host="").status == 400


def test_configured_host_is_answered_and_other_addresses_of_the_machine_are_not() -> None:
    hosts = AllowedHosts("192.168.1.5", 9000)
    assert hosts.allows("192.168.1.5:9000")
    assert hosts.allows("localhost:9000")
    assert not hosts.allows("192.168.1.6:9000")
    named = AllowedHosts("Box.Example", 9000)
    assert named.allows("box.example:9000")
    assert not named.allows("other.example:9000")


@pytest.mark.parametrize("everything", ["0.0.0.0", "::"])
def test_server_on_every_interface_answers_to_addresses_and_its_own_name_only(everything: str) -> None:
    hosts = AllowedHosts(everything, 9000)
    for name in ("10.1.2.3", "[fd00::1]", "localhost", socket.gethostname()):
        assert hosts.allows(f"{name}:9000")
    assert not hosts.allows("evil.example:9000")


def test_port_80_may_be_left_out() -> None:
    assert AllowedHosts("127.0.0.1", 80).allows("127.0.0.1")
    assert not AllowedHosts("127.0.0.1", 8081).allows("127.0.0.1")


NAVIGATION = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "CROSS-SITE"}, 403),
        ({"sec_fetch_site": "cross-site", **NAVIGATION}, 403),
        ({"sec_fetch_site": "same-site", **NAVIGATION}, 200),
        ({"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"}, 403),
        ({"sec_fetch_site": "same-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "whatever"}, 403),
    ],
)
def test_requests_that_other_sites_cause_are_refused(
    shop: Any, client: Any, headers: dict[str, str], status: int
) -> None:
    assert client.ask("/api/overall", **headers).status == status


def test_refusals_under_api_are_json_and_others_are_pages(client: Any) -> None:
    assert client.ask("/api/overall", "POST").json == {"error": "The dashboard can only be read."}
    assert client.ask("/api/overall", host="evil.example").json.keys() == {"error"}
    assert client.ask("/", "POST").page.all("h1")


def test_refused_visitor_from_another_site_finds_a_way_in(client: Any) -> None:
    assert client.ask("/", sec_fetch_site="cross-site").page.links == ["/"]


@pytest.mark.parametrize(("name", "media_type"), [("dashboard.css", "text/css"), ("icon.svg", "image/svg+xml")])
def test_static_files_are_served_with_their_type(client: Any, name: str, media_type: str) -> None:
    answer = client.ask(f"/static/{name}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(media_type)


def test_style_sheet_asks_nothing_of_the_network(client: Any) -> None:
    css = client.ask("/static/dashboard.css").body
    assert b"url(" not in css
    assert b"@import" not in css


def test_pages_see_neither_cookies_nor_the_token(make_client: Callable[..., Any]) -> None:
    seen: list[str] = []

    class Nosy:
        @hookimpl
        def curio_register_pages(self, register: Any) -> None:
            register("nosy", "Nosy", lambda reader, query: seen.append(repr(request.environ) + repr(query)) or "")

    client = make_client(Nosy(), token="a-secret-of-20-chars")
    assert client.ask("/pages/nosy", authorization="Bearer a-secret-of-20-chars", cookie="a=b").status == 200
    assert "a-secret-of-20-chars" not in seen[0]
    assert "a=b" not in seen[0]
