"""Canaries: given texts, found wherever they stand: plain, in base64, in hex or encoded for a URL.

A text of several lines (a private key) is found by each of its long lines: what stores it may end lines differently.
Knows no store.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from curio_tracking.errors import CurioError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SHORTEST: Final = 6
"""Bytes; anything shorter is found by chance, in base64 first of all."""
_LONG_LINE: Final = 16
_ALIGNMENTS: Final = range(3)
_CUT_IN_FRONT: Final = (0, 2, 3)
"""Characters of base64 that depend on the bytes before the text, by how many of those there are."""


class CanaryError(CurioError):
    """A text cannot be searched for."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a canary stands.

    Attributes:
        canary: its number, from 1 on, in the order in which the canaries were given.
        encoding: plain, base64, hex or URL.
        offset: bytes from the beginning to the place; in what a URL's encoding was taken off from, without it.
        length: bytes that stand there.
    """

    canary: int
    encoding: str
    offset: int
    length: int


class CanarySearch:
    """Finds canaries in bytes.

    Attributes:
        longest: bytes of the longest form; parts of a stream that overlap by as many hide nothing.
    """

    def __init__(self, canaries: Iterable[str]) -> None:
        """Take the texts to find.

        Raises:
            CanaryError: one is so short that chance would find it.
        """
        lowered: dict[bytes, tuple[int, str]] = {}
        exact: dict[bytes, tuple[int, str]] = {}
        for number, canary in enumerate(canaries, 1):
            for text in _pieces(canary, number):
                lowered |= dict.fromkeys(_plain_forms(text), (number, "plain"))
                lowered.setdefault(text.hex().encode(), (number, "hex"))
                exact |= dict.fromkeys(_base64_forms(text), (number, "base64"))
        self._lowered = lowered
        self._exact = exact
        # in a URL each byte may take three
        self.longest = max((3 * len(form) for form in (*lowered, *exact)), default=0)

    def __bool__(self) -> bool:
        return bool(self._lowered)

    def find(self, data: bytes) -> Iterator[Hit]:
        """Yield every place in `data` where a canary stands."""
        lowered = data.lower()
        yield from _found(lowered, self._lowered)
        yield from _found(data, self._exact)
        if b"%" in data or b"+" in data:
            decoded = unquote_to_bytes(data.replace(b"+", b" ")).lower()
            for form, (number, encoding) in self._lowered.items():
                if encoding == "plain" and form not in lowered:
                    yield from _each(decoded, form, number, "URL")


def _pieces(canary: str, number: int) -> list[bytes]:
    """Return what to search for: the text, or each long line of one that has several."""
    text = canary.strip()
    lines = [line.strip() for line in text.splitlines()]
    pieces = [line for line in lines if len(line) >= _LONG_LINE and not line.startswith("-----")]
    if len(lines) == 1 or not pieces:
        pieces = [text]
    encoded = [piece.encode("utf-8", "surrogatepass") for piece in pieces]
    if len(encoded[0]) < SHORTEST:
        raise CanaryError(f"canary {number} has fewer than {SHORTEST} bytes: it would be found by chance; give more")
    return encoded


def _plain_forms(text: bytes) -> Iterator[bytes]:
    """Yield the text in lower case, as it is and as JSON writes it."""
    yield text.lower()
    told = text.decode("utf-8", "surrogatepass")
    for is_ascii in (True, False):
        yield json.dumps(told, ensure_ascii=is_ascii)[1:-1].encode("utf-8", "surrogatepass").lower()


def _base64_forms(text: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of the text wherever it begins, without what depends on the bytes around it."""
    encoders: tuple[Callable[[bytes], bytes], ...] = (b64encode, urlsafe_b64encode)
    for before in _ALIGNMENTS:
        whole = 8 * (before + len(text)) // 6
        for encode in encoders:
            yield encode(bytes(before) + text)[_CUT_IN_FRONT[before] : whole]


def _found(data: bytes, forms: dict[bytes, tuple[int, str]]) -> Iterator[Hit]:
    for form, (number, encoding) in forms.items():
        yield from _each(data, form, number, encoding)


def _each(data: bytes, form: bytes, number: int, encoding: str) -> Iterator[Hit]:
    place = data.find(form)
    while place >= 0:
        yield Hit(number, encoding, place, len(form))
        place = data.find(form, place + len(form))
