"""A page of the documentation, taken apart: its blocks, headings and links. Knows nothing of what is checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = ("docs/development/status.md",)
"""Notes of the day, not documentation."""
_FENCE = re.compile(
    r"(?P<remarks>(?:^<!-- .*? -->\n)*)^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_REMARK = re.compile(r"<!-- ([\w ]+?)(?:: (.*?))? -->")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block. What the checks do with it stands in remarks (HTML comments) on the lines before it.

    Attributes:
        language: python, console, sh, toml, ini, text ...
        text: its lines. line: the number of its first one. remarks: name and value of each remark.
    """

    language: str
    text: str
    line: int
    remarks: dict[str, str]


class Page:
    """One Markdown file."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.text = path.read_text("utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        """The fenced blocks, in order."""
        return [
            Block(
                found["language"],
                found["text"],
                self.text.count("\n", 0, found.start("text")) + 1,
                {name: value or "" for name, value in _REMARK.findall(found["remarks"])},
            )
            for found in _FENCE.finditer(self.text)
        ]

    @cached_property
    def prose(self) -> str:
        """The text without its blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def links(self) -> list[str]:
        """The targets of all links."""
        return _LINK.findall(self.prose)

    @cached_property
    def headings(self) -> list[str]:
        """The headings, without marks."""
        return [heading.strip() for heading in _HEADING.findall(self.prose)]

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors that the headings make, as GitHub and most renderers do it."""
        anchors: set[str] = set()
        for heading in self.headings:
            base = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            anchor, number = base, 0
            while anchor in anchors:
                number += 1
                anchor = f"{base}-{number}"
            anchors.add(anchor)
        return anchors


def all_pages(root: Path) -> list[Page]:
    """Return README.md and every page below docs."""
    paths = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    own = [path for path in paths if path.relative_to(root).as_posix() not in OTHERS]
    return [Page(path, path.relative_to(root).as_posix()) for path in own]
