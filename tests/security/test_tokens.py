"""The way of the token through the real dashboard: shown once, never seen again."""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from curio_tracking.dashboard import tokens

SECRET = b"translate"
EVERYWHERE = ("/", "/pages/features", "/pages/calls", "/api/features", "/api/records", "/nothing", "/api/nothing")


def enter(dashboard: Any, token: str, target: str = "/") -> Any:
    joint = "&" if "?" in target else "?"
    return dashboard.ask(f"{target}{joint}token={quote(token, safe='')}")


def cookie_of(reply: Any) -> str:
    return f"Cookie: {reply.header('set-cookie').split(';')[0]}"


@pytest.mark.parametrize("target", [*EVERYWHERE, "/static/nothing", "/static/../pages/features", "/static/", "/static"])
def test_nothing_is_told_without_the_token(guarded: Any, target: str) -> None:
    reply = guarded.ask(target)
    assert reply.status == 401
    assert not [sign for sign in (SECRET, b"/pages/", b"Overview", b"Curio Tracking 0") if sign in reply.body]


@pytest.mark.parametrize("target", ["/static/dashboard.css", "/static/icon.svg"])
def test_what_the_page_that_asks_for_the_token_shows_needs_none(guarded: Any, target: str) -> None:
    assert guarded.ask(target).status == 200


def test_token_in_the_address_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(
    guarded: Any, token: str
) -> None:
    reply = enter(guarded, token, "/pages/features?since=7d")
    assert (reply.status, reply.header("location")) == (303, "/pages/features?since=7d")
    value, *attributes = reply.header("set-cookie").split("; ")
    assert set(attributes) == {"HttpOnly", "SameSite=Strict", "Path=/"}
    # neither the token nor one of Bottle's signed cookies, which are pickles: only digits that were drawn for this run
    assert re.fullmatch(r"curio_dashboard_\d+=[0-9a-f]{64}", value)
    assert guarded.ask("/pages/features", cookie_of(reply)).status == 200


@pytest.mark.parametrize("change", [str.upper, lambda value: value[:-1], lambda value: value + "0", lambda value: ""])
def test_changed_cookie_is_worth_nothing(guarded: Any, token: str, change: Any) -> None:
    name, _, value = cookie_of(enter(guarded, token)).partition("=")
    assert guarded.ask("/", f"{name}={change(value)}").status == 401


def test_cookie_does_not_open_another_dashboard(guarded: Any, token: str, start_dashboard: Any) -> None:
    other = start_dashboard(FEATURE_TRACKING_DASHBOARD_TOKEN=token)
    value = cookie_of(enter(guarded, token)).partition("=")[2]
    assert other.ask("/", f"Cookie: curio_dashboard_{other.port}={value}").status == 401


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "/\\evil.example",
        "/%5Cevil.example",
        "/%2F%2Fevil.example",
        "/%09//evil.example",
        "////evil.example",
    ],
)
def test_redirect_leads_to_no_other_host(guarded: Any, token: str, target: str) -> None:
    location = enter(guarded, token, target).header("location")
    assert location.startswith("/")
    assert location[1:2] not in ("/", "\\")


@pytest.mark.parametrize("target", ["/x%0d%0aSet-Cookie:%20a=b", "/x%0aLocation:%20//evil.example", "/?a=%0d%0aX:%20y"])
def test_redirect_writes_no_further_header(guarded: Any, token: str, target: str) -> None:
    names = [name for name, _ in enter(guarded, token, target).headers]
    assert (names.count("location"), names.count("set-cookie"), names.count("x")) == (1, 1, 0)


@pytest.mark.parametrize("wrong", ["", "x", "\u2603" * 16, "%", "a" * 5_000])
@pytest.mark.parametrize("way", ["address", "header", "cookie"])
def test_wrong_token_opens_nothing(guarded: Any, wrong: str, way: str) -> None:
    reply = {
        "address": lambda: enter(guarded, wrong),
        "header": lambda: guarded.ask("/", f"Authorization: Bearer {wrong}"),
        "cookie": lambda: guarded.ask("/", f"Cookie: curio_dashboard_{guarded.port}={wrong}"),
    }[way]()
    assert (reply.status, SECRET in reply.body) == (401, False)
    assert "set-cookie" not in dict(reply.headers)


def test_token_of_any_characters_opens_it(start_dashboard: Any) -> None:
    token = "ключ-от-доски №7 & ü=%+?"
    dashboard = start_dashboard(FEATURE_TRACKING_DASHBOARD_TOKEN=token)
    assert enter(dashboard, token).status == 303
    assert dashboard.ask("/", f"Authorization: Bearer {token}").status == 200
    assert enter(dashboard, token[:-1]).status == 401


def test_comparisons_take_the_same_time_wherever_the_difference_is() -> None:
    # what compares secrets with == or `in` tells by its time how many characters were right
    tree = ast.parse(inspect.getsource(tokens.TokenCheck))
    compared = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and re.search(r"_token\b|_pass\b|_digest\(", ast.unparse(node))
    ]
    assert compared == []
    assert inspect.getsource(tokens.TokenCheck).count("hmac.compare_digest(") == 2


def test_token_is_in_no_answer_no_output_and_no_command_line(start_dashboard: Any, token: str) -> None:
    dashboard = start_dashboard(FEATURE_TRACKING_DASHBOARD_TOKEN=token)
    visit = enter(dashboard, token)
    replies = [visit, enter(dashboard, token + "!"), dashboard.ask(f"/{token}", cookie_of(visit))]
    replies += [dashboard.ask(target, cookie_of(visit)) for target in EVERYWHERE]
    replies += [dashboard.ask(target, f"Authorization: Bearer {token}", method="POST") for target in EVERYWHERE]
    replies += [dashboard.ask("/", f"Authorization: Bearer {token}", host="evil.example")]
    dashboard.end()
    shown = b"".join(reply.raw for reply in replies) + dashboard.log.read_bytes()
    assert token.encode() not in shown.replace(b"/" + token.encode(), b"")


def test_token_from_a_variable_is_in_no_command_line(guarded: Any, token: str) -> None:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a process may have ended meanwhile
            lines.append(path.read_bytes())
    assert lines
    assert not [line for line in lines if token.encode() in line]
    assert Path(f"/proc/{guarded.process.pid}/environ").stat().st_mode & 0o077 == 0
