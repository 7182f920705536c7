"""What another web site can do to the dashboard of a person who visits it, in a real browser."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard_process import Dashboard

from curio_tracking.storage.csv import CsvBackend
from curio_tracking.testing import make_record

TOKEN = "only-for-those-who-know"
SECRET = "merger_talks"
"""The only feature in the store."""


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> None:
    """A store with one call."""
    made = CsvBackend(tmp_path / "data")
    made.append([make_record(1, feature_name=SECRET)])
    made.close()


@pytest.fixture
def other_site() -> Iterator[str]:
    """A web site of somebody else: another origin, and another site to the browser, as it has another name."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Elsewhere</title><p>Elsewhere</p>")

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def statuses(visit: Any, dashboard: Dashboard) -> set[int]:
    return {status for url, status in visit.answers if url.startswith(dashboard.url)}


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize("path", ["", "api/features", "static/dashboard.css"])
def test_another_site_reads_nothing(
    visit: Any, start_dashboard: Callable[..., Dashboard], other_site: str, mode: str, path: str
) -> None:
    dashboard = start_dashboard()
    visit.go(other_site)
    read = "([url, mode]) => fetch(url, {mode, credentials: 'include'}).then(a => a.text()).catch(e => 'refused: ' + e)"
    assert visit.page.evaluate(read, [dashboard.url + path, mode]).startswith("refused: ")
    assert statuses(visit, dashboard) <= {403}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_another_site_changes_nothing(
    visit: Any, start_dashboard: Callable[..., Dashboard], other_site: str, method: str
) -> None:
    dashboard = start_dashboard()
    visit.go(other_site)
    send = "([url, method]) => fetch(url, {method, mode: 'cors'}).then(a => a.status).catch(e => 0)"
    assert visit.page.evaluate(send, [dashboard.url, method]) == 0
    assert statuses(visit, dashboard) <= {403, 405}


@pytest.mark.parametrize(
    "element",
    [
        "<iframe src='{url}'></iframe>",
        "<object data='{url}'></object>",
        "<embed src='{url}'>",
        "<img src='{url}static/icon.svg'>",
        "<script src='{url}api/features'></script>",
        "<link rel=stylesheet href='{url}static/dashboard.css'>",
    ],
)
def test_another_site_embeds_nothing(
    visit: Any, start_dashboard: Callable[..., Dashboard], other_site: str, element: str
) -> None:
    dashboard = start_dashboard()
    visit.go(other_site)
    with visit.page.expect_event("request", lambda request: request.url.startswith(dashboard.url)):
        visit.page.evaluate("html => document.body.append(document.createRange().createContextualFragment(html))",
                            element.format(url=dashboard.url))  # fmt: skip
    visit.page.wait_for_timeout(500)  # for whatever would come
    assert statuses(visit, dashboard) <= {403}
    assert not [frame for frame in visit.page.frames[1:] if SECRET in frame.content()]


def test_link_from_another_site_shows_nothing_and_offers_a_way_in(
    visit: Any, start_dashboard: Callable[..., Dashboard], other_site: str
) -> None:
    dashboard = start_dashboard()
    visit.go(other_site)
    with visit.page.expect_navigation():
        visit.page.evaluate("url => { location.href = url }", dashboard.url)
    assert SECRET not in visit.page.content()
    with visit.page.expect_navigation():
        visit.page.click("text=Open the dashboard")
    assert SECRET in visit.page.content()


def test_name_that_was_pointed_at_this_machine_gets_nothing(
    visit: Any, start_dashboard: Callable[..., Dashboard]
) -> None:
    dashboard = start_dashboard()
    for path in ("", "api/features", "static/dashboard.css"):
        assert visit.go(f"http://rebound.example:{dashboard.port}/{path}") == 421
        assert SECRET not in visit.page.content()


# -- the token ------------------------------------------------------------------------------------------------------


def test_token_is_shown_once_and_leaves_neither_address_nor_script_a_trace(
    visit: Any, start_dashboard: Callable[..., Dashboard]
) -> None:
    dashboard = start_dashboard(FEATURE_TRACKING_DASHBOARD_TOKEN=TOKEN)
    assert visit.go(dashboard.url) == 401
    assert visit.go(f"{dashboard.url}?token={TOKEN}") == 200
    assert visit.page.url == dashboard.url
    assert SECRET in visit.page.content()
    assert visit.page.evaluate("[document.cookie, document.referrer, localStorage.length]") == ["", "", 0]
    (cookie,) = visit.page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Strict", -1)
    assert TOKEN not in cookie["value"]
    assert visit.go(f"{dashboard.url}pages/calls") == 200


def test_token_may_be_typed_into_the_page_that_asks_for_it(
    visit: Any, start_dashboard: Callable[..., Dashboard]
) -> None:
    dashboard = start_dashboard(FEATURE_TRACKING_DASHBOARD_TOKEN=TOKEN)
    visit.go(dashboard.url)
    visit.page.fill("input[name=token]", TOKEN)
    with visit.page.expect_navigation():
        visit.page.click("button")
    assert (visit.page.url, SECRET in visit.page.content()) == (dashboard.url, True)


def test_cookie_does_not_come_along_when_another_site_asks(
    visit: Any, start_dashboard: Callable[..., Dashboard], other_site: str
) -> None:
    dashboard = start_dashboard(FEATURE_TRACKING_DASHBOARD_TOKEN=TOKEN)
    visit.go(f"{dashboard.url}?token={TOKEN}")
    # an address that the dashboard's own page does not ask for: a late request of that page brings the cookie rightly
    asked = f"{dashboard.url}api/features?limit=7"
    with visit.page.expect_request(asked) as typed:
        visit.go(asked)
    assert "cookie" in typed.value.all_headers()
    visit.go(other_site)
    with visit.page.expect_request(asked) as sent:
        visit.page.evaluate("url => fetch(url, {mode: 'no-cors', credentials: 'include'}).catch(() => 0)", asked)
    assert "cookie" not in sent.value.all_headers()
