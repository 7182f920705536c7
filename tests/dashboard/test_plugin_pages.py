from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from curio_tracking import hookimpl
from curio_tracking.errors import QueryError, StorageError

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
    assert list(dict.fromkeys(links))[:5] == [
        "/",
        "/pages/features",
        "/pages/performance",
        "/pages/calls",
        "/pages/aaa",
    ]
