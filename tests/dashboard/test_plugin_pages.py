from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from curio_tracking import hookimpl
from curio_tracking.errors import QueryError, StorageError
from curio_tracking.hookspecs import PageContent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from curio_tracking.reader import Reader


class Pages:
    """A plugin with one page."""

    def __init__(self, render: Callable[..., Any], slug: str = "costs", title: str = "Costs <EUR>") -> None:
        self.render, self.slug, self.title = render, slug, title

    @hookimpl
    def curio_register_pages(self, register: Any) -> None:
        register(self.slug, self.title, self.render)


def test_page_of_a_plugin_is_shown_in_the_frame_with_a_link_on_every_page(
    shop: Any, make_client: Callable[..., Any]
) -> None:
    def render(reader: Reader, query: Mapping[str, str]) -> str:
        total = reader.overall(reader.where(category=query["category"])).total_calls
        return f"<p id=mine>{total} calls</p>"

    client = make_client(Pages(render))
    answer = client.ask("/pages/costs?category=sysmon")
    assert answer.status == 200
    assert {"id": "mine"} in answer.page.all("p")
    assert "Costs <EUR> 2 calls" in answer.page.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "/pages/costs" in client.ask("/").page.links
    assert "/pages/costs?since=7d" in client.ask("/pages/calls?since=7d").page.links


@pytest.mark.parametrize("body", [None, b"bytes", 7, ["a"]])
def test_page_that_returns_no_text_fails_alone(shop: Any, make_client: Callable[..., Any], body: Any) -> None:
    client = make_client(Pages(lambda reader, query: body))
    assert client.ask("/pages/costs").status == 500
    assert client.ask("/").status == 200


def test_page_that_raises_fails_alone_without_details_and_is_logged(
    shop: Any, make_client: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    def render(reader: Reader, query: Mapping[str, str]) -> str:
        raise RuntimeError("the password is hunter2")

    client = make_client(Pages(render))
    with caplog.at_level(logging.ERROR, "curio_tracking"):
        answer = client.ask("/pages/costs")
    assert answer.status == 500
    assert "hunter2" not in answer.html
    assert "RuntimeError" not in answer.html
    assert "Traceback" not in answer.html
    assert "/pages/features" in answer.page.links
    assert 'the page "costs" failed' in caplog.text
    assert client.ask("/pages/features").status == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [(QueryError("give a <year>"), 400), (StorageError("no <disk>"), 503)],
)
def test_page_may_tell_the_visitor_what_to_mend(make_client: Callable[..., Any], error: Exception, status: int) -> None:
    def render(reader: Reader, query: Mapping[str, str]) -> str:
        raise error

    answer = make_client(Pages(render)).ask("/pages/costs")
    assert answer.status == status
    assert str(error)[1:] in answer.page.text


@pytest.mark.parametrize("slug", ["a b", "ü", "a?b", "<b>", "a#b"])
def test_page_is_found_under_its_slug_whatever_it_is(make_client: Callable[..., Any], slug: str) -> None:
    client = make_client(Pages(lambda reader, query: "here", slug))
    link = [link for link in client.ask("/").page.links if link.startswith("/pages/")][3]
    assert "here" in client.ask(link).page.text


def test_page_cannot_write_to_the_store(shop: Any, make_client: Callable[..., Any]) -> None:
    def render(reader: Reader, query: Mapping[str, str]) -> str:
        return str(reader.backend.delete(reader.where()))

    client = make_client(Pages(render))
    assert client.ask("/pages/costs").status == 503
    assert client.ask("/api/overall").json["total_calls"] == len(shop)


def test_plugin_cannot_take_the_place_of_a_built_in_page(shop: Any, make_client: Callable[..., Any]) -> None:
    client = make_client(Pages(lambda reader, query: "mine", "overview"))
    assert "Top features" in client.ask("/").page.text


def test_overview_is_first_and_plugins_follow_the_built_in_pages(make_client: Callable[..., Any]) -> None:
    client = make_client(Pages(lambda reader, query: "", "aaa"))
    links = [link for link in client.ask("/").page.links if link == "/" or link.startswith("/pages/")]
    assert list(dict.fromkeys(links))[:6] == [
        "/",
        "/pages/features",
        "/pages/performance",
        "/pages/calls",
        "/pages/health",
        "/pages/aaa",
    ]


class Endpoint:
    """A plugin with one page for programs, at an address of its own."""

    def __init__(self, render: Callable[..., Any], path: str = "/metrics", slug: str = "metrics") -> None:
        self.render, self.path, self.slug = render, path, slug

    @hookimpl
    def curio_register_pages(self, register: Any) -> None:
        register(self.slug, "Metrics", self.render, path=self.path)


