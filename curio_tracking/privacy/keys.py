"""The keys under which user and session ids become pseudonyms: files `1.key`, `2.key`, ... of 32 random bytes.

The highest number is the newest and used for writing; older ones stay so that what was stored under them can be found
and erased. They lie in `DATA_DIR/keys`, apart from what is exported. Used by `anonymize`, and by `migrating`, which
takes them along.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from curio_tracking.errors import DataDirError
from curio_tracking.logbook import warn
from curio_tracking.opening import OWNER_ONLY, open_file
from curio_tracking.storage.directories import make_way

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEYS_DIR: Final = "keys"
KEY_BYTES: Final = 32
PRIVATE_DIR: Final = 0o700
_NAME: Final = re.compile(r"([1-9]\d{0,5})\.key")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Key(NamedTuple):
    """One key and its number."""

    number: int
    secret: bytes


class KeyState(NamedTuple):
    """What may be told of a key.

    Attributes:
        number: the key's. created: when its file was written, seconds since 1970; None if that cannot be told.
        problem: why it cannot be used; None if it can.
    """

    number: int
    created: float | None
    problem: str | None


class KeyRing:
    """The keys in one directory; several processes may use and create them at the same time."""

    def __init__(self, directory: Path) -> None:
        """Args: directory: where the key files lie; nothing is created before `newest_or_new` is called."""
        self.directory = directory

    def all(self) -> list[Key]:
        """Return every readable key, the newest first. Creates nothing, warns of files that are not readable.

        Raises:
            DataDirError: the directory is there but cannot be read.
        """
        keys = []
        for number in self.numbers():
            try:
                keys.append(Key(number, _read(self._path(number))))
            except (OSError, ValueError) as error:
                warn(f"{self._path(number)}: this key cannot be used ({_reason(error)})")
        return keys

    def states(self) -> list[KeyState]:
        """Return what may be told of every key, the newest first.

        Raises:
            DataDirError: the directory is there but cannot be read.
        """
        return [_state(number, self._path(number)) for number in self.numbers()]

    def newest_or_new(self) -> Key:
        """Return the key to write with; the first call of all creates it.

        Raises:
            DataDirError: there is no key that can be read, and none can be created.
        """
        numbers = self.numbers()
        if not numbers:
            return self._add(1)  # not "the next number": another process may have made the first one just now
        keys = self.all()
        if not keys:
            # never a new key in the old one's place: that would part a user's records without anyone asking for it
            raise DataDirError(f"{self._path(numbers[0])}: no key can be read; make it readable or restore it")
        return keys[0]

    def rotate(self) -> Key:
        """Create the next key, for new records; running processes go on with theirs until they end.

        Raises:
            DataDirError: the directory or the file cannot be created.
        """
        return self._add(max(self.numbers(), default=0) + 1)

    def adopt(self, keys: Sequence[Key]) -> None:
        """Take in keys from elsewhere, under their numbers: what was stored under them can be found here, too.

        Raises:
            DataDirError: a file cannot be created, or another key has the number.
        """
        try:
            self._make_directory()
            for key in keys:
                self._create(self._path(key.number), key.secret)
                if _read(self._path(key.number)) != key.secret:
                    raise DataDirError(f"{self._path(key.number)}: another key has this number")
        except (OSError, ValueError) as error:
            raise DataDirError(f"{self.directory}: no key can be created there ({_reason(error)})") from error

    def _add(self, number: int) -> Key:
        """Create a key, or take the one that another process has created under this number meanwhile."""
        try:
            self._make_directory()
            self._create(self._path(number), secrets.token_bytes(KEY_BYTES))
            return Key(number, _read(self._path(number)))
        except (OSError, ValueError) as error:
            raise DataDirError(f"{self.directory}: no key can be created there ({_reason(error)})") from error

    def _path(self, number: int) -> Path:
        return self.directory / f"{number}.key"

    def numbers(self) -> list[int]:
        """Return the number of every key file, usable or not, the newest first.

        Raises:
            DataDirError: the directory is there but cannot be read.
        """
        try:
            if not stat.S_ISDIR(os.lstat(self.directory).st_mode):
                raise DataDirError(f"{self.directory}: not a directory; remove what is in its place")
            names = [entry.name for entry in self.directory.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataDirError(f"{self.directory}: cannot be read ({error.strerror})") from error
        return sorted((int(match[1]) for match in map(_NAME.fullmatch, names) if match), reverse=True)

    def _make_directory(self) -> None:
        make_way(self.directory)
        if os.lstat(self.directory).st_mode & _OTHERS:
            self.directory.chmod(PRIVATE_DIR)

    def _create(self, path: Path, secret: bytes) -> None:
        """Bring a whole key into place: written aside, then linked, so that nobody ever reads half of one."""
        aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(8)}")
        try:
            _write(aside, secret)
            try:
                os.link(aside, path)
            except FileExistsError:
                raise
            except OSError:  # a file system without hard links: who reads half a key there takes it for damaged
                _write(path, secret)
            _sync(self.directory)
        except FileExistsError:
            return  # another process was faster: its key is the key
        finally:
            aside.unlink(missing_ok=True)


class RehearsalKeys(KeyRing):
    """The keys for a rehearsal, which may leave no trace: where there is none yet, one that is never written."""

    def _add(self, number: int) -> Key:
        return Key(number, secrets.token_bytes(KEY_BYTES))


def _write(path: Path, content: bytes) -> None:
    descriptor = open_file(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync(directory: Path) -> None:
    """Make the new name itself survive a loss of power, where directories can be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    descriptor = open_file(path, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        mode = status.st_mode
        if hasattr(os, "geteuid") and os.geteuid() not in (0, status.st_uid) and status.st_uid != 0:
            raise ValueError(f"it belongs to another user (uid {status.st_uid}), who may know it")
        secret = file.read(KEY_BYTES + 1)
        if len(secret) != KEY_BYTES:
            raise ValueError(f"damaged: not {KEY_BYTES} bytes long")
        if mode & _OTHERS and hasattr(os, "fchmod"):
            _tighten(path, descriptor)
    return secret


def _state(number: int, path: Path) -> KeyState:
    created = problem = None
    try:
        created = os.lstat(path).st_mtime
        _read(path)
    except (OSError, ValueError) as error:
        problem = _reason(error)
    return KeyState(number, created, problem)


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _tighten(path: Path, descriptor: int) -> None:
    try:
        os.fchmod(descriptor, OWNER_ONLY)
        outcome = "it is now readable by its owner only"
    except OSError as error:
        outcome = f"and that cannot be changed ({error.strerror})"
    warn(f"{path}: others could read this key, {outcome}")
