"""Keys: pseudonyms come along as they are, so a question about a user needs the keys that they were made under.

They lie in the data directory, whatever the backend: only a migration into another directory has to take them along.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from curio_tracking.errors import DataDirError
from curio_tracking.privacy.keys import KEYS_DIR, KeyRing

if TYPE_CHECKING:
    from pathlib import Path


class KeyTransfer(StrEnum):
    """What became of the keys."""

    NOT_NEEDED = "not needed"
    """There are none, or those are there already."""
    COPIED = "copied"
    REFUSED = "refused"
    """There are other ones under the same numbers, or they cannot be read or written."""


def transfer_keys(source: Path, target: Path, *, is_rehearsal: bool = False) -> KeyTransfer:
    """Bring the keys of one data directory into another, unless it has other ones.

    Args:
        source, target: the data directories.
        is_rehearsal: say what would be done, and write nothing.
    """
    ring = KeyRing(target / KEYS_DIR)
    try:
        wanted, there = KeyRing(source / KEYS_DIR).all(), ring.all()
        new = [key for key in wanted if key not in there]
        if not new:
            return KeyTransfer.NOT_NEEDED
        if {key.number for key in new} & {key.number for key in there}:
            return KeyTransfer.REFUSED
        if not is_rehearsal:
            ring.adopt(new)
    except DataDirError:
        return KeyTransfer.REFUSED
    return KeyTransfer.COPIED
