"""Deleting records: sealed segments are rewritten beside themselves and renamed, live ones are left to their owners.

A reader sees a segment before or after, never between. Only lines are handled, so columns that a later version wrote
stay as they are.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curio_tracking.storage.directories import storage_error, sync_directory
from curio_tracking.storage.erasure import concerns
from curio_tracking.storage.files import (
    LOCK_PAUSE,
    LOCK_SECONDS,
    is_at,
    is_unowned,
    open_to_repair,
    read_lines,
    replace_file,
)
from curio_tracking.storage.tinyflux.catalog import owner_of, segments_by_day
from curio_tracking.storage.tinyflux.rows import parse_row
from curio_tracking.storage.tinyflux.staging import finish_staged

if TYPE_CHECKING:
    from pathlib import Path

    from curio_tracking.queries import RecordQuery


@dataclass(slots=True)
class Deletion:
    """What became of a deletion.

    Attributes:
        deleted: how many records are gone.
        left: how many matching records are in segments that a process is writing, per owner in words.
    """

    deleted: int = 0
    left: dict[str, int] = field(default_factory=dict)


def delete_records(raw: Path, query: RecordQuery) -> Deletion:
    """Remove the matching records from every sealed segment.

    Raises:
        StorageError: a segment cannot be read or rewritten; it is untouched, those before it are done.
    """
    finish_staged(raw.parent)  # or an import that was killed halfway would bring the rest of them later
    result = Deletion()
    # another deletion lets go of a segment soon, its writer does not: wait a little, once for all of them
    deadline = time.monotonic() + LOCK_SECONDS
    for segments in segments_by_day(raw, query):
        for segment in segments:
            _delete_from(segment, query, result, deadline)
    return result


def _delete_from(segment: Path, query: RecordQuery, result: Deletion, deadline: float) -> None:
    matching = len(_split(segment, query)[1])
    if not matching:
        return
    try:
        deleted = _rewrite_when_sealed(segment, query, deadline)
    except FileNotFoundError:
        return
    except OSError as error:
        raise storage_error(error, "rewrite", segment) from error
    if deleted is None:
        owner = owner_of(segment)
        result.left[owner] = result.left.get(owner, 0) + matching
    else:
        result.deleted += deleted


def _rewrite_when_sealed(segment: Path, query: RecordQuery, deadline: float) -> int | None:
    """Return how many records were removed; None if somebody is still writing to the segment at the deadline."""
    while True:
        file = open_to_repair(segment)
        try:
            # is_at: another deletion may have put a new file here between our open and our lock
            if is_unowned(file) and is_at(file, segment):
                return _rewrite(segment, query)
        finally:
            os.close(file)
        if time.monotonic() > deadline:
            return None
        time.sleep(LOCK_PAUSE)


def _rewrite(segment: Path, query: RecordQuery) -> int:
    kept, gone = _split(segment, query)
    if kept:
        replace_file(segment, kept)
    else:
        segment.unlink()
        sync_directory(segment.parent)
    return len(gone)


def _split(segment: Path, query: RecordQuery) -> tuple[list[bytes], list[bytes]]:
    kept: list[bytes] = []
    gone: list[bytes] = []
    for line in read_lines(segment):
        (gone if concerns(query, line, parse_row(line)) else kept).append(line)
    return kept, gone
