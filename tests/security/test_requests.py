"""Which requests the real dashboard answers: under which Host, caused by whom, with which method, at which address."""

from __future__ import annotations

from typing import Any

import pytest

SECRET = b"translate"
"""The name of the only feature in the store."""
API = "/api/features"


# -- Host: protection against DNS rebinding -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "LocalHost", "[::1]", "[0:0:0:0:0:0:0:1]"])
def test_own_names_are_answered_in_any_spelling(dashboard: Any, name: str) -> None:
    reply = dashboard.ask(API, host=f"{name}:{dashboard.port}")
    assert (reply.status, SECRET in reply.body) == (200, True)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{port}",
        "evil.example",
        # the port: left out, another one, more than one, no number
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:",
        "127.0.0.1:{port}:{port}",
        "127.0.0.1:{port}x",
        "127.0.0.1:+{port}",
        "127.0.0.1:0x1f91",
        # names that begin or end like ours
        "localhost.evil.example:{port}",
        "evil.localhost:{port}",
        "127.0.0.1.evil.example:{port}",
        "127.0.0.1.nip.example:{port}",
        "localhost.:{port}",
        "127.0.0.1.:{port}",
        "localhost..:{port}",
        # userinfo, paths, lists, blanks
        "localhost:{port}@evil.example",
        "localhost@evil.example:{port}",
        "evil.example@localhost:{port}",
        "localhost:{port}/evil.example",
        "http://localhost:{port}",
        "localhost:{port},evil.example",
        "evil.example, localhost:{port}",
        "evil.example localhost:{port}",
        "evil.example\tlocalhost:{port}",
        # addresses that resolvers read in other ways, and such of other machines
        "127.1:{port}",
        "2130706433:{port}",
        "0x7f.0.0.1:{port}",
        "0177.0.0.1:{port}",
        "0.0.0.0:{port}",
        "[::]:{port}",
        "10.0.0.1:{port}",
        "[fe80::1]:{port}",
        "[::1%25lo]:{port}",
        "::1:{port}",
        "[::1:{port}",
        "[localhost]:{port}",
        "\uff4cocalhost:{port}",
        "loc\xadalhost:{port}",
        "*:{port}",
        "-",
    ],
)
def test_every_other_name_is_refused(dashboard: Any, host: str) -> None:
    reply = dashboard.ask(API, host=host.format(port=dashboard.port))
    assert (reply.status, SECRET in reply.body) == (421, False)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Host:"],
        ["Host:   "],
        ["Host: {own}", "Host: evil.example"],
        ["Host: evil.example", "Host: {own}"],
        ["Host: {own}", "Host: {own}"],
        ["Host: {own}", "host: evil.example"],
        ["Host: evil.example", " {own}"],
        ["Host : {own}"],
        ["X-Forwarded-Host: {own}"],
        ["X-Forwarded-Host: {own}", "Host: evil.example"],
        ["Forwarded: host={own}", "Host: evil.example"],
        ["HTTP_HOST: {own}", "Host: evil.example"],
    ],
)
def test_missing_doubled_and_borrowed_hosts_are_refused(dashboard: Any, lines: list[str]) -> None:
    own = f"127.0.0.1:{dashboard.port}"
    head = "\r\n".join([f"GET {API} HTTP/1.1", *(line.format(own=own) for line in lines), "", ""])
    reply = dashboard.send(head.encode())
    assert (reply.status in (400, 421), SECRET in reply.body) == (True, False)


def test_host_in_the_address_takes_no_place_of_the_header(dashboard: Any) -> None:
    own = f"http://127.0.0.1:{dashboard.port}{API}"
    assert dashboard.ask(own, host="evil.example").status == 421
    assert SECRET not in dashboard.ask(f"http://evil.example{API}").body


# -- who causes a request -------------------------------------------------------------------------------------------

NAVIGATION = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")


