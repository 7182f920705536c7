"""Redact: takes secrets out of metadata and error messages, by the names of values and by what they look like.

Runs after third-party filters, so that whatever they add is looked at too, and before anything is shortened. What
cannot be looked at (too deep, too much) is replaced as well: nothing unseen goes on to a backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from curio_tracking.hookspecs import hookimpl
from curio_tracking.privacy.anonymize import is_user_name
from curio_tracking.privacy.names import SecretNames, Verdict
from curio_tracking.privacy.patterns import (
    LONGEST_TEXT,
    REDACTED,
    is_card_number,
    is_mail_address,
    scrub,
    without_cut_end,
)
from curio_tracking.privacy.shape import is_shape, remember
from curio_tracking.unread import LARGEST_SIZE, UnreadRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from curio_tracking.hookspecs import RegisterFilter
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings
    from curio_tracking.unread import Signature

MAX_DEPTH: Final = 20
MOST_WORK: Final = 50_000
"""Values of one record looked at; 16 characters of text count as one. Bounds cyclic and multiply shared values too."""
LONGEST_MESSAGE: Final = 8_192
"""Characters of an error message looked at; `size` keeps fewer."""
CUT_MESSAGE: Final = 2_000
CUT_VALUE: Final = 256
"""Characters of an error message, and of a parameter's value, that are taken in the host's thread; more may follow."""
_MOST_REMEMBERED: Final = 2048
_LONGEST_REMEMBERED: Final = 40
_LONG: Final = 1_000
"""Characters of a text that is worth to be remembered by itself: that of a context comes back with every call in it."""
_MOST_LONG_REMEMBERED: Final = 8
_NUMBERS: Final = (int, float)
_SMALLEST_OTHER: Final = 10**19
_FIRST_OF_CARDS: Final = frozenset("23456")
"""Of the numbers that are issued; others that pass the check by chance are left alone where they stand as numbers."""
_SEQUENCES: Final = (list, tuple, set, frozenset)


@hookimpl
def curio_register_filters(register: RegisterFilter) -> None:
    """Offer `redact`, which is always on."""
    register("redact", create, order=100)


def create(settings: Settings) -> Redact:
    """Return the filter; the names of REDACT and EXCLUDE are secret besides the usual ones."""
    return Redact(also=settings.redact, exactly=settings.exclude)


class Redact:
    """Replaces secrets by "[redacted]". Builds new containers: the application may still hold the old ones."""

    def __init__(self, also: Iterable[str] = (), exactly: Iterable[str] = ()) -> None:
        """Args: also, exactly: further secret names, as `SecretNames` takes them."""
        self._names = SecretNames(also, exactly)
        self._keys: dict[str, tuple[str, Verdict, bool]] = {}
        self._texts: dict[str, str] = {}
        self._long_texts: dict[str, str] = {}
        self._kept: dict[Signature, bool] = {}
        self._work_left = 0

    def apply(self, record: FeatureRecord) -> FeatureRecord:
        """Return the record without secrets."""
        if type(record) is UnreadRecord and self._keeps(record.unread[0]):
            signature, sizes, custom = record.unread
            if custom:
                record.unread = signature, sizes, self._without_secrets(custom)
        elif record.metadata:
            record.metadata = self._without_secrets(record.metadata)
        if record.error_message is not None:
            message = str(record.error_message)
            if len(message) == CUT_MESSAGE:
                message = without_cut_end(message)
            record.error_message = scrub(message, self._names, LONGEST_MESSAGE)
        if record.error_type is not None:
            # a class is named by its author, but manual tracking takes any text
            self._work_left = MOST_WORK
            record.error_type = self._texts.get(record.error_type) or self._text(str(record.error_type))
        return record

    def _keeps(self, signature: Signature) -> bool:
        """Whether there is nothing to redact in the parameters of any call with these names and types."""
        kept = self._kept.get(signature)
        if kept is None:
            example = signature.example()
            kept = self._without_secrets(example) == example
            remember(self._kept, signature, kept)
        return kept

    def _without_secrets(self, metadata: dict[Any, Any]) -> dict[str, Any]:
        self._work_left = MOST_WORK
        clean = self._mapping(metadata, MAX_DEPTH)
        return {REDACTED: REDACTED} if isinstance(clean, str) else clean

    def _mapping(self, mapping: dict[Any, Any], depth: int) -> dict[str, Any] | str:
        if depth <= 0 or not self._can_take(len(mapping)):
            return REDACTED
        keys = self._keys
        texts = self._texts
        clean: dict[str, Any] = {}
        # list(): one step that no other thread can come between, should the application still change its dict
        for key, value in list(mapping.items()):
            known = keys.get(key) if type(key) is str else None
            name, verdict, is_user = known if known is not None else self._look_at_key(key)
            if name in clean:
                name = _another(name, clean)
            kind = type(value)
            if verdict and _is_hidden(verdict, value):
                clean[name] = _without_value(value)
            elif kind is dict:
                is_known = is_shape(value) and texts.get(value["type"]) == value["type"]
                clean[name] = value.copy() if is_known else self._mapping(value, depth - 1)
            elif kind is str:
                clean[name] = texts.get(value) or self._text(value)
            else:
                clean[name] = self._value(value, depth - 1)
            if is_user:
                _leave_user(clean, name, value)
        if "value" in clean:
            self._look_at_value(mapping, clean)
        return clean

    def _look_at_value(self, mapping: dict[Any, Any], clean: dict[str, Any]) -> None:
        """Decide once more on what is called `value`, from what stands beside it."""
        if self._is_secret_pair(mapping):
            clean["value"] = REDACTED
            return
        value, size = mapping["value"], mapping.get("size")
        if type(value) is str and len(value) == CUT_VALUE and type(size) is int and size > CUT_VALUE:
            clean["value"] = self._text(without_cut_end(value))

    def _value(self, value: object, depth: int) -> object:
        """Return a value without secrets; what is no JSON passes, for `size` to replace it by the name of its type."""
        if value is None:
            return value
        if isinstance(value, _NUMBERS):
            return REDACTED if abs(value) >= LARGEST_SIZE and _is_card(value) else value
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, dict):
            return self._mapping(value, depth)
        return self._items(value, depth) if isinstance(value, _SEQUENCES) else value

    def _items(self, items: Collection[object], depth: int) -> list[object] | str:
        """Return the items without secrets; those after a secret name, as in a command line or a pair, are secret."""
        if depth <= 0 or not self._can_take(len(items)):
            return REDACTED
        clean: list[object] = []
        is_pair = len(items) == 2
        is_next_secret = False
        for item in list(items):
            clean.append(REDACTED if is_next_secret else self._value(item, depth - 1))
            is_next_secret = (
                isinstance(item, str)
                and (is_pair or item.startswith("-"))
                and len(item) <= _LONGEST_REMEMBERED
                and "=" not in item
                and self._names.verdict(item) is Verdict.SECRET
            )
        return clean

    def _text(self, text: str) -> str:
        if not self._can_take(min(len(text), LONGEST_TEXT) >> 4):
            return REDACTED
        clean = self._long_texts.get(text)
        if clean is None:
            clean = scrub(text, self._names)
            if len(text) <= _LONGEST_REMEMBERED:
                remember(self._texts, text, clean, _MOST_REMEMBERED)
            elif len(text) >= _LONG:
                remember(self._long_texts, text, clean, _MOST_LONG_REMEMBERED)
        return clean

    def _can_take(self, work: int) -> bool:
        """Whether so many more values may be looked at in this record; if so, count them."""
        if work > self._work_left:
            return False
        self._work_left -= work
        return True

    def _look_at_key(self, key: object) -> tuple[str, Verdict, bool]:
        """Return the text of a key, which may be a secret itself, and what it says: a secret, or who the user is."""
        if isinstance(key, bytes):
            key = key.decode("utf-8", "replace")
        if not isinstance(key, str):
            is_plain = key is None or isinstance(key, _NUMBERS)
            text = self._text(str(key)) if is_plain else f"<{type(key).__name__}>"
            # a tuple may hold the name of a secret
            return text, Verdict.PLAIN if is_plain else Verdict.SECRET, False
        name = str.__str__(key)
        verdict = self._names.verdict(name)
        found = self._text(name), verdict, is_user_name(name) and not verdict
        if len(name) <= _LONGEST_REMEMBERED:
            remember(self._keys, name, found, _MOST_REMEMBERED)
        return found

    def _is_secret_pair(self, mapping: dict[Any, Any]) -> bool:
        """Whether this is `{"name": "password", "value": ...}`, as lists of headers, cookies or variables have them."""
        named = (mapping.get(key) for key in ("name", "key", "header", "field"))
        return any(isinstance(name, str) and self._names.verdict(name) is Verdict.SECRET for name in named)


def _is_hidden(verdict: Verdict, value: object) -> bool:
    """Whether a value goes: always for the name of a secret; for that of a count unless it is a number."""
    if verdict is Verdict.SECRET:
        return True
    if isinstance(value, dict) and isinstance(value.get("type"), str):  # a parameter: described, not given
        return value["type"] not in ("int", "float", "bool", "NoneType")
    return not (value is None or (isinstance(value, _NUMBERS) and abs(value) < LARGEST_SIZE))


def _without_value(value: object) -> object:
    """Return what may be kept of a secret: of a captured parameter its type, and not its length."""
    if isinstance(value, dict) and {"type"} <= value.keys() <= {"type", "size", "value"}:
        kind = value["type"]
        if isinstance(kind, str) and kind.isidentifier() and len(kind) <= _LONGEST_REMEMBERED:
            return {"type": kind, "value": REDACTED}
    return REDACTED


def _leave_user(clean: dict[str, Any], name: str, value: object) -> None:
    """Put back a mail address that says who the user is: `anonymize` makes it a pseudonym, if that is wanted."""
    if isinstance(value, str):
        if is_mail_address(value):
            clean[name] = value
    elif isinstance(value, dict) and isinstance(address := value.get("value"), str) and is_mail_address(address):
        clean[name] = clean[name] | {"value": address} if isinstance(clean[name], dict) else clean[name]


def _is_card(number: float) -> bool:
    digits = f"{abs(number):.0f}" if abs(number) < _SMALLEST_OTHER else ""
    return digits[:1] in _FIRST_OF_CARDS and is_card_number(digits)


def _another(name: str, taken: dict[str, Any]) -> str:
    """Return a free name near one that is taken: two keys may look the same once they are clean."""
    count = len(taken) + 1  # may skip numbers, but needs no search
    while f"{name} {count}" in taken:
        count += 1
    return f"{name} {count}"
