"""Size: the last filter; makes metadata plain JSON of bounded length and cuts error messages.

Runs after `redact`, which must see whole values. Whatever backend follows can rely on: only JSON types, text keys, no
lone surrogates, at most MAX_METADATA_SIZE bytes.
"""

from __future__ import annotations

from datetime import date, datetime, time
from json import JSONEncoder
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.hookspecs import hookimpl
from curio_tracking.privacy.shape import is_shape, remember
from curio_tracking.records import encodable
from curio_tracking.unread import UnreadRecord

if TYPE_CHECKING:
    from curio_tracking.hookspecs import RegisterFilter
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings
    from curio_tracking.unread import Signature

TRUNCATED: Final = "_truncated"
"""Key under which the metadata lists what was cut, as dotted names."""
ELLIPSIS: Final = "…"
LONGEST_MESSAGE: Final = 2_000
"""Characters of an error message."""
MAX_DEPTH: Final = 24
MOST_VALUES: Final = 100_000
_SHORTEST_CUT: Final = 32
_LONGEST_NAME: Final = 60
_LONGEST_NOTE: Final = 512
_SHORTEST_NOTE: Final = 24
_WORST_BYTES_PER_CHAR: Final = 6
"""Of text in JSON: a control character is written as \\u0000; UTF-8 needs four at most."""
_ENTRY_BYTES: Final = 32
"""Of a number, or of the quotes, brackets, colon and comma around anything else, with some to spare."""
_SHAPE_BYTES: Final = 3 * _ENTRY_BYTES
_MOST_BITS: Final = 64
_LARGEST: Final = 1 << 63
_CONTAINERS: Final = (dict, list, tuple, set, frozenset)
_LAST_TO_GO: Final = "_folded"
_PARAMETERS: Final = "parameters"

encode: Final = JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
).encode  # made once: json.dumps with options makes an encoder per call


@hookimpl
def curio_register_filters(register: RegisterFilter) -> None:
    """Offer `size`, which is always on, after everything else."""
    register("size", create, order=900)


def create(settings: Settings) -> Size:
    """Return the filter for MAX_METADATA_SIZE."""
    return Size(settings.max_metadata_size)


class Size:
    """Keeps metadata within a number of bytes of UTF-8 JSON: shortens long texts, then leaves out the largest keys."""

    def __init__(self, max_metadata_bytes: int) -> None:
        """Args: max_metadata_bytes: at least 2, the length of `{}`."""
        self._limit = max_metadata_bytes
        self._bytes_at_most = 0
        self._values_left = 0
        self._at_most: dict[Signature, int] = {}

    def apply(self, record: FeatureRecord) -> FeatureRecord:
        """Return the record, bounded and ready for JSON."""
        if not (type(record) is UnreadRecord and self._fits_unread(record)) and record.metadata:
            metadata = self._json_ready(record.metadata)
            fits = self._bytes_at_most <= self._limit or byte_length(metadata) <= self._limit
            record.metadata = metadata if fits else fit(metadata, self._limit)
        if record.error_message is not None:
            record.error_message = encodable(shortened(str(record.error_message), LONGEST_MESSAGE))
        if not (record.feature_name.isascii() and record.category.isascii()):
            record.feature_name, record.category = encodable(record.feature_name), encodable(record.category)
        if record.error_type is not None:
            record.error_type = encodable(record.error_type)
        if (user := record.user_id) is not None and not user.isascii():
            record.user_id = encodable(user)
        if (session := record.session_id) is not None and not session.isascii():
            record.session_id = encodable(session)
        return record

    def _fits_unread(self, record: UnreadRecord) -> bool:
        """Make the custom keys ready for JSON; False if the metadata has to be read to tell that it fits."""
        signature, sizes, custom = record.unread
        at_most = self._at_most.get(signature)
        if at_most is None:
            example = signature.example()
            is_ready = self._json_ready(example) == example
            at_most = self._bytes_at_most if is_ready else self._limit + 1
            remember(self._at_most, signature, at_most)
        if custom and at_most <= self._limit:
            record.unread = signature, sizes, self._json_ready(custom)
            at_most += self._bytes_at_most
        return at_most <= self._limit

    def _json_ready(self, metadata: dict[Any, Any]) -> dict[str, Any]:
        self._bytes_at_most = 0
        self._values_left = MOST_VALUES
        return self._mapping(metadata, MAX_DEPTH)

    def _mapping(self, mapping: dict[Any, Any], depth: int) -> dict[str, Any]:
        """Return a copy made of JSON types only; counts on the way how many bytes it may take at most."""
        plain = {}
        at_most = 0
        for key, value in list(mapping.items()):
            name = key if type(key) is str and key.isascii() else _key_text(key)
            at_most += _WORST_BYTES_PER_CHAR * len(name) + _ENTRY_BYTES
            kind = type(value)
            if kind is int and -_LARGEST < value < _LARGEST:
                plain[name] = value
            elif kind is str and value.isascii():
                at_most += _WORST_BYTES_PER_CHAR * len(value)
                plain[name] = value
            elif kind is dict:
                if is_shape(value):
                    at_most += _SHAPE_BYTES + _WORST_BYTES_PER_CHAR * len(value["type"])
                    plain[name] = value.copy()
                else:
                    plain[name] = self._container(value, depth - 1)
            else:
                plain[name] = self._plain(value, depth - 1)
        self._bytes_at_most += at_most
        return plain

    def _plain(self, value: object, depth: int) -> Any:
        if isinstance(value, _CONTAINERS):
            return self._container(value, depth)
        plain = encodable(str.__str__(value)) if isinstance(value, str) else scalar(value)
        self._bytes_at_most += _ENTRY_BYTES + (_WORST_BYTES_PER_CHAR * len(plain) if isinstance(plain, str) else 0)
        return plain

    def _container(self, value: Any, depth: int) -> Any:
        self._bytes_at_most += _ENTRY_BYTES
        self._values_left -= len(value)
        if depth <= 0 or self._values_left < 0:
            return ELLIPSIS
        if isinstance(value, dict):
            return self._mapping(value, depth)
        return [self._plain(item, depth - 1) for item in list(value)]


