"""The generated parts of the reference are what the code says now."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import generate
import pytest


def run(docs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator of a documentation folder."""
    return subprocess.run([sys.executable, str(docs / "generate.py"), *arguments], capture_output=True, text=True)


def test_generated_pages_are_up_to_date(root: Path) -> None:
    done = run(root / "docs", "--check")
    assert done.returncode == 0, done.stdout


@pytest.fixture
def copy(tmp_path: Path, root: Path) -> Path:
    """Return a copy of the documentation that is up to date."""
    docs = Path(shutil.copytree(root / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("checks")))
    assert run(docs).returncode == 0
    return docs


def test_a_stale_page_is_named_and_left_alone_by_the_check(copy: Path) -> None:
    page = copy / "reference" / "settings.md"
    stale = page.read_text("utf-8").replace("Track calls.", "Track some calls.")
    page.write_text(stale, "utf-8")
    done = run(copy, "--check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["docs/reference/settings.md is out of date; run: python docs/generate.py"]
    assert page.read_text("utf-8") == stale


def test_generating_brings_a_stale_page_up_to_date(copy: Path) -> None:
    page = copy / "reference" / "settings.md"
    before = page.read_text("utf-8")
    page.write_text(before.replace("Track calls.", "Track some calls."), "utf-8")
    assert run(copy).returncode == 0
    assert page.read_text("utf-8") == before


@pytest.mark.parametrize("part", generate.PARTS)
def test_every_part_stands_on_one_page(part: str) -> None:
    holders = [path for path in generate.pages() if f"<!-- generated: {part} -->" in path.read_text("utf-8")]
    assert len(holders) == 1
