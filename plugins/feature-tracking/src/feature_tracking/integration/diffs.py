"""Diffs: one file's change as a unified diff that `git apply` and `patch -p1` take, with the reasons above it.

Lines outside the hunks are comments to those programs. Pure text; imports nothing of the project but `plan`.
"""

from __future__ import annotations

import io
import tokenize
from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feature_tracking.integration.plan import Target

NO_NEWLINE = "\\ No newline at end of file\n"


def diff_of(target: Target, result: bytes) -> Iterator[str]:
    """Yield the lines of the diff, each with its line end, CRLF where the file has it.

    Args:
        target: the file and its functions.
        result: its bytes after the change.
    """
    shown = target.file.shown
    for candidate in target.candidates:
        yield f"# {candidate.feature_name}: {candidate.category}, {candidate.reason}\n"
    yield from _diff(_lines(target.source), _lines(result), shown)


def _diff(old: list[str], new: list[str], shown: str) -> Iterator[str]:
    for line in unified_diff(old, new, f"a/{shown}", f"b/{shown}"):
        yield line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}"


def _lines(source: bytes) -> list[str]:
    """Return the lines with their ends, split where Python does and nowhere else."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = source.decode("utf-8" if encoding == "utf-8-sig" else encoding)
    return list(io.StringIO(text, newline="\n"))
