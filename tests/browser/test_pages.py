"""Every page of the dashboard in a real browser, over a store in which every text is hostile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from dashboard_process import Dashboard

from curio_tracking.records import FeatureInfo
from curio_tracking.storage.csv import CsvBackend
from curio_tracking.testing import make_record
from curio_tracking.testing.example_records import hostile_records
from curio_tracking.testing.hostile_texts import MARKUP_TEXTS, STORAGE_TEXTS, TERMINAL_TEXTS

TEXTS = (
    *MARKUP_TEXTS,
    *TERMINAL_TEXTS,
    *STORAGE_TEXTS,
    "<img src=x onerror=canary()>",
    "<svg/onload=canary()>",
    '<iframe srcdoc="<script>parent.canary()</script>">',
    "<a href='javascript:canary()' autofocus onfocus=canary()>",
    '<link rel=prefetch href="https://canary.example/"><meta http-equiv=refresh content="0;url=https://canary.example">',
    '<base href="https://canary.example/">',
    "<style>@import 'https://canary.example/';</style>",
    '<form action="https://canary.example/"><button autofocus>',
)
MOST_OF_A_KIND = 5
PLUGIN = """
from curio_tracking import hookimpl
from curio_tracking.dashboard import escape_text

@hookimpl
def curio_register_pages(register):
    register("evil", {title!r}, lambda reader, query: {body!r})
"""


@pytest.fixture
def hostile_store(tmp_path: Path) -> None:
    """A store with a hostile text in every text field, key and value, and an ordinary record."""
    store = CsvBackend(tmp_path / "data")
    store.append([make_record(1), *hostile_records(TEXTS)])
    store.declare([FeatureInfo(text, text, text) for text in TEXTS])
    store.close()


def pages_from(visit: Any, dashboard: Dashboard) -> list[str]:
    """Visit the front page and whatever it leads to, and return the addresses.

    Of addresses that differ in their values alone, only some are visited.
    """
    waiting, seen = [dashboard.url], [dashboard.url]
    kinds: dict[tuple[str, ...], int] = {}
    while waiting:
        url = waiting.pop(0)
        assert visit.go(url) == 200
        assert_harmless(visit, dashboard)
        for link in visit.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            target = urljoin(url, link).partition("#")[0]
            parts = urlsplit(target)
            kind = (parts.path, *sorted(pair.partition("=")[0] for pair in parts.query.split("&")))
            if target not in seen and kinds.get(kind, 0) < MOST_OF_A_KIND:
                kinds[kind] = kinds.get(kind, 0) + 1
                seen.append(target)
                waiting.append(target)
    return seen


def assert_harmless(visit: Any, dashboard: Dashboard) -> None:
    page = visit.page
    assert (visit.scripts_run(), visit.violations(), visit.complaints) == ([], [], [])
    assert {url for url in visit.requests if not url.startswith((dashboard.url, "data:"))} == set()
    assert page.url.startswith(dashboard.url)
    assert page.locator("canary-element, script, iframe, base, style, [onerror], [onload], [canary]").count() == 0
    leading_away = "links => links.filter(link => link.origin !== location.origin).map(link => link.href)"
    assert page.eval_on_selector_all("a[href]", leading_away) == []


def test_no_text_of_the_store_runs_a_script_or_leaves_the_machine(
    hostile_store: None, visit: Any, start_dashboard: Callable[..., Dashboard]
) -> None:
    dashboard = start_dashboard()
    paths = {urlsplit(url).path for url in pages_from(visit, dashboard)}
    assert {"/", "/pages/features", "/pages/performance", "/pages/calls"} <= paths


@pytest.mark.parametrize("parameter", ["since", "until", "category", "status", "feature_name", "sort", "limit"])
def test_no_text_of_the_address_runs_a_script_or_leaves_the_machine(
    hostile_store: None, visit: Any, start_dashboard: Callable[..., Dashboard], parameter: str
) -> None:
    dashboard = start_dashboard()
    for path in ("", "pages/features", "pages/calls", "pages/nothing", "nothing", "api/features"):
        for text in (TEXTS[1], TEXTS[2], *TEXTS[-8:-5]):
            visit.go(f"{dashboard.url}{path}?{parameter}={quote(text, safe='')}")
            assert_harmless(visit, dashboard)


def with_page(tmp_path: Path, title: str, body: str) -> dict[str, str]:
    """Return the variable that adds a page of a plugin."""
    plugins = tmp_path / "plugins"
    plugins.mkdir(mode=0o700)
    (plugins / "evil.py").write_text(PLUGIN.format(title=title, body=body))
    return {"FEATURE_TRACKING_PLUGINS_DIR": str(plugins)}


def test_title_of_a_page_of_a_plugin_stays_text(
    hostile_store: None, visit: Any, start_dashboard: Callable[..., Dashboard], tmp_path: Path
) -> None:
    dashboard = start_dashboard(**with_page(tmp_path, "</title><script>canary()</script>\x1b\u202e", "<p>hello</p>"))
    for path in ("", "pages/evil"):
        assert visit.go(dashboard.url + path) == 200
        assert_harmless(visit, dashboard)


@pytest.mark.parametrize(
    "body",
    [
        "<script>canary()</script>",
        "<script src='https://canary.example/x.js'></script>",
        "<img src=x onerror=canary()>",
        "<p style='background: url(https://canary.example/)'>x</p>",
        "<style>p { color: red }</style><p>x</p>",
        "<link rel=stylesheet href='https://canary.example/x.css'>",
        "<img src='https://canary.example/x.png'>",
        "<iframe src='https://canary.example/'></iframe>",
        "<object data='https://canary.example/'></object>",
        "<base href='https://canary.example/'>",
    ],
)
def test_policy_holds_where_a_page_of_a_plugin_escapes_nothing(
    hostile_store: None, visit: Any, start_dashboard: Callable[..., Dashboard], tmp_path: Path, body: str
) -> None:
    # also shows that this browser would have told, had one of the pages above needed its policy
    dashboard = start_dashboard(**with_page(tmp_path, "Evil", body))
    assert visit.go(f"{dashboard.url}pages/evil") == 200
    visit.page.wait_for_function("window.violations.length > 0")
    assert visit.scripts_run() == []
    assert [url for url, _status in visit.answers if not url.startswith(dashboard.url)] == []
