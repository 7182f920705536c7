"""What a command may print of hostile texts: nothing that steers a terminal; and how to run each command for that."""

from __future__ import annotations

import unicodedata

from all_commands import command_lines

from curio_tracking.testing.command_runs import CommandRun

HOSTILE = "\x1b[31m\x1b]0;t\x07\x9b2J\r\u202egpj\u2066\u200b[bold]<canary-element>=1+1"
"""One text of everything, for where there is room for one."""
QUIET = {
    # nothing is listed, and the environment of the tests is left as it is
    "dashboard": ["--port", "70000"],
    "demo": ["--help"],
    "forget": ["ada-lovelace", "--dry-run"],
    "migrate": ["--from", "tinyflux", "--to", "csv", "--dry-run"],
    "plugins check": ["exclude"],
    "plugins install": ["--help"],
    "plugins new": ["--help"],
}


def steering(text: str) -> set[str]:
    """Return the characters that steer a terminal or hide, but for the ends of lines and the tabs between columns."""
    text = text.replace("\r\n", "\n")
    return {
        ascii(character)
        for character in set(text) - set("\n\t\u200c\u200d")
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }


def assert_tame(run: CommandRun) -> None:
    assert "Traceback" not in run.err
    assert "this is a bug" not in run.err
    assert steering(run.out + run.err) == set()


COMMANDS = sorted(command_lines({}))
