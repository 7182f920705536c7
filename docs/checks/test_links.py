"""Every link and anchor of the pages leads somewhere, and every page can be reached from the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from page import Page

OUTSIDE = ("http://", "https://", "mailto:")


def target_of(page: Page, link: str) -> Path:
    """Return the file that a relative link names."""
    name = link.partition("#")[0]
    return (page.path.parent / name).resolve() if name else page.path


def test_links_lead_to_files_and_headings_that_exist(page: Page, pages: list[Page]) -> None:
    by_path = {other.path: other for other in pages}
    broken = []
    for link in page.links:
        if link.startswith(OUTSIDE):
            continue
        target, anchor = target_of(page, link), link.partition("#")[2]
        if not target.exists() or (anchor and target in by_path and anchor not in by_path[target].anchors):
            broken.append(link)
    assert not broken


def test_every_page_can_be_reached_from_the_index(pages: list[Page], root: Path) -> None:
    by_path = {page.path: page for page in pages}
    reached, left = set(), [root / "docs" / "index.md"]
    while left:
        path = left.pop()
        if path in by_path and path not in reached:
            reached.add(path)
            left += [target_of(by_path[path], link) for link in by_path[path].links if not link.startswith(OUTSIDE)]
    assert not [page.name for page in pages if page.path not in reached]
