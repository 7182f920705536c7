"""Everything that a user can set, call or meet is on the page that explains it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import generate
import pytest

from curio_tracking.hookspecs import HOOK_NAMES
from curio_tracking.records import RECORD_FIELDS, FeatureCategory, FeatureStatus
from curio_tracking.settings import Settings
from curio_tracking.summaries import STATISTICS

if TYPE_CHECKING:
    from pathlib import Path

    from page import Page

TERMS = ("backend", "category", "feature", "filter", "flush", "record", "rollup", "segment", "surface")
OTHER_WORDS = re.compile(
    r"\b(simply|easily|powerful|seamless\w*|blazing\w*|cutting.edge|world.class|robust|leverag\w+|effortless\w*)\b",
    re.IGNORECASE,
)


def text_of(root: Path, name: str) -> str:
    """Return the text of a page below docs."""
    return (root / "docs" / name).read_text("utf-8")


def guides(pages: list[Page]) -> str:
    """Return the text of everything but the reference."""
    return "\n".join(page.text for page in pages if "/reference/" not in page.name)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_is_in_the_reference(name: str, root: Path) -> None:
    assert f"`FEATURE_TRACKING_{name.upper()}`" in text_of(root, "reference/settings.md")


@pytest.mark.parametrize("name", HOOK_NAMES)
def test_hook_is_in_the_reference(name: str, root: Path) -> None:
    assert f"## {name}\n" in text_of(root, "reference/hooks.md")


@pytest.mark.parametrize("command", generate.helps())
def test_command_is_in_the_reference_and_in_a_guide(command: str, root: Path, pages: list[Page]) -> None:
    assert f"## {command}\n" in text_of(root, "reference/cli.md")
    assert command in guides(pages)


@pytest.mark.parametrize("name", STATISTICS)
def test_statistic_is_explained(name: str, root: Path) -> None:
    assert f"| `{name}` |" in text_of(root, "reference/statistics.md")


def test_no_statistic_is_explained_that_does_not_exist(root: Path) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", text_of(root, "reference/statistics.md"), re.MULTILINE)
    assert rows == list(STATISTICS)


@pytest.mark.parametrize("name", [name for name in RECORD_FIELDS if name != "start_us"])
def test_field_is_in_the_reference(name: str, root: Path) -> None:
    assert f"| `{name}` |" in text_of(root, "reference/record.md")


@pytest.mark.parametrize("value", [*FeatureStatus, *FeatureCategory])
def test_status_and_category_are_explained(value: str, root: Path) -> None:
    assert f"`{value}`" in text_of(root, "reference/record.md")


@pytest.mark.parametrize("term", TERMS)
def test_term_is_in_the_glossary_and_used(term: str, root: Path, pages: list[Page]) -> None:
    assert f"\n## {term.capitalize()}\n" in text_of(root, "reference/glossary.md")
    assert re.search(rf"\b{term}", guides(pages), re.IGNORECASE)


def dependencies(root: Path) -> set[str]:
    """Return the names of all dependencies of the project: to run, to build, to develop."""
    data = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    groups = [item for group in data["dependency-groups"].values() for item in group if isinstance(item, str)]
    named = [*data["project"]["dependencies"], *data["build-system"]["requires"], *groups]
    return {re.split(r"[\[<>=!~; ]", name)[0].lower() for name in named}


def test_every_dependency_has_its_section_and_no_other(root: Path, pages: list[Page]) -> None:
    [page] = [page for page in pages if page.name == "docs/explanation/dependencies.md"]
    sections = {heading for heading in page.headings if f"\n### {heading}\n" in page.text}
    assert sections == dependencies(root)


MISSING = ("delete", "retention")
"""Commands that `explanation/limits.md` and `design.md` call missing; what comes must be described."""


@pytest.mark.parametrize("name", MISSING)
def test_command_that_is_said_to_be_missing_is_missing(name: str) -> None:
    assert f"curio-tracking {name}" not in generate.helps()


def test_pages_do_without_the_words_of_advertising(page: Page) -> None:
    assert OTHER_WORDS.findall(page.prose) == []


def test_pages_name_no_private_place(page: Page) -> None:
    assert not re.search(r"/(work|tmp|root)/", page.text)
