"""What private text looks like: tokens, keys, cards, e-mail addresses, credentials in URLs, `password=...` pairs.

Every pattern runs in time linear in the text (bounded or possessive quantifiers), because error messages come from
outside. Used by `redact`, and by the search for leaks, which asks for the kinds.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from curio_tracking.privacy.names import words_of
from curio_tracking.privacy.pairs import REDACTED as REDACTED
from curio_tracking.privacy.pairs import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking.privacy.names import SecretNames

LONGEST_TEXT: Final = 131_072
"""Characters looked at and kept; no backend keeps more, and what was not looked at must not be kept."""
SHORTEST_SECRET: Final = 8
_CARD_DIGITS: Final = range(13, 20)
_CLOCK_DIGITS: Final = (13, 16, 19)

_SUSPICIOUS: Final = re.compile(r"[:=@\"']|%40|--|</|[\w+/.-]{12}|\d(?:[ -]?\d){12}|bearer|basic", re.IGNORECASE)
_PAIR_OR_MAIL: Final = re.compile("[=:@]|%40")
_LAST_WORD: Final = re.compile(r"(?:[^\s&?;,\"'<>]|(?<=\d) (?=\d))*+")
"""Of a text written backwards. Cards are written in groups of digits."""
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?!-----END)[\s\S])*+(?:-----END [A-Z0-9 ]{0,60}-----)?"
)
_AUTHORITY: Final = re.compile(r"(?<=://)[^\s/?#\"'<>]{0,2000}@")
_LOOSE_AUTHORITY: Final = re.compile(
    r"(?<=://)(?:\[redacted\]@)?[^\s/?#@:\"'<>]{0,200}:(?!\d{1,5}[/?#])[^\s\"'<>@]{1,200}@"
)
"""Credentials of which nothing is quoted: an `@` in the name (what is before it is replaced already), a `/` or `?`."""
_LOGIN: Final = re.compile(
    r"(?<![\w.+@-])(?!(?:mailto|to|cc|bcc|from|at):)[\w.+-]{1,64}:[^\s/@:\"'<>]{1,200}@(?=[\w(\[])", re.IGNORECASE
)
"""`user:password@tcp(host)`: credentials without a scheme."""
_MAIL: Final = re.compile(
    r"(?<![\w.+%-])(?!git@)(?:[\w.+-]|%(?!40)[0-9A-Fa-f]{2})++(?:@|%40)(?![0-9]x\.)(?:[\w-]{1,63}+\.){1,8}[^\W\d_]{2,24}(?!\w)"
)
"""Also as part of a URL. Not `git@host`, nor `icon@2x.png`."""
_BEARER: Final = re.compile(
    r"\b(bearer\s+)(?!(?:tokens?|auth\w*|scheme|header|of|is|was|realm|and|or|not|for|in)(?![\w~+/=-]))(?!\[redacted)[^\s\"',;]+",
    re.IGNORECASE,
)
_BASIC: Final = re.compile(r"\b(basic\s+)([A-Za-z0-9+/_-]{4,}={0,2})", re.IGNORECASE)
_KNOWN_TOKEN: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?<![\w-])eyJ[\w-]{5,}+\.[\w-]{4,}(?:\.[\w-]*){0,3}"  # JSON web tokens
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|ptt|dt|rt|soat)-[\w-]{16,}"  # GitHub, GitLab
    r"|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|(?<=hooks\.slack\.com/)[\w/]{16,}"  # Slack
    r"|(?:sk|rk|pk)_(?:live|test)_\w{8,}|whsec_\w{8,}"  # Stripe
    r"|AIza[\w-]{30,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{10,}"  # Google
    r"|sk-[\w-]{16,}|hf_[A-Za-z0-9]{20,}|gsk_\w{20,}|r8_\w{20,}"  # model providers
    r"|npm_\w{30,}|pypi-[\w-]{16,}|do[opr]_v1_[a-f0-9]{40,}|SG\.[\w-]{10,}\.[\w-]{10,}|SK[0-9a-f]{32}"
    r"|AGE-SECRET-KEY-1\w{20,}|\d{8,10}:AA[\w-]{30,}"  # age, Telegram
    r")"
)
_MANY_GROUPS: Final = 40
_USUAL_GROUP: Final = 3
PSEUDONYM_BYTES: Final = 16
PSEUDONYM_FORM: Final = rf"[1-9][0-9]*:[0-9a-f]{{{2 * PSEUDONYM_BYTES}}}"
"""What `anonymize` makes of an id: the number of a key, and so many bytes."""
_DIGITS: Final = re.compile(rf"\b{PSEUDONYM_FORM}\b|(?P<groups>(?<![\d.])\d(?:[ -]?\d){{12,}}(?!\d))")
"""Digits, except inside of a pseudonym: imports look at messages that have some."""
_LONG_TOKEN: Final = re.compile(r"[\w+/-]{20,}={0,2}")
_RUN: Final = re.compile(r"[A-Za-z0-9]{18,}|[A-Za-z0-9+/]{32,}")
_LONG_ENOUGH: Final = 32
_WORD_BY_CHANCE: Final = 2.75
"""Mean length of the "words" between case changes and digits: 1.9 in random text (99 % below 2.75 at 32 characters),
above 2.75 in nearly all names of classes, models and folders."""
_AWS_KEY_LENGTH: Final = 40
_WORD_IN_AWS_KEY: Final = 3.5


def scrub(text: str, names: SecretNames, longest: int = LONGEST_TEXT) -> str:
    """Return the text with everything that looks like a secret replaced, cut off after `longest` characters."""
    if len(text) > longest:
        text = _shorten(text, longest)
    if _is_suspicious(text):
        for _kind, step in STEPS:
            text = step(text, names)
    return text


def kinds_in(text: str, names: SecretNames) -> list[str]:
    """Return what kinds of private text `scrub` replaces in a text; the names of steps."""
    found = []
    if _is_suspicious(text):
        for kind, step in STEPS:
            clean = step(text, names)
            if clean != text:
                found.append(kind)
            text = clean
    return found


def _is_suspicious(text: str) -> bool:
    """Whether a text may hold something private; tells most texts, at little cost."""
    is_too_short = len(text) < SHORTEST_SECRET and not _PAIR_OR_MAIL.search(text)
    return not is_too_short and _SUSPICIOUS.search(text) is not None


def is_mail_address(text: str) -> bool:
    """Whether the whole text is the address of a mailbox."""
    return _MAIL.fullmatch(text) is not None


def without_cut_end(text: str) -> str:
    """Return a text that was cut off without its last word: half of a secret is not recognised, and is one."""
    last = _LAST_WORD.match(text[::-1])
    return f"{text[: len(text) - last.end()]}…" if last else text


def is_card_number(digits: str) -> bool:
    """Whether the digits could be a payment card's: 13 to 19 of them that pass the Luhn check (ISO/IEC 7812-1)."""
    if len(digits) not in _CARD_DIGITS or (digits[0] == "1" and len(digits) in _CLOCK_DIGITS):
        return False  # 1700000000000: a clock in ms, us or ns; cards that begin with 1 have 15 digits
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def _shorten(text: str, longest: int) -> str:
    """Cut at a blank, so that no half of a secret is left over which nothing recognises."""
    head = text[: longest - len(" …")]
    blank = max(head.rfind(" "), head.rfind("\n"))
    return f"{head[:blank]} …" if blank > longest // 2 else REDACTED


