"""Pairs inside text: `password=...`, `"token": "..."`, `Cookie: ...`, `--api-key ...`; a value goes by its name.

Every pattern runs in time linear in the text. Used by `patterns`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from curio_tracking.privacy.names import Verdict

if TYPE_CHECKING:
    from curio_tracking.privacy.names import SecretNames

REDACTED: Final = "[redacted]"
_SHORTEST_CARD: Final = 13
_PAIR_SIGN: Final = re.compile(r"[:=\"']|--|</")
_PAIR: Final = re.compile(r"(?<![\w.-])(-*+)(\w[\w.-]*+)(\\?[\"']?\[?\]?\s*+(?:=>|:=|[:=])\s*+|>|\s++)(?=\S)")
_QUOTED: Final = re.compile(r"(\\?)([\"'])(?:(?!\1\2)(?:\\[\s\S]|[^\\]|\\))*+(?:\1\2)?")
_BARE: Final = re.compile(
    r"(?:(?:Bearer|Basic|Digest|Token)\s+)?(?:[^\s,;&]|[,;&](?![\s\"'\])}]|[\w.-]{1,64}[=:]|$))++", re.IGNORECASE
)
_SAID: Final = re.compile(r"([\"'])[^\s\"']{6,}\1")
"""`invalid token 'abc123'`: the value may also just follow, in quotes."""
_SECOND_WORDS: Final = frozenset(["code", "id", "key", "keys", "number", "phrase", "string", "uri", "url", "word"])
"""In prose the name of a secret may be two words: `API key: ...`."""
_LINE: Final = re.compile(r"[^\r\n]*+")
_LINE_NAMES: Final = re.compile(r"(?i)(?:^|-|_)(?:cookie|authorization)$")


def without_secrets(text: str, names: SecretNames) -> str:
    """Replace the values of `name=value`, `"name": "value"`, `Name: value` and `--name value` with a secret name."""
    if not _PAIR_SIGN.search(text):
        return text
    parts: list[str] = []
    done = 0
    word_before = ""
    for match in _PAIR.finditer(text):
        if match.start() < done:  # inside a value that was replaced
            continue
        dashes, name, sign = match.groups()
        before, word_before = word_before, name
        if not dashes and sign.isspace() and not _SAID.match(text, match.end()):
            continue
        if before and name.lower() in _SECOND_WORDS:
            name = f"{before}_{name}"
        end = _end_of_secret(text, match.end(), name, names)
        if end is not None:
            parts += (text[done : match.end()], REDACTED)
            done = end
    return "".join(parts) + text[done:] if parts else text


def _end_of_secret(text: str, start: int, name: str, names: SecretNames) -> int | None:
    """Return where the value after a name ends if it is a secret."""
    verdict = names.verdict(name)
    if verdict is Verdict.PLAIN or _is_replaced(text, start):
        return None
    end = _end_of_value(text, start, name)
    return None if verdict is Verdict.TEXT_IS_SECRET and _is_number(text[start:end]) else end


def _is_replaced(text: str, start: int) -> bool:
    """Whether a replacement begins here, or what `size` has left of one."""
    here = text[start : start + len(REDACTED)]
    return here == REDACTED or ("…" in here and REDACTED.startswith(here[: here.index("…")]))


def _end_of_value(text: str, start: int, name: str) -> int:
    """Return where a value ends: at its closing quote, its line's end, or before the next pair."""
    is_line = text[start] in "[{(" or _LINE_NAMES.search(name)
    for pattern in (_LINE,) if is_line else (_QUOTED, _BARE):
        match = pattern.match(text, start)
        if match and match.end() > start:
            return match.end()
    return len(text)


def _is_number(text: str) -> bool:
    text = text.strip("\"'()[]{}.%")
    return (text.isdecimal() and len(text) < _SHORTEST_CARD) or text.lower() in ("true", "false", "none", "null")
