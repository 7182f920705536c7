from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from curio_tracking import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</title><script>1</script>",
    "{{1+1}} % import os {{!x}}",
    "a/b//c/../d",
    "..",
    ".",
    "%2e%2e%2f 100% &amp; &lt;",
    "\0",
    "?a=b#c&token=x;y",
    "名前 prénom 🦉",
    " blanks at the ends ",
    "two\nlines",
    "a+b c",
    "x" * 2000,
)
TAGS = """a bdi body button caption code dd div dl dt footer form h1 h2 head header html input label li link main meta
nav option p pre rect section select small span strong svg table tbody td th thead time title tr ul"""
ALLOWED_TAGS = frozenset(TAGS.split())


@pytest.fixture
def names(backend: Any, record: Callable[..., Any]) -> None:
    """A store in which every text that a program gives is hostile or strange."""
    backend.append(
        [
            record(
                number,
                feature_name=name,
                category=name,
                status=FeatureStatus.FAILED,
                error_type=name,
                error_message=name,
                user_id=name,
                host=name,
                metadata={name: name},
            )
            for number, name in enumerate(NAMES)
        ]
    )


def paths() -> list[str]:
    one = [f"/pages/features?feature_name={quote(name, safe='')}" for name in NAMES]
    calls = [f"/pages/calls?feature_name={quote(name, safe='')}" for name in NAMES]
    return [
        "/",
        "/pages/features",
        "/pages/performance",
        "/pages/calls",
        *one,
        *calls,
        "/pages/calls?record_id=r000000",
    ]


@pytest.mark.parametrize("path", paths())
def test_no_text_from_a_record_becomes_markup(names: None, client: Any, path: str) -> None:
    answer = client.ask(path)
    assert answer.status == 200
    for tag, attributes in answer.page.tags:
        assert tag in ALLOWED_TAGS
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "/").startswith(("/", "#"))


@pytest.mark.parametrize(
    "where", ["since", "until", "category", "status", "feature_name", "sort", "limit", "record_id"]
)
@pytest.mark.parametrize("text", [NAMES[0], NAMES[1], NAMES[2]])
@pytest.mark.parametrize("page", ["/", "/pages/features", "/pages/calls", "/pages/nothing"])
def test_no_text_from_the_address_becomes_markup(client: Any, page: str, where: str, text: str) -> None:
    answer = client.ask(f"{page}?{where}={quote(text, safe='')}")
    assert answer.status in (200, 400, 404)
    assert {tag for tag, _ in answer.page.tags} <= ALLOWED_TAGS
    assert not [name for _, attributes in answer.page.tags for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("name", NAMES)
def test_link_to_a_feature_leads_to_that_feature_whatever_its_name(names: None, client: Any, name: str) -> None:
    links = [link for link in client.ask("/pages/features").page.links if "feature_name=" in link]
    found = [link for link in links if parse_qs(urlsplit(link).query)["feature_name"] == [name]]
    assert len(found) == 1
    assert "Calls 1" in client.ask(found[0]).page.text


@pytest.mark.parametrize("name", NAMES)
def test_api_finds_a_feature_whatever_its_name(names: None, client: Any, name: str) -> None:
    assert client.ask(f"/api/features/{quote(name, safe='')}").json["feature_name"] == name
    assert [row["feature_name"] for row in client.ask(f"/api/features?feature_name={quote(name, safe='')}").json] == [
        name
    ]


def test_invisible_characters_are_made_visible(backend: Any, record: Callable[..., Any], client: Any) -> None:
    backend.append([record(1, feature_name="good\x1b[31m\u202etxt.exe\x00\x7f", error_message="a\tb\nc")])
    for path in ("/pages/features", "/pages/calls"):
        html = client.ask(path).html
        assert "good\\x1b[31m\\u202etxt.exe\\x00\\x7f" in html
        assert not set("\x1b\u202e\x00\x7f") & set(html)


def test_half_a_surrogate_pair_breaks_no_page(backend: Any, record: Callable[..., Any], client: Any) -> None:
    backend.append([record(1, feature_name="broken\udcff", metadata={"k": "\ud800"})])
    for path in ("/", "/pages/features", "/pages/performance", "/pages/calls", "/pages/calls?record_id=r000001"):
        answer = client.ask(path)
        assert answer.status == 200
        assert "broken\\udcff" in answer.html
    assert client.ask("/api/records").json[0]["feature_name"] == "broken\udcff"


@pytest.mark.parametrize("raw", ["%FF", "%C3%28", "%ED%A0%80"])
def test_bytes_that_are_no_text_harm_nothing(shop: Any, client: Any, raw: str) -> None:
    assert client.ask(f"/pages/features?feature_name={raw}").status == 404
    for path in (f"/api/features/translate{raw}", f"/pages/features{raw}", f"/{raw}"):
        assert client.ask(path).status == 400
