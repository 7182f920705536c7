"""Reads the HTML of a page as a browser under the dashboard's policy would, and says what is wrong with it.

Knows the texts that `hostile_texts` smuggles in, nothing of pages. Needs neither pytest nor hypothesis.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from enum import Enum
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from curio_tracking.testing.hostile_texts import CANARY


class Fault(Enum):
    """What a page may do wrong, by whom it concerns."""

    DATA = "text out of a record became an element, an attribute or a comment"
    STRUCTURE = "the fragment is not well-formed"
    POLICY = "the browser refuses it: scripts, styles and handlers within the page"
    ADDRESS = "it leads to another host, or runs a script"
    CHARACTER = "control characters, marks that turn text around or halves of surrogate pairs are not made visible"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID: Final = _names("area base br col embed hr img input link meta source track wbr")
"""Elements without an end."""
IMPLIED_END: Final = _names("li dt dd p rt rp option optgroup colgroup caption thead tbody tfoot tr td th")
"""Elements whose end HTML lets one leave out."""
FRAME: Final = _names("html head body title main base meta link")
"""Elements of the frame, which the dashboard puts around a page."""
REFUSED: Final = _names("script style iframe frame object embed applet audio video noscript template")
"""Elements that `default-src 'none'` makes useless, or that hold what is read in another way."""
ADDRESSES: Final = _names(
    "href src action formaction poster srcset data cite background ping longdesc xlink:href manifest"
)
"""Attributes that hold an address."""
HIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_IGNORED_IN_ADDRESSES: Final = re.compile("[\x00-\x20]")


def faults_of(html: str) -> dict[Fault, list[str]]:
    """Return what is wrong with a page's body, by kind; nothing for a good one."""
    fragment = _Fragment()
    fragment.feed(html)
    fragment.end()
    if found := sorted({ascii(character) for character in HIDDEN.findall(html)}):
        fragment.note(Fault.CHARACTER, ", ".join(found))
    return dict(fragment.faults)


def is_own_address(value: str) -> bool:
    """Whether an address stays on the dashboard: a path, a query or an anchor, also as browsers read it."""
    # they leave control characters and blanks out, and take \ for /
    cleaned = _IGNORED_IN_ADDRESSES.sub("", value).replace("\\", "/")
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and not cleaned.startswith("//")


class _Fragment(HTMLParser):
    def __init__(self) -> None:
        # references stay apart, so that a < in the text is one that was not escaped
        super().__init__(convert_charrefs=False)
        self.faults: dict[Fault, list[str]] = defaultdict(list)
        self._open: list[str] = []

    def note(self, fault: Fault, what: str) -> None:
        line, column = self.getpos()
        self.faults[fault].append(f"{what} (line {line}, column {column})")

    # -- elements ---------------------------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_element(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_element(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self._open and self._open[-1] != tag and self._open[-1] in IMPLIED_END and tag in self._open:
            self._open.pop()
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            inside = f"inside <{self._open[-1]}>" if self._open else "outside of everything"
            self.note(Fault.STRUCTURE, f"</{tag}> {inside}")

    def _check_element(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if CANARY in tag:
            self.note(Fault.DATA, f"<{tag}>")
        if tag in FRAME:
            self.note(Fault.STRUCTURE, f"<{tag}> belongs to the frame")
        if tag in REFUSED:
            self.note(Fault.POLICY, f"<{tag}>")
        for name, count in Counter(name for name, _value in attrs).items():
            if count > 1:
                self.note(Fault.STRUCTURE, f"{count} attributes {name} of <{tag}>")
        for name, value in attrs:
            self._check_attribute(tag, name, value or "")

    def _check_attribute(self, tag: str, name: str, value: str) -> None:
        if CANARY in name or re.search(r"[\"'<]", name):
            self.note(Fault.DATA, f"attribute {name} of <{tag}>")
        if name.startswith("on") or name in ("style", "srcdoc", "nonce"):
            self.note(Fault.POLICY, f"attribute {name} of <{tag}>")
        is_image = tag == "img" and value.startswith("data:image/")
        if name in ADDRESSES and not is_image and not is_own_address(value):
            self.note(Fault.ADDRESS, f"{name}={value[:80]!r} of <{tag}>")

    # -- everything else --------------------------------------------------------------------------------------------

    def handle_data(self, data: str) -> None:
        if "<" in data:
            self.note(Fault.STRUCTURE, "a < that is not escaped")

    def handle_charref(self, name: str) -> None:
        if HIDDEN.match(self._referred(name)):
            self.note(Fault.CHARACTER, f"&#{name};")

    @staticmethod
    def _referred(name: str) -> str:
        number = int(name[1:], 16) if name[:1] in "xX" else int(name)
        return chr(number) if number < 0x110000 else "\0"

    def handle_comment(self, data: str) -> None:
        if CANARY in data:
            self.note(Fault.DATA, "a comment")

    def handle_decl(self, decl: str) -> None:
        self.note(Fault.STRUCTURE, f"<!{decl[:40]}>")

    def unknown_decl(self, data: str) -> None:
        self.note(Fault.STRUCTURE, f"<![{data[:40]}")

    def handle_pi(self, data: str) -> None:
        self.note(Fault.STRUCTURE, f"<?{data[:40]}>")

    def end(self) -> None:
        """Note what is left open."""
        if "<" in self.rawdata:
            self.note(Fault.STRUCTURE, "it ends within a tag")
        for tag in self._open:
            if tag not in IMPLIED_END:
                self.note(Fault.STRUCTURE, f"<{tag}> is not closed")