def calls_as_text(reader: Reader, query: Mapping[str, str]) -> PageContent:
    total = reader.overall(reader.where()).total_calls
    return PageContent(f"calls {total}\n".encode(), "text/plain; version=0.0.4; charset=utf-8")


@pytest.mark.parametrize("address", ["/metrics", "/pages/metrics"])
def test_content_of_a_page_is_sent_as_it_is_with_its_own_type(
    shop: Any, make_client: Callable[..., Any], address: str
) -> None:
    answer = make_client(Endpoint(calls_as_text)).ask(address)
    assert (answer.status, answer.body) == (200, b"calls 9\n")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_content_of_a_page_leaves_with_the_security_headers(make_client: Callable[..., Any]) -> None:
    headers = make_client(Endpoint(calls_as_text)).ask("/metrics").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        *(("text", "text/plain"), (None, "text/plain"), (b"", None), (b"", ""), (b"", "text"), (b"", "ünï/plain")),
        *((b"", "text/plain\r\nset-cookie: a=b"), (b"", "text/plain; charset=\ud800"), (b"", "text/plain\n")),
    ],
)
def test_content_that_cannot_be_sent_fails_alone(make_client: Callable[..., Any], body: Any, media_type: Any) -> None:
    client = make_client(Endpoint(lambda reader, query: PageContent(body, media_type)))
    assert client.ask("/metrics").status == 500
    assert client.ask("/pages/overview").status == 200


@pytest.mark.parametrize(
    ("request_headers", "status"),
    [({"host": "evil.example"}, 421), ({"sec_fetch_site": "cross-site"}, 403), ({"method": "POST"}, 405)],
)
def test_page_at_an_address_of_its_own_is_behind_the_gate(
    make_client: Callable[..., Any], request_headers: dict[str, str], status: int
) -> None:
    assert make_client(Endpoint(calls_as_text)).ask("/metrics", **request_headers).status == status


def test_page_at_an_address_of_its_own_asks_for_the_token(make_client: Callable[..., Any]) -> None:
    token = "a-token-of-many-characters"
    client = make_client(Endpoint(calls_as_text), token=token)
    assert client.ask("/metrics").status == 401
    assert client.ask("/metrics", authorization=f"Bearer {token}").status == 200


def test_page_at_an_address_of_its_own_is_not_in_the_navigation(make_client: Callable[..., Any]) -> None:
    links = make_client(Endpoint(calls_as_text)).ask("/").page.links
    assert not [link for link in links if "metrics" in link]


@pytest.mark.parametrize("path", ["/", "/api/overall", "/pages/calls", "/static/dashboard.css", "/static/my/own"])
def test_page_cannot_take_an_address_of_the_dashboard(make_client: Callable[..., Any], path: str) -> None:
    client = make_client(Endpoint(lambda reader, query: PageContent(b"mine", "text/plain"), path))
    assert client.ask(path).body != b"mine"


def test_first_of_two_pages_with_one_address_answers_there(make_client: Callable[..., Any]) -> None:
    first, second = (lambda reader, query, text=text: PageContent(text, "text/plain") for text in (b"one", b"two"))
    client = make_client(Endpoint(second, slug="b"), Endpoint(first, slug="a"))
    assert client.ask("/metrics").body == b"one"


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/metrics/more", "/a\nb"])
def test_address_that_no_page_asked_for_is_not_found(make_client: Callable[..., Any], path: str) -> None:
    answer = make_client(Endpoint(calls_as_text)).ask(path)
    assert answer.status == 404
    assert "There is nothing at this address." in answer.page.text


def test_failing_page_at_an_address_of_its_own_answers_with_an_error(make_client: Callable[..., Any]) -> None:
    def render(reader: Reader, query: Mapping[str, str]) -> PageContent:
        raise StorageError("no disk")

    assert make_client(Endpoint(render)).ask("/metrics").status == 503


@pytest.mark.parametrize("path", ["metrics", "", 7])
def test_page_at_an_address_without_a_slash_is_refused_with_the_plugin(
    make_client: Callable[..., Any], caplog: pytest.LogCaptureFixture, path: Any
) -> None:
    client = make_client(Endpoint(calls_as_text, path))
    assert client.ask("/pages/metrics").status == 404
    assert f"registered at the address {path!r}; give one that begins with /" in caplog.text


def test_page_that_no_address_would_lead_to_is_refused_with_the_plugin(
    make_client: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(Endpoint(calls_as_text, slug="slow/today"))
    assert "slow%2Ftoday" not in client.ask("/").page.text
    assert 'the page "slow/today" has a / in its name, so no address would lead to it; leave that out' in caplog.text
