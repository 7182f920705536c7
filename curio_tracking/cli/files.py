"""Files: a new file for a person's data: whole or not at all, readable by its owner alone.

For commands that write where the user says. Overwrites nothing unless told to, and never through a symbolic link.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import TYPE_CHECKING, BinaryIO

from curio_tracking.errors import CurioError
from curio_tracking.opening import open_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class OutputFileError(CurioError):
    """A file that the user named cannot be written, or is there already."""


@contextmanager
def new_file(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """Open a file that takes its name only when the block has ended well; an exception leaves no trace.

    Args:
        path: where it shall stand.
        replace: whether a file of that name may go.

    Raises:
        OutputFileError: the name is taken, or the directory cannot be written.
    """
    _refuse_taken(path, replace=replace)
    draft = path.with_name(f".curio-tracking-{token_hex(8)}.part")
    try:
        with _create(draft) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _give_name(draft, path, replace=replace)
    except OSError as error:
        raise OutputFileError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _refuse_taken(path: Path, *, replace: bool) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputFileError(f"cannot write {path}: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise OutputFileError(f"cannot write {path}: it is no regular file; without --output the data goes to stdout")
    if not replace:
        raise OutputFileError(f"{path} exists already; choose another name, or use --force to replace it")


def _create(draft: Path) -> BinaryIO:
    descriptor = open_file(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    return open(descriptor, "wb")  # noqa: PTH123 - a descriptor


def _give_name(draft: Path, path: Path, *, replace: bool) -> None:
    if replace:
        draft.replace(path)
        return
    try:
        os.link(draft, path)  # unlike rename, fails when somebody else has taken the name meanwhile
    except FileExistsError:
        raise OutputFileError(f"{path} exists already; choose another name, or use --force to replace it") from None
    except OSError:  # a file system without hard links
        _refuse_taken(path, replace=False)
        draft.rename(path)
