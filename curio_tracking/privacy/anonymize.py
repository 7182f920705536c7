"""Anonymize: user and session ids become keyed pseudonyms, wherever in a record they stand.

HMAC-SHA-256 (RFC 2104) under a key of this machine, so that nobody without the key can try out names. Without a key the
ids are left out, never stored as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hmac import digest
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from curio_tracking.errors import DataDirError
from curio_tracking.hookspecs import hookimpl
from curio_tracking.logbook import warn
from curio_tracking.privacy.keys import KEYS_DIR, Key, KeyRing, RehearsalKeys
from curio_tracking.privacy.names import words_of
from curio_tracking.privacy.patterns import PSEUDONYM_BYTES, PSEUDONYM_FORM, REDACTED
from curio_tracking.privacy.shape import is_shape, remember
from curio_tracking.unread import UnreadRecord
from curio_tracking.vocabulary import LONGEST_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from curio_tracking.hookspecs import RegisterFilter
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings
    from curio_tracking.unread import Signature

PSEUDONYM: Final = re.compile(PSEUDONYM_FORM)
RETRY_SECONDS: Final = 30.0
"""After this long without a key, look again: a full or read-only disk may have recovered."""
MAX_DEPTH: Final = 24
_MOST_REMEMBERED: Final = 8192
_SHORT_NUMBER: Final = 5
_SEQUENCES: Final = (list, tuple, set, frozenset)
_USER_NAMES: Final = frozenset({"uid", "user", "userid", "username"})

_IDS: Final = frozenset({str, type(None)})

Kind = Literal["user", "session"]
Hidden: TypeAlias = "Sequence[tuple[str, str]]"
"""Plain ids, and what stands for each."""


@hookimpl
def curio_register_filters(register: RegisterFilter) -> None:
    """Offer `anonymize`; after `redact`, which has the say about secrets."""
    register("anonymize", create, order=200)


def create(settings: Settings) -> Anonymize | None:
    """Return the filter, or None with ANONYMIZE=false. Touches no file: the key comes with the first id."""
    return Anonymize(KeyRing(settings.data_dir / KEYS_DIR)) if settings.anonymize else None


class Anonymize:
    """Replaces ids by pseudonyms such as `1:6f0c…`: the key's number and 128 bits in hex."""

    def __init__(self, keys: KeyRing, *, keeps_pseudonyms: bool = False) -> None:
        """Args: where keys are read from, and created if there is none; whether what looks like a pseudonym stays."""
        self._keys = keys
        self._keeps_pseudonyms = keeps_pseudonyms
        self._key: Key | None = None
        self._retry_at = 0.0
        self._is_warned = False
        self._pseudonym = lru_cache(maxsize=_MOST_REMEMBERED)(self._make)
        self._known: dict[tuple[str | None, str | None], tuple[str | None, str | None, Hidden]] = {}
        self._texts: dict[Signature, str] = {}

    def apply(self, record: FeatureRecord) -> FeatureRecord:
        """Return the record without a plain user or session id in its fields, metadata and error message."""
        user, session = record.user_id, record.session_id
        hidden: Hidden = ()
        if user is not None or session is not None:
            # exact types: what merely equals a text may read otherwise
            known = self._known.get((user, session)) if type(user) in _IDS and type(session) in _IDS else None
            record.user_id, record.session_id, hidden = known or self._pseudonyms(user, session)
        if type(record) is UnreadRecord and self._keeps(record.unread[0], hidden):
            signature, sizes, custom = record.unread
            if custom:
                record.unread = signature, sizes, self._mapping(custom, hidden, MAX_DEPTH)
        elif record.metadata:
            record.metadata = self._mapping(record.metadata, hidden, MAX_DEPTH)
        if record.error_message and hidden:
            record.error_message = _without(record.error_message, hidden)
        return record

    def for_imports(self, *, is_rehearsal: bool) -> Anonymize:
        """Return the filter for records that were stored before: the pseudonyms in them stay what they are."""
        keys = RehearsalKeys(self._keys.directory) if is_rehearsal else self._keys
        return Anonymize(keys, keeps_pseudonyms=True)

    def _pseudonyms(self, user: str | None, session: str | None) -> tuple[str | None, str | None, Hidden]:
        """Return (pseudonym of the user, of the session, what stands for which plain id), and remember it."""
        hidden: list[tuple[str, str]] = []
        made = (
            None if user is None else self._replace("user", str(user), hidden),
            None if session is None else self._replace("session", str(session), hidden),
        )
        hidden.sort(key=lambda pair: -len(pair[0]))  # the longer one first: the other may be part of it
        if self._key is not None and type(user) in _IDS and type(session) in _IDS:
            remember(self._known, (user, session), (*made, tuple(hidden)), _MOST_REMEMBERED)
        return *made, tuple(hidden)

    def _keeps(self, signature: Signature, hidden: Hidden) -> bool:
        """Whether there is nothing to replace in the parameters of any call with these names and types."""
        text = self._texts.get(signature)
        if text is None:
            example = signature.example()
            is_kept = self._mapping(example, (), MAX_DEPTH) == example
            text = "\n".join(_names_in(example)) if is_kept else ""
            remember(self._texts, signature, text)
        return text != "" and not (hidden and _is_in(text, hidden))

    def stored_user_ids(self, user_id: str) -> frozenset[str]:
        """Return the pseudonyms of a user under all keys, newest or not. Creates nothing.

        Raises:
            DataDirError: the keys are there but cannot be read.
        """
        return frozenset(pseudonym(key, "user", user_id) for key in self._keys.all())

    def _replace(self, kind: Kind, plain: str, hidden: list[tuple[str, str]]) -> str | None:
        found = self._id_for(kind, plain)
        if plain:
            hidden.append((plain, found or REDACTED))
        return found

    def _id_for(self, kind: Kind, plain: str) -> str | None:
        if self._keeps_pseudonyms and (plain == REDACTED or PSEUDONYM.fullmatch(plain)):
            return plain
        return self._pseudonym(kind, plain) if self._key is not None or self._has_key() else None

    def _make(self, kind: Kind, plain: str) -> str:
        assert self._key is not None
        return pseudonym(self._key, kind, plain)

    def _has_key(self) -> bool:
        if monotonic() < self._retry_at:
            return False
        try:
            self._key = self._keys.newest_or_new()
        except DataDirError as error:
            self._retry_at = monotonic() + RETRY_SECONDS
            if not self._is_warned:
                warn(f"user and session ids are left out: {error}")
                self._is_warned = True
            return False
        return True

    def _mapping(self, mapping: dict[str, Any], hidden: Hidden, depth: int) -> dict[str, Any]:
        clean = {}
        for key, value in mapping.items():
            name = _without(key, hidden) if hidden and type(key) is str else key
            if type(value) is dict and is_shape(value) and not (hidden and _is_in(value["type"], hidden)):
                clean[name] = value
            elif is_user_name(key):
                clean[name] = self._user_value(value)
            else:
                clean[name] = self._value(value, hidden, depth - 1)
        return clean

    def _value(self, value: Any, hidden: Hidden, depth: int) -> Any:
        if isinstance(value, dict):
            return self._mapping(value, hidden, depth) if depth > 0 else REDACTED
        if isinstance(value, str):
            return _without(value, hidden) if hidden else value
        if isinstance(value, _SEQUENCES):
            return [self._value(item, hidden, depth - 1) for item in value] if depth > 0 else REDACTED
        return value

    def _user_value(self, value: Any) -> Any:
        """Return what stands under `user_id` and the like as a pseudonym, also inside a captured parameter."""
        if isinstance(value, dict):
            return {key: self._user_value(part) if key not in ("type", "size") else part for key, part in value.items()}
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str | int):
            return self._id_for("user", str(value)) or REDACTED
        return REDACTED


