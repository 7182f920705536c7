"""Lock: one migration into a store at a time: two would both find a record missing, and both write it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from curio_tracking.migrating.sides import MigrationError
from curio_tracking.storage.directories import make_private, storage_error
from curio_tracking.storage.files import is_at, open_to_append, release, try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME: Final = "migrate.lock"


@contextmanager
def only_migration(data_dir: Path) -> Iterator[None]:
    """Keep other migrations away from the stores of a data directory while a `with` block runs.

    Raises:
        MigrationError: one is running. DataDirError: this user cannot write there.
    """
    make_private(data_dir, below=data_dir)
    path = data_dir / FILE_NAME
    try:
        file = open_to_append(path, new=False)
    except OSError as error:
        raise storage_error(error, "write", path) from error
    try:
        # is_at: the one that ended just now may have removed the file that we have opened
        if not (try_lock(file) and is_at(file, path)):
            raise MigrationError(f"another migration into {data_dir} is running; wait for its end, then try again")
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()
    finally:
        release(file)