@pytest.mark.parametrize(
    "lines",
    [
        ("Sec-Fetch-Site: cross-site",),
        ("sec-fetch-site: CROSS-SITE",),
        ("Sec-Fetch-Site: cross-site", *NAVIGATION),
        ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"),
        ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
        ("Sec-Fetch-Site: none", "Sec_Fetch_Site: cross-site"),
        # browsers that do not know Sec-Fetch-Site yet tell by Origin
        ("Origin: https://evil.example",),
        ("Origin: null",),
        ("Origin: http://127.0.0.1",),
        ("Origin: http://127.0.0.1:1",),
        ("Origin: http://127.0.0.1:{port}.evil.example",),
        ("Origin: http://evil.example:{port}",),
        ("Origin: http://localhost:{port}",),
        ("Origin: file://127.0.0.1:{port}",),
        ("Origin: 127.0.0.1:{port}",),
        ("Origin: http://127.0.0.1:{port}", "Origin: https://evil.example"),
        ("Origin: https://evil.example", "Sec-Fetch-Site: same-origin"),
    ],
)
@pytest.mark.parametrize("target", [API, "/", "/static/dashboard.css"])
def test_what_another_site_causes_is_refused(dashboard: Any, target: str, lines: tuple[str, ...]) -> None:
    reply = dashboard.ask(target, *(line.format(port=dashboard.port) for line in lines))
    assert (reply.status, SECRET in reply.body) == (403, False)


@pytest.mark.parametrize(
    "lines",
    [
        ("Sec-Fetch-Site: none", *NAVIGATION),
        ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"),
        ("Sec-Fetch-Site: same-site", *NAVIGATION),
        ("Origin: http://127.0.0.1:{port}",),
        ("Origin: HTTP://127.0.0.1:{port}", "Sec-Fetch-Site: same-origin"),
    ],
)
def test_what_the_visitor_causes_is_answered(dashboard: Any, lines: tuple[str, ...]) -> None:
    assert dashboard.ask(API, *(line.format(port=dashboard.port) for line in lines)).status == 200


def test_no_site_is_ever_allowed_to_read_answers(dashboard: Any) -> None:
    lines = [f"Origin: http://127.0.0.1:{dashboard.port}", "Access-Control-Request-Method: GET"]
    for method in ("GET", "OPTIONS"):
        assert not [
            name for name, _ in dashboard.ask(API, *lines, method=method).headers if name.startswith("access-control")
        ]


# -- methods --------------------------------------------------------------------------------------------------------

METHODS = """\
POST PUT PATCH DELETE OPTIONS TRACE CONNECT PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH PURGE LINK
BREW get head Get gET HEAd GETT GE G XGET GET; -GET ../GET GET% 0 ÄÖÜ"""


@pytest.mark.parametrize("target", ["/", API, "/static/dashboard.css", "/nothing", "*"])
@pytest.mark.parametrize("method", METHODS.split())
def test_every_method_but_get_and_head_is_refused(dashboard: Any, method: str, target: str) -> None:
    reply = dashboard.ask(target, method=method)
    assert (reply.status, reply.header("allow"), SECRET in reply.body) == (405, "GET, HEAD", False)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_headers_that_rename_the_method_are_not_read(dashboard: Any, method: str) -> None:
    lines = [f"{name}: GET" for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method")]
    assert dashboard.ask(f"{API}?_method=GET", *lines, method=method).status == 405


@pytest.mark.parametrize("target", ["/", API, "/static/dashboard.css", "/nothing"])
def test_head_tells_what_get_does_without_the_body(dashboard: Any, target: str) -> None:
    get, head = dashboard.ask(target), dashboard.ask(target, method="HEAD")
    assert (head.status, head.header("content-length"), head.body) == (get.status, str(len(get.body)), b"")


# -- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "up", ["..", "%2e%2e", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c..", "....//..", "..%00", "%252e%252e"]
)
@pytest.mark.parametrize("start", ["/static/", "/static", "/", "/pages/", "//", "/static/dashboard.css/"])
@pytest.mark.parametrize("name", ["app.py", "templates/frame.tpl", "etc/passwd"])
def test_no_file_beside_the_static_ones_is_served(dashboard: Any, start: str, up: str, name: str) -> None:
    for depth in (1, 3, 12):
        reply = dashboard.ask(start + f"{up}/" * depth + name)
        assert reply.status in (400, 404)
        assert not [sign for sign in (b"root:", b"import ", b"{{!body}}") if sign in reply.body]


@pytest.mark.parametrize(
    "target", ["/static//etc/passwd", "/static/%2Fetc%2Fpasswd", "file:///etc/passwd", "etc/passwd"]
)
def test_no_file_is_served_by_its_absolute_path(dashboard: Any, target: str) -> None:
    reply = dashboard.ask(target)
    assert (reply.status, b"root:" in reply.body) == (404, False)


@pytest.mark.parametrize(
    "target", ["//evil.example", "//evil.example/..", "/\\evil.example", "///evil.example", "/pages"]
)
def test_no_address_leads_anywhere_else_without_a_token(dashboard: Any, target: str) -> None:
    assert "location" not in dict(dashboard.ask(target).headers)