def pseudonym(key: Key, kind: Kind, plain: str) -> str:
    """Return the name under which an id is stored: the key's number, a colon and 32 hexadecimal digits."""
    # the kind goes in as well: a session that is named after its user must not show that it is
    message = f"{kind}:{plain[:LONGEST_ID]}".encode("utf-8", "surrogatepass")
    return f"{key.number}:{digest(key.secret, message, 'sha256')[:PSEUDONYM_BYTES].hex()}"


@lru_cache(maxsize=_MOST_REMEMBERED)
def is_user_name(name: object) -> bool:
    """Whether values of this name say who the user is: `user_id`, `currentUserId`, `username`."""
    joined = "".join(words_of(name)) if isinstance(name, str) else ""
    return joined in _USER_NAMES or joined.endswith("userid")


def _names_in(metadata: dict[str, Any]) -> Iterator[str]:
    """Yield every text in the metadata of an unread record: all keys, and the names of the types."""
    for key, value in metadata.items():
        yield key
        if isinstance(value, dict):
            yield from _names_in(value)
        elif isinstance(value, str):
            yield value


def _is_in(text: str, hidden: Hidden) -> bool:
    for plain, _ in hidden:  # noqa: SIM110 - a generator costs more than the search
        if plain in text:
            return True
    return False


def _without(text: str, hidden: Hidden) -> str:
    for plain, instead in hidden:
        if plain in text:
            text = instead if text == plain else _replaced(text, plain, instead)
    return text


def _replaced(text: str, plain: str, instead: str) -> str:
    return _pattern(plain).sub(lambda match: match[1] + instead, text)


@lru_cache(maxsize=256)
def _pattern(plain: str) -> re.Pattern[str]:
    """Match an id as a word of its own; a short number only where it is said to be an id, or every 7 would go.

    An id that was too long is known without its end, and is hidden with it.
    """
    before = r"(\b(?:user|uid|id|account|session)\W{1,4})" if _is_short_number(plain) else r"(?<!\w)()"
    after = r"\S*" if len(plain) >= LONGEST_ID else r"(?!\w)"
    return re.compile(f"{before}{re.escape(plain)}{after}", re.IGNORECASE)


def _is_short_number(plain: str) -> bool:
    return plain.isdecimal() and len(plain) < _SHORT_NUMBER
