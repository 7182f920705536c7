"""Hostile texts in every text field of the records: each command in each format, on a terminal and in a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from all_commands import command_lines, formats_of
from tame_output import COMMANDS, HOSTILE, QUIET, assert_tame

from curio_tracking.records import TEXT_FIELDS, FeatureInfo
from curio_tracking.runtime import open_reader
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record
from curio_tracking.testing.command_runs import CommandRun, run_on_terminal, run_to_file
from curio_tracking.testing.example_records import hostile_records
from curio_tracking.testing.hostile_texts import MARKUP_TEXTS, STORAGE_TEXTS, TERMINAL_TEXTS

FORMULA = re.compile("[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
RAW_MARKUP = re.compile(r"(?<!\\)<(script|canary|img)")


@pytest.fixture
def store(surroundings: Path) -> None:
    """A store in which every text field of every record is hostile, and features were declared under such names."""
    texts = (*STORAGE_TEXTS, *MARKUP_TEXTS, *TERMINAL_TEXTS, HOSTILE)
    reader = open_reader(load_settings(strict=True))
    reader.backend.append([make_record(1), *hostile_records(texts), _ordinary_but_for_its_name()])
    reader.backend.declare([FeatureInfo(text, text, text) for text in texts])
    reader.close()


def _ordinary_but_for_its_name() -> Any:
    """Return what a command about one feature meets."""
    return make_record(2, **dict.fromkeys(TEXT_FIELDS, HOSTILE) | {"feature_name": make_record().feature_name})


RUNS = [(command, name) for command in COMMANDS for name in ["", *formats_of(command)]]


@pytest.mark.parametrize(("command", "format_name"), RUNS)
@pytest.mark.parametrize("run", [run_on_terminal, run_to_file])
def test_no_name_in_the_store_steers_a_terminal(
    store: None, run: Callable[..., CommandRun], command: str, format_name: str
) -> None:
    assert_tame(run([*command_lines(QUIET)[command], *(["--format", format_name] if format_name else [])]))


@pytest.mark.parametrize("command", [command for command, name in RUNS if name == "csv" and command != "import"])
def test_no_cell_of_a_table_is_a_formula(store: None, command: str) -> None:
    out = run_to_file([*command_lines(QUIET)[command], "--format", "csv"]).out
    cells = [cell for row in csv.reader(io.StringIO(out, newline="")) for cell in row]
    assert cells
    formulas = [cell for cell in cells if FORMULA.match(cell.lstrip(" ")) and not NUMBER.fullmatch(cell)]
    assert formulas == []


@pytest.mark.parametrize("command", [command for command, name in RUNS if name == "md"])
def test_no_name_is_markup_in_markdown(store: None, command: str) -> None:
    out = run_to_file([*command_lines(QUIET)[command], "--format", "md"]).out
    assert RAW_MARKUP.findall(out) == []