def _private_keys(text: str, _names: SecretNames) -> str:
    return _PEM.sub(REDACTED, text) if "-----BEGIN" in text else text


def _credentials(text: str, _names: SecretNames) -> str:
    if "@" not in text:
        return text
    if "://" in text:
        text = _AUTHORITY.sub(_userinfo, text)
        text = _LOOSE_AUTHORITY.sub(f"{REDACTED}@", text)
    return _LOGIN.sub(f"{REDACTED}@", text)


def _addresses(text: str, _names: SecretNames) -> str:
    return _MAIL.sub(REDACTED, text) if "@" in text or "%40" in text else text


def _headers(text: str, _names: SecretNames) -> str:
    return _BASIC.sub(_basic, _BEARER.sub(rf"\1{REDACTED}", text))


def _known_tokens(text: str, _names: SecretNames) -> str:
    return _KNOWN_TOKEN.sub(REDACTED, text)


def _card_numbers(text: str, _names: SecretNames) -> str:
    return _DIGITS.sub(_cards, text)


def _random_tokens(text: str, _names: SecretNames) -> str:
    return _LONG_TOKEN.sub(_random, text)


def _userinfo(match: re.Match[str]) -> str:
    return match[0] if match[0] == "git@" else f"{REDACTED}@"


def _basic(match: re.Match[str]) -> str:
    """Redact the credentials of HTTP Basic, which are base64 of `user:password`; "basic auth" is only words."""
    token = match[2].rstrip("=")
    try:
        decoded = b64decode(token + "=" * (-len(token) % 4), altchars=b"-_" if "-" in token or "_" in token else None)
    except ValueError:
        return match[0]
    return match[1] + REDACTED if b":" in decoded else match[0]


def _cards(match: re.Match[str]) -> str:
    """Redact if some of the groups of digits, taken together, are a card number: `4111 1111 1111 1111 12`."""
    groups = re.split(r"[ -]", match["groups"] or "")
    for first, start in enumerate(groups):
        if len(groups) > _MANY_GROUPS and len(start) < _USUAL_GROUP:
            continue  # a list of small numbers
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) > _CARD_DIGITS[-1]:
                break
            if is_card_number(digits):
                return REDACTED
    return match[0]


def _random(match: re.Match[str]) -> str:
    """Redact a long token that looks like chance made it: upper case, lower case and digits in short "words"."""
    token = match[0].rstrip("=")
    dividers = token.count("-") + token.count("_")
    runs = _RUN.findall(token)
    if len(token) >= _LONG_ENOUGH and dividers <= len(token) // 14:  # base64 for URLs; names have more of them
        runs.append(token)
    return REDACTED if any(_is_random(run) for run in runs) else match[0]


def _is_random(run: str) -> bool:
    kinds = {"u" if char.isupper() else "l" if char.islower() else "d" if char.isdigit() else "" for char in run}
    if not {"u", "l", "d"} <= kinds:
        return False
    words = words_of(run)
    longest = _WORD_IN_AWS_KEY if len(run) == _AWS_KEY_LENGTH else _WORD_BY_CHANCE
    return sum(map(len, words)) <= longest * len(words)


STEPS: Final[tuple[tuple[str, Callable[[str, SecretNames], str]], ...]] = (
    ("private key", _private_keys),
    ("credentials in a URL", _credentials),
    ("e-mail address", _addresses),
    ("value of a secret name", without_secrets),
    ("credentials in a header", _headers),
    ("known form of token", _known_tokens),
    ("card number", _card_numbers),
    ("random token", _random_tokens),
)
"""In this order: what one has replaced, the next ones leave alone."""
