"""Secrets: what the filter `redact` would have taken out of a record that is stored already.

Asks the filter itself, so that both always mean the same, and compares what it leaves with what is there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.privacy.names import SecretNames
from curio_tracking.privacy.patterns import PSEUDONYM_FORM, REDACTED, kinds_in
from curio_tracking.privacy.redact import Redact
from curio_tracking.records import TEXT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curio_tracking.records import FeatureRecord

Found = tuple[str, str, int]
"""Field (dotted within the metadata), what was found there, and its length in characters."""

BY_NAME: Final = "value of a secret name"
METADATA: Final = "metadata"
_IDS: Final = ("user_id", "session_id")
_MADE_BY_MACHINES: Final = ("parent_id",)
_TEXTS: Final = tuple(name for name in TEXT_FIELDS if name not in (*_IDS, *_MADE_BY_MACHINES))
_PSEUDONYM: Final = re.compile(PSEUDONYM_FORM)
_CELL: Final = re.compile(rb"[,;]")


class SecretSearch:
    """Finds what looks like a secret, or stands under the name of one."""

    def __init__(self, also: Iterable[str] = (), exactly: Iterable[str] = ()) -> None:
        """Args: also, exactly: further secret names, as `SecretNames` takes them."""
        names = tuple(also), tuple(exactly)
        self._redact = Redact(*names)
        self._names = SecretNames(*names)

    def in_record(self, record: FeatureRecord) -> Iterator[Found]:
        """Yield what is found in the fields of a record; those that hold only what machines made are left out."""
        for field in _TEXTS:
            yield from self._in_text(field, getattr(record, field))
        for field in _IDS:
            plain = getattr(record, field)
            if plain and plain != REDACTED and not _PSEUDONYM.fullmatch(plain):
                yield from self._in_text(field, plain)
        if record.metadata:
            clean = self._redact.apply(replace(record, error_message=None)).metadata
            yield from self._differences(record.metadata, clean, METADATA)

    def in_line(self, line: bytes) -> Iterator[tuple[str, int]]:
        """Yield what is found in a line that is no record, with its length: by its look alone, names tell nothing."""
        for cell in _CELL.split(line):
            if not cell.isdigit():  # numbers that stand alone are a row's own: of threads, or of microseconds
                text = cell.decode("utf-8", "replace")
                yield from ((kind, len(text)) for kind in kinds_in(text, self._names) if kind != BY_NAME)

    def kinds(self, text: str) -> list[str]:
        """Return what kinds of secrets are in a text."""
        return kinds_in(text, self._names)

    def _in_text(self, field: str, text: str | None) -> Iterator[Found]:
        if text:
            yield from ((field, kind, len(text)) for kind in kinds_in(text, self._names))

    def _differences(self, before: Any, after: Any, path: str) -> Iterator[Found]:
        """Yield every place at which the filter has changed something."""
        if before == after or (isinstance(before, str) and _PSEUDONYM.fullmatch(before)):
            return  # what `anonymize` has put in the place of something is all right wherever it stands
        if isinstance(before, dict) and isinstance(after, dict) and len(before) == len(after):
            # in the same order; the keys are not always the same
            for (old, value), (new, clean) in zip(before.items(), after.items(), strict=True):
                if old != new:
                    yield from self._in_text(f"{path} (a key)", old)
                yield from self._differences(value, clean, f"{path}.{new}")
        elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            for number, (value, clean) in enumerate(zip(before, after, strict=True)):
                yield from self._differences(value, clean, f"{path}[{number}]")
        else:
            text = str(before)
            is_one = isinstance(before, str | int)
            for kind in (kinds_in(text, self._names) if is_one else None) or [BY_NAME]:
                yield path, kind, len(text)
