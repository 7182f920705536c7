"""What every command of the command line promises, as tests to inherit; the built-in commands pass the same suite.

    class TestMyCommand(CommandContract):
        @pytest.fixture
        def command(self):
            return "slow-features"

The plugin is installed, or `plugin_module` names its module. Needs pytest; knows no command.
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from curio_tracking.testing.command_outputs import OutputContract, assert_no_surprise, hostile_store
from curio_tracking.testing.command_runs import run_to_file
from curio_tracking.testing.command_store import fill
from curio_tracking.testing.example_records import make_record

if TYPE_CHECKING:
    from pathlib import Path

FAILURE: Final = 1
USAGE: Final = 2
SECTIONS: Final = ("Options:", "Arguments:", "Commands:", "Examples:")
UNKNOWN_BACKEND: Final = "no_such_backend"


class CommandContract(OutputContract):
    """Inherit, name the class `Test...`, add the fixture `command`, the words that name it (`"plugins list"`).

    A command that cannot do without arguments has the fixture `arguments`, a sequence of texts; the store has records
    of the feature "import_csv". Attributes to override: see `CommandStore`.
    """

    # -- asking for help --------------------------------------------------------------------------------------------

    def test_help_says_in_a_sentence_what_it_does(self, command: str) -> None:
        run = run_to_file([*command.split(), "--help"])
        assert run.code == 0
        paragraphs = [part.strip() for part in run.out.split("\n\n") if part.strip()]
        assert paragraphs[0].startswith("Usage: ")
        assert len(paragraphs) > 1, "give the function a docstring"
        assert not paragraphs[1].startswith(SECTIONS), "give the function a docstring"

    def test_starts_without_a_word_in_a_process_of_its_own(self, command: str) -> None:
        # what an import prints is seen once per process
        arguments = [*command.split(), "--help"]
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "curio_tracking", *arguments],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, run_to_file(arguments).out, "")

    # -- refusing ---------------------------------------------------------------------------------------------------

    def test_unknown_option_is_a_usage_error(self, command_line: list[str]) -> None:
        run = run_to_file([*command_line, "--no-such-option"])
        assert_no_surprise(run)
        assert (run.code, run.out) == (USAGE, "")
        assert "--no-such-option" in run.err

    def test_unknown_backend_is_said_once(self, command_line: list[str]) -> None:
        run = run_to_file(["--backend", UNKNOWN_BACKEND, *command_line])
        assert_no_surprise(run)
        if self.reads_store:
            assert (run.code, run.out) == (USAGE, "")
            assert len([line for line in run.err.splitlines() if UNKNOWN_BACKEND in line]) == 1
        else:
            assert run.code == 0

    def test_store_that_is_none_is_said_in_words(self, command_line: list[str], store_directory: Path) -> None:
        store_directory.write_text("a file stands where the directory should be")
        assert_no_surprise(run_to_file(command_line))

    # -- answering --------------------------------------------------------------------------------------------------

    def test_empty_store_is_no_error(self, command_line: list[str]) -> None:
        run = run_to_file(command_line)
        assert_no_surprise(run)
        assert run.code == (FAILURE if self.needs_records else 0), run.err

    def test_records_are_no_error(self, command_line: list[str]) -> None:
        fill([make_record(1)])
        run = run_to_file(command_line)
        assert_no_surprise(run)
        assert run.code == 0, run.err

    def test_root_options_name_the_store(self, command_line: list[str], store_directory: Path) -> None:
        of_nothing = run_to_file(command_line).out
        fill([make_record(number, user_id=f"u{number}") for number in range(3)])
        of_records = run_to_file(command_line).out
        elsewhere = store_directory.rename(store_directory.with_name("elsewhere"))
        found = run_to_file(["--data-dir", str(elsewhere), *command_line]).out
        if self.reads_store and of_records != of_nothing:
            assert found != of_nothing, "open the store by curio_tracking.cli.open_session"

    # -- leaving everything as it is --------------------------------------------------------------------------------

    def test_reading_an_empty_store_creates_nothing(self, command_line: list[str], store_directory: Path) -> None:
        run_to_file(command_line)
        assert self.writes or not store_directory.exists()

    def test_reading_changes_nothing_in_the_store(self, command_line: list[str], store_directory: Path) -> None:
        hostile_store()
        before = _contents(store_directory)
        run_to_file(command_line)
        assert self.writes or _contents(store_directory) == before


def _contents(directory: Path) -> dict[Path, bytes]:
    """Return the content of every file below this one."""
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
