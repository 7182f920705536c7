"""The features that an application registered, called or not: one JSON line each, in a file beside the records.

Lines are only added, so several processes may declare at once. Used by the file backends; imports only `records` and
the storage's own file modules.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from curio_tracking.records import FeatureInfo
from curio_tracking.storage.directories import make_private, storage_error
from curio_tracking.storage.escapes import escape_surrogates
from curio_tracking.storage.files import append_whole, open_to_append, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE_NAME: Final = "features.jsonl"


class Declarations:
    """The declared features of one directory."""

    def __init__(self, directory: Path, *, data_dir: Path, durable: bool) -> None:
        """Args: where the file is; the data directory above; whether a declaration must survive a loss of power."""
        self._path = directory / FILE_NAME
        self._data_dir = data_dir
        self._durable = durable

    def add(self, features: Iterable[FeatureInfo]) -> None:
        """Remember the features that are not known yet.

        Raises:
            StorageError: the file cannot be written; nothing was added.
        """
        known = set(self._read())
        new = [info for info in dict.fromkeys(features) if info not in known]
        if not new:
            return
        make_private(self._path.parent, below=self._data_dir, durable=self._durable)
        try:
            self._append("".join(map(_line, new)).encode())
        except OSError as error:
            raise storage_error(error, "write", self._path) from error

    def _append(self, data: bytes) -> None:
        file = open_to_append(self._path, new=False)
        try:
            # a leading break ends the line that a killed process may have left torn; blank lines are passed over
            append_whole(file, b"\n" + data)
            if self._durable:
                os.fsync(file)
        finally:
            os.close(file)

    def all(self) -> list[FeatureInfo]:
        """Return the declared features, each name and category once, with the location that was declared last."""
        return list({(info.feature_name, info.category): info for info in self._read()}.values())

    def _read(self) -> list[FeatureInfo]:
        return [info for info in map(_info, read_lines(self._path)) if info is not None]


def _line(info: FeatureInfo) -> str:
    values = [info.feature_name, info.category, info.location]
    return escape_surrogates(json.dumps(values, ensure_ascii=False)) + "\n"


def _info(line: bytes) -> FeatureInfo | None:
    try:
        name, category, location = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    if isinstance(name, str) and isinstance(category, str) and (location is None or isinstance(location, str)):
        return FeatureInfo(name, category, location)
    return None
