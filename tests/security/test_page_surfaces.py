"""Hostile texts on every page that the program has, the frame around it included; found from the program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from wsgi_visit import visit

from curio_tracking import FeatureCategory
from curio_tracking.dashboard.app import make_app
from curio_tracking.hookspecs import ALL_GROUPS
from curio_tracking.plugins import PluginHost
from curio_tracking.reader import Reader
from curio_tracking.records import FeatureInfo
from curio_tracking.storage.memory import MemoryBackend
from curio_tracking.testing import make_record
from curio_tracking.testing.example_records import hostile_records
from curio_tracking.testing.hostile_texts import MARKUP_TEXTS, STORAGE_TEXTS, TERMINAL_TEXTS
from curio_tracking.testing.markup import Fault, faults_of

TEXTS = (*STORAGE_TEXTS, *MARKUP_TEXTS, *TERMINAL_TEXTS)
WRONG = (Fault.DATA, Fault.POLICY, Fault.ADDRESS, Fault.CHARACTER)
"""Not the structure: these are whole documents."""


def pages() -> list[Any]:
    host = PluginHost(ALL_GROUPS, admits=lambda state: state.is_built_in)
    host.load()
    return list(host.pages())


SLUGS = [page.slug for page in pages()]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The dashboard over a store in which every text is hostile."""
    backend = MemoryBackend(str(tmp_path_factory.mktemp("store")))
    backend.append([make_record(1), *hostile_records(TEXTS)])
    backend.declare([FeatureInfo(text, text, text) for text in TEXTS])
    reader = Reader(backend, [category.value for category in FeatureCategory], lambda user: frozenset({user}))
    yield make_app(reader, pages())
    backend.close()


def faults(html: str) -> dict[Fault, list[str]]:
    return {fault: places for fault, places in faults_of(html).items() if fault in WRONG}


def test_all_pages_are_known() -> None:
    assert {"overview", "features", "performance", "calls"} <= set(SLUGS)


@pytest.mark.parametrize("slug", SLUGS)
def test_no_text_of_the_store_becomes_markup_or_hides(app: Any, slug: str) -> None:
    status, html = visit(app, f"/pages/{slug}")
    assert status == 200
    assert faults(html) == {}


@pytest.mark.parametrize("parameter", ["feature_name", "category", "record_id", "since", "sort", "unknown"])
@pytest.mark.parametrize("slug", [*SLUGS, "nothing"])
def test_no_text_of_the_address_becomes_markup_or_hides(app: Any, slug: str, parameter: str) -> None:
    for text in TEXTS:
        status, html = visit(app, f"/pages/{slug}", **{parameter: text})
        assert status in (200, 400, 404)
        assert faults(html) == {}


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_of_a_path_becomes_markup_or_hides(app: Any, text: str) -> None:
    for path in (f"/{text}", f"/pages/{text}", f"/static/{text}"):
        _status, html = visit(app, path)
        assert faults(html) == {}
