"""Lines that are no records, in a segment that a program finds when it starts. Budget: 15 s."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from twice import assert_store_is_as_accounted, run_twice

CALLS: Final = 10
LINES: Final = {
    "torn": lambda line: line[: len(line) // 2] + b"\n",
    "empty": lambda _line: b"\n",
    "binary": lambda _line: bytes(value for value in range(256) if value != 10) + b"\n",
    "NUL": lambda _line: b"\0" * 5000 + b"\n",
    "huge": lambda line: line.rstrip(b"\n") + b"x" * 20_000_000 + b"\n",
    "unclosed quote": lambda line: b'"' + line,
    "torn at the end": lambda line: line[: len(line) // 2],
}
"""What comes into the middle of a segment, or to its end, made of a whole line of it."""


@pytest.mark.parametrize("kind", LINES)
def test_line_that_is_no_record_hides_none(tmp_path: Path, kind: str) -> None:
    before = run_twice("plain.py", tmp_path, data_dir=tmp_path / "on")
    (segment,) = (before.data_dir / "raw").glob("*/*.csv")
    lines = segment.read_bytes().splitlines(keepends=True)
    at = len(lines) if kind.endswith("end") else len(lines) // 2
    segment.write_bytes(b"".join([*lines[:at], LINES[kind](lines[-1]), *lines[at:]]))
    tracked = run_twice("plain.py", tmp_path, data_dir=tmp_path / "on")
    assert_store_is_as_accounted(tracked)
    assert tracked.calls() == 2 * CALLS
