"""Run `pygmentize` with neither tracking nor wrapping, and count calls with the interpreter's own profile hook.

    python counted_pygmentize.py COUNTS.json ARGUMENTS OF PYGMENTIZE

The counts are the yardstick for `tracked_pygmentize.py`; nothing of the tracker is imported.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pygments.cmdline
import pygments.formatters
import pygments.lexer
import pygments.lexers

if TYPE_CHECKING:
    from types import FrameType

CODES = {
    function.__code__: name
    for name, function in {
        "highlight": pygments.highlight,
        "format": pygments.format,
        "get_lexer_by_name": pygments.lexers.get_lexer_by_name,
        "get_lexer_for_filename": pygments.lexers.get_lexer_for_filename,
        "guess_lexer": pygments.lexers.guess_lexer,
        "get_formatter_by_name": pygments.formatters.get_formatter_by_name,
        "get_formatter_for_filename": pygments.formatters.get_formatter_for_filename,
        "get_tokens": pygments.lexer.RegexLexer.get_tokens_unprocessed,
    }.items()
}


class Counting:
    """Counts the frames of the functions in `CODES`; a generator is entered often but has one frame."""

    def __init__(self) -> None:
        self.frames: dict[FrameType, str] = {}

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        """See `sys.setprofile`."""
        if event == "call" and frame.f_code in CODES:
            self.frames[frame] = CODES[frame.f_code]


if __name__ == "__main__":
    counting = Counting()
    sys.setprofile(counting.profile)
    try:
        pygments.cmdline.main(["pygmentize", *sys.argv[2:]])
    except SystemExit:
        pass
    finally:
        sys.setprofile(None)
        counts = Counter(counting.frames.values()) + Counter({"pygmentize": 1})
        Path(sys.argv[1]).write_text(json.dumps(counts), "utf-8")
