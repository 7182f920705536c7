"""FILE_OPERATION: reports are written, compressed, checked and read as real files; one of them is missing."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING, Final

from curio_tracking import FeatureCategory, track, track_feature

if TYPE_CHECKING:
    from pathlib import Path

    from curio_tracking.demo.tally import Tally

BLOCK_BYTES: Final = 16_384
REPORTS: Final = {"orders": 400, "visits": 4_000, "stock": 12_000}


@track_feature("write_report", FeatureCategory.FILE_OPERATION)
def write_report(folder: Path, title: str, lines: int) -> Path:
    """Write a report of `lines` lines and return its path."""
    path = folder / f"{title}.txt"
    path.write_text("".join(f"{title} {number:06d} {number * number % 997}\n" for number in range(lines)), "utf-8")
    return path


@track_feature("compress_report", FeatureCategory.FILE_OPERATION, target_seconds=0.02)
def compress_report(path: Path) -> Path:
    """Write a gzip copy beside the report and return its path."""
    packed = path.with_suffix(".txt.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def checksum_report(path: Path) -> str:
    """Return the SHA-256 of the report, read block by block; every block is one iteration."""
    with track("checksum_report", FeatureCategory.FILE_OPERATION) as run, path.open("rb") as stream:
        digest = hashlib.sha256()
        blocks = 0
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
            blocks += 1
        run.iterations = max(1, blocks)
        run.input_size = stream.tell()
        run.add_metadata(algorithm="sha256", block_bytes=BLOCK_BYTES)
    return digest.hexdigest()


@track_feature("read_report", FeatureCategory.FILE_OPERATION)
def read_report(path: Path) -> str:
    """Return the text of a report, packed or not."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode("utf-8")
    return path.read_text("utf-8")


@track_feature("fax_report", FeatureCategory.FILE_OPERATION)
def fax_report(path: Path) -> list[bytes]:
    """Cut a report into the lines of a fax. Nobody does that any more: the statistics show it with 0 calls."""
    return [line.ljust(216) for line in path.read_bytes().splitlines()]


def use(folder: Path, tally: Tally) -> None:
    """Make every report, check that packing loses nothing, and ask for one that is not there."""
    for title, lines in REPORTS.items():
        path = write_report(folder, title, lines)
        tally.count("write_report")
        checksum_report(path)
        tally.count("checksum_report")
        packed = compress_report(path)
        tally.count("compress_report")
        texts = {read_report(path), read_report(packed)}
        tally.count("read_report", times=2)
        if len(texts) != 1:
            raise AssertionError(f"{packed} does not unpack to {path}")
    with tally.failing("read_report", FileNotFoundError):
        read_report(folder / "last-year.txt")
