"""Key files: which keys a data directory has, and making the next one; for those who look after a store.

Used by the command `key`. Never shows a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.privacy.keys import KEYS_DIR, KeyRing

if TYPE_CHECKING:
    from pathlib import Path

    from curio_tracking.privacy.keys import KeyState


def list_keys(data_dir: Path) -> list[KeyState]:
    """Return what is known of every key, the newest first. Creates and changes nothing.

    Raises:
        DataDirError: the directory of the keys cannot be read.
    """
    return KeyRing(data_dir / KEYS_DIR).states()


def rotate_key(data_dir: Path) -> int:
    """Create the next key and return its number; those before it stay as they are.

    Raises:
        DataDirError: it cannot be created.
    """
    return KeyRing(data_dir / KEYS_DIR).rotate().number
