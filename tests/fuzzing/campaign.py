"""Campaign: how a target of this folder is fuzzed by atheris; without atheris a target is a module with one check.

    python tests/fuzzing/time_range.py -runs=100000          add libFuzzer's own options at will
    python tests/fuzzing/time_range.py FOLDER                 keep there what new inputs are made up
    python tests/fuzzing/time_range.py --planted              with a fault planted, which must be found

What breaks a law is written to the working directory as `crash-...`. Put it into the corpus under a name that says what
it was: it is a regression test from then on.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
SetAttribute = Callable[[Any, str, Any], None]
Plant = Callable[[SetAttribute], None]
PLANTED = "--planted"
TARGETS = ("segment_reader", "rollup_reader", "time_range")


def instrumented(module_name: str) -> AbstractContextManager[object]:
    """Return the block in which a target imports what it fuzzes: watched by atheris when the target is the program."""
    if module_name != "__main__":
        return nullcontext()
    atheris = importlib.import_module("atheris")
    atheris.enabled_hooks.add("RegEx")
    atheris.enabled_hooks.add("str")
    block: AbstractContextManager[object] = atheris.instrument_imports(include=["curio_tracking"])
    return block


def fuzz(target: str, check: Callable[[bytes], None], plant: Plant) -> None:
    """Run the check on what atheris makes up, beginning with the corpus, until an exception or the end of the runs.

    Args:
        target: whose corpus. plant: puts a fault into what is fuzzed, for `--planted`; told how to set an attribute.
    """
    atheris = importlib.import_module("atheris")
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    options = [argument for argument in sys.argv[1:] if argument.startswith("-") and argument != PLANTED]
    with tempfile.TemporaryDirectory(prefix="fuzzed-corpus-") as scratch:
        seeds = CORPUS / target
        if PLANTED in sys.argv:
            plant(setattr)
            seeds = harmless(seeds, check, Path(scratch))
        # what is new to atheris goes to the first folder: the kept corpus is only read
        atheris.Setup([sys.argv[0], *options, *(folders or [scratch]), str(seeds)], check)
        atheris.Fuzz()


def harmless(entries: Path, check: Callable[[bytes], None], folder: Path) -> Path:
    """Return a folder with the entries that do not show a planted fault: it has to be found from these."""
    for entry in entries.iterdir():
        with suppress(Exception):
            check(entry.read_bytes())
            shutil.copy(entry, folder)
    return folder
