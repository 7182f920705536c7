"""The part of the commands' suite about output: harmless on a terminal, readable for programs, quiet when cut off."""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from curio_tracking.records import TEXT_FIELDS
from curio_tracking.testing.command_runs import run_on_terminal, run_to_closed_pipe, run_to_file
from curio_tracking.testing.command_store import CommandStore, fill
from curio_tracking.testing.example_records import hostile_records, make_record
from curio_tracking.testing.markup import HIDDEN

if TYPE_CHECKING:
    from curio_tracking.testing.command_runs import CommandRun

MARKED_UP = "[bold]canary[/bold]"
UNEXPECTED = ("Traceback", "this is a bug")


def hostile_store() -> None:
    """Fill the store with records that are called in every hostile way, and an ordinary one."""
    fill([make_record(1), *hostile_records()])


def assert_no_surprise(run: CommandRun) -> None:
    """Check that a run ended as its author meant it to."""
    assert not [sign for sign in UNEXPECTED if sign in run.err], run.err


class OutputContract(CommandStore):
    """What comes out of a command."""

    def test_hostile_names_steer_no_terminal(self, command_line: list[str]) -> None:
        hostile_store()
        run = run_on_terminal(command_line)
        assert_no_surprise(run)
        raw = HIDDEN.findall(run.out + run.err)
        assert not raw, f"print names through curio_tracking.cli.visible: {sorted(set(map(ascii, raw)))}"

    def test_names_are_not_read_as_markup(self, command_line: list[str]) -> None:
        fill([make_record(1), make_record(2, **dict.fromkeys(TEXT_FIELDS, MARKED_UP)), _of_the_feature(MARKED_UP)])
        run = run_on_terminal(command_line)
        assert_no_surprise(run)
        assert run.out.count("canary") == run.out.count(MARKED_UP), run.out

    def test_names_with_broken_markup_are_no_error(self, command_line: list[str]) -> None:
        fill([make_record(1), make_record(2, **dict.fromkeys(TEXT_FIELDS, "[/closed]")), _of_the_feature("[/closed]")])
        run = run_on_terminal(command_line)
        assert_no_surprise(run)
        assert run.code == 0

    def test_output_of_another_encoding_is_no_error(self, command_line: list[str]) -> None:
        hostile_store()
        run = run_to_file(command_line, "ascii")
        assert_no_surprise(run)
        assert run.code == 0

    def test_closed_pipe_is_no_error(self, command_line: list[str]) -> None:
        hostile_store()
        run = run_to_closed_pipe(command_line)
        assert (run.code, [sign for sign in (*UNEXPECTED, "pipe") if sign in run.err.lower()]) == (0, [])

    # -- for programs -----------------------------------------------------------------------------------------------

    def test_json_is_json_also_of_hostile_names(self, command: str, command_line: list[str]) -> None:
        hostile_store()
        for text in self._outputs(command, command_line, "json"):
            json.loads(text, parse_constant=_refuse)

    def test_lines_of_json_are_json_also_of_hostile_names(self, command: str, command_line: list[str]) -> None:
        hostile_store()
        for text in self._outputs(command, command_line, "jsonl"):
            for line in text.splitlines():
                json.loads(line, parse_constant=_refuse)

    def test_json_of_an_empty_store_is_json(self, command: str, command_line: list[str]) -> None:
        # remarks, such as that there is nothing, go to stderr
        if not self.needs_records:
            for text in self._outputs(command, command_line, "json"):
                json.loads(text, parse_constant=_refuse)

    @staticmethod
    def _outputs(command: str, command_line: list[str], format_name: str) -> list[str]:
        """Return what the command prints in a format; nothing if its help does not offer it."""
        option = re.search(r"^  --format .*(?:\n {4,}.*)*", run_to_file([*command.split(), "--help"]).out, re.MULTILINE)
        if option is None or not re.search(rf"\b{format_name}\b", option[0]):
            return []
        run = run_to_file([*command_line, "--format", format_name])
        assert_no_surprise(run)
        return [run.out]


def _of_the_feature(text: str) -> Any:
    """Return a record of the ordinary feature whose other texts are hostile: what asks for one feature meets them."""
    return make_record(3, **dict.fromkeys(TEXT_FIELDS, text) | {"feature_name": make_record().feature_name})


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
