"""What the checks of the documentation share: the pages, and where things are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

CHECKS = Path(__file__).parent
DOCS = CHECKS.parent
ROOT = DOCS.parent
# tests are imported by path (--import-mode=importlib), so what they share has to be put within reach
sys.path[:0] = [str(CHECKS), str(DOCS)]

from page import Page, all_pages  # noqa: E402

PAGES = all_pages(ROOT)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a check that asks for `page` once per page."""
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", PAGES, ids=[page.name for page in PAGES])


@pytest.fixture
def pages() -> list[Page]:
    """Return every page: README.md and all Markdown files below docs."""
    return PAGES


@pytest.fixture
def root() -> Path:
    """Return the project's folder."""
    return ROOT
