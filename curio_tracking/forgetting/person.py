"""Person: every id under which one user may be stored, and which records are the user's.

A record is the user's if its field says so, if one of the user's pseudonyms stands anywhere in its texts, or if the
plain id stands in its metadata under a name such as `user_id`. Used by `erasure`; never shows the plain id.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.filtering import plain_ids, user_translation
from curio_tracking.privacy.anonymize import PSEUDONYM, is_user_name, pseudonym
from curio_tracking.privacy.keys import KEYS_DIR, KeyRing

if TYPE_CHECKING:
    from curio_tracking.plugins import PluginHost
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings

PLAIN: Final = "plain"
OTHER: Final = "other"
HIDDEN: Final = "[user]"


class Person:
    """One user, by the id that the application knows.

    Attributes:
        key_numbers: of the keys that can be used, the newest first.
        unusable_keys: numbers of keys that are there and cannot be used: what lies under them cannot be found.
        pseudonyms: the user's, by the number of their key.
        ids: all of these, the plain id (and as much of it as collected records keep), and what filters of other plugins
            store the user under.
    """

    def __init__(self, user_id: str, settings: Settings, host: PluginHost) -> None:
        """Read the keys; creates none.

        Raises:
            DataDirError: the directory of the keys cannot be read.
        """
        ring = KeyRing(settings.data_dir / KEYS_DIR)
        keys = ring.all()
        self._plain = plain_ids(user_id)
        self.key_numbers = [key.number for key in keys]
        self.unusable_keys = [number for number in ring.numbers() if number not in self.key_numbers]
        self.pseudonyms = {key.number: pseudonym(key, "user", user_id) for key in keys}
        translated = user_translation(settings, host)(user_id)
        self.ids = frozenset({*self._plain, *self.pseudonyms.values(), *translated})
        self._places = {name: str(number) for number, name in self.pseudonyms.items()}
        self._places |= dict.fromkeys(self._plain, PLAIN)

    def place_of(self, record: FeatureRecord) -> str | None:
        """Return under what a record is the user's: the number of a key, `plain` or `other`; None if it is not."""
        if record.user_id in self.ids:
            return self._places.get(record.user_id, OTHER)
        return self._mentioned_in(record)

    def _mentioned_in(self, record: FeatureRecord) -> str | None:
        if not (record.metadata or record.error_message):
            return None
        text = f"{json.dumps(record.metadata, default=str)} {record.error_message}"
        for number, name in self.pseudonyms.items():
            if name in text:
                return str(number)
        return PLAIN if _is_named(self._plain, record.metadata) else None

    def is_under_unknown_key(self, record: FeatureRecord) -> bool:
        """Whether nobody can tell any more whose record it is: the key of its pseudonym is not here."""
        if record.user_id is None or not PSEUDONYM.fullmatch(record.user_id):
            return False
        return int(record.user_id.partition(":")[0]) not in self.pseudonyms and record.user_id not in self.ids

    def hidden(self, text: str) -> str:
        """Return a text, such as the message of a backend, without the plain id."""
        for plain in self._plain:  # the longer one first: the other is part of it
            text = re.sub(rf"(?<!\w){re.escape(plain)}(?!\w)", HIDDEN, text)
        return text


def _is_named(plain: tuple[str, ...], value: Any, *, is_user: bool = False) -> bool:
    """Whether the plain id stands somewhere in metadata under a name that says that it is a user's."""
    if isinstance(value, dict):
        return any(_is_named(plain, part, is_user=is_user or is_user_name(name)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return any(_is_named(plain, part, is_user=is_user) for part in value)
    return is_user and isinstance(value, str | int) and not isinstance(value, bool) and str(value) in plain
