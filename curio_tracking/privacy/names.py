"""Which names of parameters and metadata promise a secret: `password`, `X-Api-Key`, `userToken`, but not `max_tokens`.

A name is split into its words (at case changes, digits and punctuation), and words are compared whole, so that `pin`
does not hit `shipping`. Used by `redact` and, for `key=value` pairs inside text, by `patterns`.
"""

from __future__ import annotations

import re
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from curio_tracking.privacy.shape import remember

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_REMEMBERED: Final = 4096
LONGEST_REMEMBERED: Final = 200
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")


def _vocabulary(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECRET_WORDS: Final = _vocabulary("""
    apikey apikeys auth authorization bearer card cards cookie cookies credential credentials creds csrf cvc cvv dsn
    iban jwt jwts mfa otp otps passcode passcodes passphrase passphrases passwd password passwords passwort pin pins
    psw pswd pw pwd secret secrets ssn token totp xsrf
""")
_PLURAL_COUNTS: Final = _vocabulary("tokens sessions")
"""Secret as text, but as a number merely how many: `max_tokens` is what users of language models look at most."""
_RUN_TOGETHER: Final = _vocabulary("""
    accesskey apikey authkey authtoken bankaccount cardnumber connectionstring connstring connstr creditcard
    credential debitcard encryptionkey passphrase password passwd passwort privatekey secretkey sessionid sessionkey
    signingkey socialsecurity sshkey
""")
"""Long enough to be meant wherever they stand, also without a border: `dbpassword`, `pass_word`, `ACCESSKEY`."""
_KEY_KINDS: Final = _vocabulary("""
    access account aes api app application auth client consumer crypto decrypt decryption deploy encrypt encryption
    gpg hmac license master pgp private rsa secret server service session shared sign signing ssh ssl storage
    subscription tls webhook
""")
_PASS_KINDS: Final = _vocabulary("""
    admin auth database db ftp http imap ldap login mail my mysql pg postgres proxy redis root smtp user
""")
_MEASURES: Final = _vocabulary("""
    age attempts budget cost count counts duration expires expiry len length limit max min per rate remaining size
    timeout total ttl usage used window
""")


class Verdict(IntEnum):
    """What a name says about its value."""

    PLAIN = 0
    TEXT_IS_SECRET = 1
    """A number or truth value is a count or a fact (`token_count`); anything else is a secret."""
    SECRET = 2


class SecretNames:
    """Decides by name, remembers its decisions, and knows the names that the settings add."""

    def __init__(self, also: Iterable[str] = (), exactly: Iterable[str] = ()) -> None:
        """Take further secret names.

        Args:
            also: names whose words make any longer name secret too (`customer` also `customerName`), or globs.
            exactly: names that are secret as they stand, or globs.
        """
        names = list(also)
        exact = list(exactly)
        self._globs = tuple(part.casefold() for part in (*names, *exact) if _is_glob(part))
        self._parts = tuple(f" {' '.join(words_of(name))} " for name in names if not _is_glob(name) and words_of(name))
        self._exact = frozenset("".join(words_of(name)) for name in exact if not _is_glob(name)) - {""}
        self._verdicts: dict[str, Verdict] = {}

    def verdict(self, name: str) -> Verdict:
        """Return what the name says about its value."""
        known = self._verdicts.get(name)
        if known is not None:
            return known
        decided = self._decide(name)
        if len(name) <= LONGEST_REMEMBERED:
            remember(self._verdicts, name, decided, MOST_REMEMBERED)
        return decided

    def _decide(self, name: str) -> Verdict:
        words = words_of(name)
        joined = "".join(words)
        if joined in self._exact or self._is_named(name, words):
            return Verdict.SECRET
        if not _promises_secret(words, joined):
            return Verdict.TEXT_IS_SECRET if _PLURAL_COUNTS.intersection(words) else Verdict.PLAIN
        return Verdict.TEXT_IS_SECRET if _MEASURES.intersection(words) else Verdict.SECRET

    def _is_named(self, name: str, words: list[str]) -> bool:
        spaced = f" {' '.join(words)} "
        if any(part in spaced for part in self._parts):
            return True
        spellings = (name.casefold(), "_".join(words))
        return any(fnmatchcase(spelling, glob) for glob in self._globs for spelling in spellings)


def words_of(name: str) -> list[str]:
    """Return the words of a name, folded: `X-Api-Key`, `xApiKey` and `X_API_KEY` are `["x", "api", "key"]`."""
    if not name.isascii():
        name = normalize("NFKC", name)
    return [word.casefold() for word in _WORD.findall(name)]


def _is_glob(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _promises_secret(words: list[str], joined: str) -> bool:
    if not _SECRET_WORDS.isdisjoint(words) or any(stem in joined for stem in _RUN_TOGETHER):
        return True
    return any(_is_secret_in_place(words, index) for index in range(len(words)))


def _is_secret_in_place(words: list[str], index: int) -> bool:
    """Whether a word that is harmless on its own makes a secret where it stands."""
    word = words[index]
    before = words[index - 1] if index else ""
    is_last = index == len(words) - 1
    if word in ("key", "keys"):
        return before in _KEY_KINDS
    if word == "session":
        return is_last or words[index + 1] in ("id", "ids", "cookie", "data", "value")
    if word == "pass":
        return is_last and (not before or before in _PASS_KINDS)
    if word in ("string", "str", "url", "uri"):
        return before in ("connection", "conn")
    return word.endswith(("token", "pwd")) or ("secret" in word and "secretar" not in word)
