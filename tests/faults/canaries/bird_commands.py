"""Runs commands of the program one after the other, as the console script does, each with a file for its output.

    python bird_commands.py DIRECTORY

Reads the command lines as JSON from stdin, and prints the exit codes as JSON when all have ended.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from curio_tracking.cli import main


def run(arguments: list[str], output: Path) -> int:
    """Run one command and return its exit code; everything it prints goes to the file."""
    kept = [os.dup(descriptor) for descriptor in (1, 2)]
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    try:
        return main(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, before in enumerate(kept, 1):
            os.dup2(before, descriptor)
            os.close(before)
        os.close(file)


codes = [run(line, Path(sys.argv[1], f"{number}.txt")) for number, line in enumerate(json.load(sys.stdin))]
print(json.dumps(codes))