def byte_length(value: object) -> int:
    """Return the bytes that a JSON-ready value takes."""
    return len(encode(value).encode())


def scalar(value: object) -> object:
    """Return a value as JSON has it; of what JSON has not, only the name of its type: its text is the host's affair."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        number = int.__int__(value)
        return number if number.bit_length() <= _MOST_BITS else "<int>"
    if isinstance(value, float):
        real = float.__float__(value)
        return real if isfinite(real) else str(real)
    if type(value) in (datetime, date, time):
        try:
            return value.isoformat()  # type: ignore[attr-defined]
        except Exception:  # a time zone is the host's code
            return f"<{type(value).__name__}>"
    return encodable(f"<{shortened(type(value).__name__, _LONGEST_NAME)}>")


def shortened(text: str, longest: int) -> str:
    """Return at most so many characters; what is cut ends in an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + ELLIPSIS


def _key_text(key: object) -> str:
    if isinstance(key, str):
        return encodable(str.__str__(key))
    name = scalar(key)
    return name if isinstance(name, str) else str(encode(name))


def fit(metadata: dict[str, Any], limit: int) -> dict[str, Any]:
    """Return what fits into `limit` bytes: long texts shortened step by step, then the largest keys left out.

    Args:
        metadata: JSON-ready.
        limit: bytes, at least 2.
    """
    cut: dict[str, None] = {}
    for_note = min(_LONGEST_NOTE, max(limit // 4, _SHORTEST_NOTE))
    room = limit - for_note if limit >= 2 * _SHORTEST_NOTE else limit
    longest = limit // 2
    while longest >= _SHORTEST_CUT and byte_length(metadata) > room:
        metadata = _shorten(metadata, longest, cut, "")
        longest //= 2
    if byte_length(metadata) > room:
        metadata = _leave_out(metadata, room, cut)
    note = _note(cut, limit - byte_length(metadata) - len(f',"{TRUNCATED}":[]'))
    return metadata | {TRUNCATED: note} if note else metadata


def _shorten(value: Any, longest: int, cut: dict[str, None], path: str) -> Any:
    if isinstance(value, str):
        if len(value) > longest:
            cut[path] = None
        return shortened(value, longest)
    if isinstance(value, list):
        return [_shorten(item, longest, cut, path) for item in value]
    if isinstance(value, dict):
        return {key: _shorten(part, longest, cut, f"{path}.{key}" if path else key) for key, part in value.items()}
    return value


def _leave_out(metadata: dict[str, Any], room: int, cut: dict[str, None]) -> dict[str, Any]:
    """Drop keys, the largest first; parameters one by one, and the count of folded calls last."""
    kept = dict(metadata)
    sizes: dict[tuple[str, ...], int] = {(key,): _entry_bytes(key, value) for key, value in kept.items()}
    parameters = kept.get(_PARAMETERS)
    if isinstance(parameters, dict):
        kept[_PARAMETERS] = parameters = dict(parameters)
        sizes |= {(_PARAMETERS, key): _entry_bytes(key, value) for key, value in parameters.items()}
        sizes[(_PARAMETERS,)] = _entry_bytes(_PARAMETERS, {})
    left = sum(sizes.values()) + len("{}")
    for path in sorted(sizes, key=lambda path: (path == (_LAST_TO_GO,), path == (_PARAMETERS,), -sizes[path])):
        if left <= room:
            break
        del (kept if len(path) == 1 else kept[_PARAMETERS])[path[-1]]
        left -= sizes[path]
        cut[".".join(path)] = None
    return kept


def _entry_bytes(key: str, value: object) -> int:
    return byte_length(key) + byte_length(value) + len(":,")


def _note(cut: dict[str, None], room: int) -> list[str]:
    """Return the names of what was cut, as many as fit; an ellipsis stands for the others."""
    note: list[str] = []
    others = byte_length(ELLIPSIS)
    for path in cut:
        name = shortened(path, _LONGEST_NAME)
        room -= byte_length(name) + 1
        if room < others:
            return [*note, ELLIPSIS] if note or room + byte_length(name) + 1 >= others else []
        note.append(name)
    return note
