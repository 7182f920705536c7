from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from curio_tracking.dashboard.tokens import SHORTEST_TOKEN, check_token
from curio_tracking.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

TOKEN = "correct-horse/battery+staple="


@pytest.fixture
def client(make_client: Callable[..., Any], shop: Any) -> Any:
    """The application with a token."""
    return make_client(token=TOKEN)


def pass_of(answer: Any) -> str:
    """The cookie that the answer sets, as a browser sends it back."""
    return answer.headers["set-cookie"].split(";")[0]


def enter(client: Any) -> Any:
    return client.ask(f"/?token={quote(TOKEN, safe='')}")


@pytest.mark.parametrize("path", ["/", "/pages/features", "/api/overall", "/api/records", "/nothing", "/api/nothing"])
def test_nothing_is_shown_without_the_token(client: Any, path: str) -> None:
    answer = client.ask(path)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert b"translate" not in answer.body


def test_style_sheet_of_the_page_that_asks_for_the_token_is_public(client: Any) -> None:
    assert client.ask("/static/dashboard.css").status == 200


def test_page_that_asks_for_the_token_has_a_field_for_it(client: Any) -> None:
    assert [(field["type"], field["name"]) for field in client.ask("/").page.all("input")] == [("password", "token")]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_programs_send_the_token_as_a_header(client: Any, scheme: str) -> None:
    assert client.ask("/api/overall", authorization=f"{scheme} {TOKEN}").status == 200


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \xe9",
    ],
)
def test_wrong_header_is_refused(client: Any, header: str) -> None:
    assert client.ask("/", authorization=header).status == 401


def test_token_in_the_address_sets_a_cookie_and_leads_to_the_address_without_it(client: Any) -> None:
    answer = client.ask(f"/pages/features?since=7d&token={quote(TOKEN, safe='')}&category=sysmon")
    assert answer.status == 303
    assert answer.headers["location"] == "/pages/features?since=7d&category=sysmon"
    attributes = answer.headers["set-cookie"].split("; ")[1:]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} == set(attributes)
    assert client.ask("/pages/features", cookie=f"other=1; {pass_of(answer)}").status == 200


def test_token_in_the_address_may_be_quoted_in_any_way(client: Any) -> None:
    everything = "".join(f"%{ord(letter):02X}" for letter in TOKEN)
    assert client.ask(f"/?%74oken={everything}").status == 303


@pytest.mark.parametrize("given", ["", "wrong", quote(TOKEN + "x"), "%FF%FE", f"{quote(TOKEN, safe='')}&token=wrong"])
def test_wrong_token_in_the_address_is_refused_even_with_the_cookie(client: Any, given: str) -> None:
    answer = client.ask(f"/?token={given}", cookie=pass_of(enter(client)))
    assert answer.status == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%2F/evil.example", "/x%0D%0ASet-Cookie:a=b"])
def test_redirect_stays_on_this_server(client: Any, path: str) -> None:
    location = client.ask(f"{path}?token={quote(TOKEN, safe='')}").headers["location"]
    assert location[0] == "/"
    assert location[1] not in "/\\"
    assert "\r" not in location


def test_cookie_does_not_tell_the_token_and_is_worth_nothing_at_another_server(
    make_client: Callable[..., Any], client: Any
) -> None:
    cookie = pass_of(enter(client))
    assert TOKEN not in cookie
    assert quote(TOKEN, safe="") not in cookie
    assert make_client(token=TOKEN).ask("/", cookie=cookie).status == 401


def test_cookie_carries_the_port_so_that_two_dashboards_do_not_overwrite_each_other(
    make_client: Callable[..., Any],
) -> None:
    names = {pass_of(enter(make_client(token=TOKEN, port=port))).split("=")[0] for port in (8081, 8082)}
    assert len(names) == 2


@pytest.mark.parametrize("value", ["", "x", TOKEN])
def test_made_up_cookie_is_refused(client: Any, value: str) -> None:
    name = pass_of(enter(client)).split("=")[0]
    assert client.ask("/", cookie=f"{name}={value}").status == 401


def test_token_is_in_no_answer_and_no_log(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    visit = enter(client)
    answers = [
        visit,
        client.ask(visit.headers["location"], cookie=pass_of(visit)),
        client.ask(f"/?token={quote(TOKEN[:-1] + '!', safe='')}"),
        client.ask("/", authorization=f"Bearer {TOKEN}"),
    ]
    for answer in answers:
        shown = answer.body.decode() + repr(answer.headers)
        assert TOKEN not in shown
        assert quote(TOKEN, safe="") not in shown
    assert TOKEN not in caplog.text


def test_token_that_was_asked_for_on_loopback_is_needed_there_too(make_client: Callable[..., Any]) -> None:
    assert make_client(host="localhost", token=TOKEN).ask("/").status == 401


def test_token_outside_ascii_works_in_header_and_address(make_client: Callable[..., Any]) -> None:
    token = "schlüssel-für-das-brett"
    client = make_client(token=token)
    assert client.ask("/", authorization="Bearer " + token.encode().decode("latin-1")).status == 200
    assert client.ask(f"/?token={quote(token)}").status == 303


@pytest.mark.parametrize("address", ["127.0.0.1", "127.4.5.6", "::1"])
def test_loopback_needs_no_token(address: str) -> None:
    assert check_token(None, address) is None
    assert check_token("", address) is None


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "8.8.8.8", "fe80::1"])
def test_any_other_address_needs_a_long_token(address: str) -> None:
    for token in (None, "", "x" * (SHORTEST_TOKEN - 1)):
        with pytest.raises(SettingsError, match="FEATURE_TRACKING_DASHBOARD_TOKEN") as caught:
            check_token(token, address)
        assert not token or token not in str(caught.value)
    assert check_token("x" * SHORTEST_TOKEN, address)


def test_short_token_is_refused_on_loopback_too() -> None:
    with pytest.raises(SettingsError, match="too short"):
        check_token("short", "127.0.0.1")
