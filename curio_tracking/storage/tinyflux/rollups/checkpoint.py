"""Checkpoint: the rollup beside a segment: how far it reaches, its blocks, its totals by feature and by cell.

The writer puts one there from time to time, so that a reader parses only what came since. Whoever rewrites a segment
removes its checkpoint first. A checkpoint may hold the blocks alone: where the totals have gone to the day's rollup.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from curio_tracking.storage.tinyflux.blocks import BlockIndex
from curio_tracking.storage.tinyflux.rollups.cells import DIMENSIONS, HOUR, Cells, by_dimensions
from curio_tracking.storage.tinyflux.rollups.container import DamagedError, Rollup, write_rollup
from curio_tracking.storage.tinyflux.rollups.table import Table, decode_table, encode_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from curio_tracking.storage.tinyflux.catalog import SegmentFile
    from curio_tracking.summaries import Summary

BY_FEATURE: Final = ("feature_name", "category")
BY_CELL: Final = (*DIMENSIONS, HOUR)
_FEATURES: Final = "features"
_CELLS: Final = "cells"
_BLOCKS: Final = "blocks"
_CELLS_PER_FEATURE: Final = 1.5
"""With hardly more cells than features, a table of the features would save a reader nothing."""
_FINGERPRINT_BYTES: Final = 512


@dataclass(slots=True)
class Growth:
    """The totals of a segment while it grows.

    Attributes:
        index: the blocks.
        frames: cells that are encoded already, because their hour is over.
    """

    index: BlockIndex = field(default_factory=BlockIndex)
    cells: Cells = field(default_factory=Cells)
    frames: list[bytes] = field(default_factory=list)
    _features: dict[tuple[str, str], Summary] = field(default_factory=dict)

    @classmethod
    def resumed(cls, checkpoint: Checkpoint) -> Growth:
        """Return what a checkpoint knows, to go on from there.

        Raises:
            MovedError, DamagedError: its tables cannot be read.
        """
        features: dict[tuple[str, str], Summary] = {}
        for table in checkpoint.features():
            table.merge_into(features, lambda key: key)
        growth = cls(checkpoint.index.copy(), frames=checkpoint.frames())
        growth._features = features
        return growth

    def freeze(self) -> None:
        """Encode the cells: they will hardly change, and encoding them again each time would cost more and more."""
        totals = self.cells.settle()
        if totals:
            self.frames.append(encode_table(BY_CELL, totals))
            self._features = self.features()
            self.cells = Cells()

    def features(self) -> dict[tuple[str, str], Summary]:
        """Return the totals by feature and category."""
        merged = by_dimensions(self.cells.settle(), BY_FEATURE)
        for key, summary in self._features.items():
            if key in merged:
                merged[key].merge(summary)
            else:
                merged[key] = summary
        return merged

    def write(self, path: Path, fingerprint: int) -> None:
        """Put the checkpoint beside its segment.

        Args:
            path: where to. fingerprint: of the segment, see `fingerprint_of`.

        Raises:
            OSError: the one before is untouched.
        """
        sections = {_BLOCKS: self.index.encode()}
        totals = self.cells.settle()
        frames = [*self.frames, encode_table(BY_CELL, totals)] if totals else self.frames
        if len(frames) > 1 or len(totals) > _CELLS_PER_FEATURE * len({key[:2] for key in totals}):
            sections[_FEATURES] = encode_table(BY_FEATURE, self.features())
        sections |= {f"{_CELLS}.{number}": frame for number, frame in enumerate(frames)}
        write_rollup(path, _meta(self.index, fingerprint), sections, durable=False)


def write_blocks(path: Path, index: BlockIndex, fingerprint: int) -> None:
    """Put a checkpoint without totals beside its segment.

    Raises:
        OSError: the one before is untouched.
    """
    write_rollup(path, _meta(index, fingerprint), {_BLOCKS: index.encode()}, durable=False)


def _meta(index: BlockIndex, fingerprint: int) -> dict[str, int]:
    return {"covered": index.end, "fingerprint": fingerprint}


def fingerprint_of(file: int, end: int) -> int:
    """Return what tells whether a file still holds what was folded: the CRC-32 of the last bytes before `end`."""
    begin = max(0, end - _FINGERPRINT_BYTES)
    return zlib.crc32(os.pread(file, end - begin, begin))


class Checkpoint:
    """The rollup that lies beside a segment, checked against it.

    Attributes:
        covered: how many bytes of the rows it is about.
        index: their blocks.
    """

    def __init__(self, segment: SegmentFile, file: int) -> None:
        """Read it.

        Args:
            segment: whose. file: the open segment.

        Raises:
            DamagedError: it is not this segment's, or damaged. FileNotFoundError: there is none.
        """
        self._rollup = Rollup(segment.rollup_path)
        meta = self._rollup.meta
        self.signature = self._rollup.signature
        self.index = _decoded_index(self._rollup)
        self.covered = self.index.end
        end = self.index.file_end
        if (meta.get("covered"), meta.get("fingerprint")) != (self.covered, fingerprint_of(file, end)):
            raise DamagedError(f"{segment.rollup_path} is about another file")
        is_whole = self.covered == segment.size and end == os.fstat(file).st_size
        if segment.is_compressed and not is_whole:
            raise DamagedError(f"{segment.rollup_path} is about another file")

    @property
    def has_totals(self) -> bool:
        """Whether the totals are here, too."""
        return any(name.startswith(_CELLS) for name in self._rollup.names())

    def verify(self) -> None:
        """Look whether all of it is as it was written. Raises: as `features`."""
        self._rollup.verify()

    def features(self) -> list[Table]:
        """Return the totals by feature and category, to be merged.

        Raises:
            MovedError: there is a newer checkpoint. DamagedError: it is damaged.
        """
        if _FEATURES in self._rollup:
            return [_decoded(self._rollup, self._rollup.section(_FEATURES))]
        return [table._replace(names=BY_FEATURE, keys=[key[:2] for key in table.keys]) for table in self.cells()]

    def cells(self) -> Iterator[Table]:
        """Yield the totals by cell, to be merged.

        Raises: as `features`.
        """
        for frame in self.frames():
            yield _decoded(self._rollup, frame)

    def frames(self) -> list[bytes]:
        """Return the tables of cells as bytes. Raises: as `features`."""
        return [self._rollup.section(name) for name in self._rollup.names() if name.startswith(_CELLS)]


def _decoded_index(rollup: Rollup) -> BlockIndex:
    try:
        return BlockIndex.decode(rollup.section(_BLOCKS))
    except (KeyError, ValueError) as error:
        raise DamagedError(str(error)) from error


def _decoded(rollup: Rollup, data: bytes) -> Table:
    try:
        return decode_table(data)
    except ValueError as error:
        raise DamagedError(f"{rollup.path}: {error}") from error
