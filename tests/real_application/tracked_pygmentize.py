"""Run the `pygmentize` command of Pygments, unchanged, with its public functions tracked.

    python tracked_pygmentize.py ARGUMENTS OF PYGMENTIZE

Nothing of Pygments is edited: at start, `track_features` puts tracked functions in the place of its own, and the
command then runs as it always does. This is how an application that you cannot change becomes a tracked one.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pygments.cmdline
import pygments.formatters
import pygments.lexer
import pygments.lexers

from curio_tracking import FeatureCategory, track, track_feature

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTIONS: dict[Callable[..., Any], FeatureCategory] = {
    pygments.highlight: FeatureCategory.TERMINAL_TOOL,
    pygments.format: FeatureCategory.FILE_OPERATION,
    pygments.lexers.get_lexer_by_name: FeatureCategory.CONFIG_EDITOR,
    pygments.lexers.get_lexer_for_filename: FeatureCategory.CONFIG_EDITOR,
    pygments.lexers.guess_lexer: FeatureCategory.CONFIG_EDITOR,
    pygments.formatters.get_formatter_by_name: FeatureCategory.CONFIG_EDITOR,
    pygments.formatters.get_formatter_for_filename: FeatureCategory.CONFIG_EDITOR,
}
"""The functions to track, under their own names."""


def track_features() -> None:
    """Put tracked functions in every place where Pygments holds one of `FUNCTIONS`, and track the lexing generator."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "pygments"]
    for function, category in FUNCTIONS.items():
        tracked = track_feature(function.__name__, category)(function)
        for module in modules:
            for name, value in list(vars(module).items()):
                if value is function:
                    setattr(module, name, tracked)
    lexer = pygments.lexer.RegexLexer
    lexer.get_tokens_unprocessed = track_feature("get_tokens")(lexer.get_tokens_unprocessed)


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code; the run itself is a feature too, which failed if the code is not 0."""
    with track("pygmentize", FeatureCategory.TERMINAL_TOOL) as tracked:
        code = int(pygments.cmdline.main(["pygmentize", *arguments]))
        if code:
            tracked.fail(f"exit code {code}")
    return code


if __name__ == "__main__":
    # the name that Pygments shows in its usage text
    sys.argv[0] = "pygmentize"
    track_features()
    sys.exit(run(sys.argv[1:]))
