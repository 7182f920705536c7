"""The main job on real input: an application that this project did not write, unchanged, with and without tracking.

`pygmentize`, the command of Pygments, works on the standard library's and this project's own files. What it prints and
writes and how it ends must be the same in both cases; how often its functions ran is counted by the interpreter's
profile hook in a third, untracked run.
"""

from __future__ import annotations

import heapq
import json
import os
import subprocess
import sys
import sysconfig
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.runtime import open_reader
from curio_tracking.settings import load_settings

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
PYGMENTIZE = [sys.executable, str(Path(sysconfig.get_path("scripts")) / "pygmentize")]
TRACKED = [sys.executable, str(HERE / "tracked_pygmentize.py")]
COUNTED = [sys.executable, str(HERE / "counted_pygmentize.py")]
SHELL_SCRIPT = b'#!/bin/sh\nset -e\nfor name in *.txt; do wc -l "$name"; done\n'

CASES: dict[str, list[str]] = {
    "python to html": ["-f", "html", "-O", "full,linenos=table", json.decoder.__file__],
    "python to a latex file": ["-o", "out.tex", heapq.__file__],
    "python to svg": ["-f", "svg", json.scanner.__file__],
    "toml to the terminal": ["-f", "terminal256", "-O", "style=native", str(PROJECT / "pyproject.toml")],
    "markdown to an html file": ["-o", "page.html", str(PROJECT / "README.md")],
    "text to rtf": ["-l", "text", "-f", "rtf", str(PROJECT / "LICENSE")],
    "python with a filter": ["-F", "keywordcase:case=upper", "-f", "html", json.encoder.__file__],
    "standard input, language guessed": ["-g", "-f", "html"],
    "standard input, line by line": ["-s", "-l", "bash", "-f", "terminal"],
    "style sheet": ["-S", "default", "-f", "html", "-a", ".code"],
    "list of formatters": ["-L", "formatters"],
    "help": ["-h"],
    "missing file": ["no-such-file.py"],
    "unknown language": ["-l", "no-such-language", heapq.__file__],
    "unknown format": ["-f", "no-such-format", heapq.__file__],
    "file name that says nothing": ["-o", "page.html", "notes.unheard-of"],
    "output name that says nothing": ["-o", "out.unheard-of", heapq.__file__],
    "output that cannot be opened": ["-f", "html", "-o", "no-such-folder/page.html", heapq.__file__],
    "text that cannot be decoded": ["-f", "html", "-O", "encoding=ascii", heapq.__file__],
    "text that cannot be encoded": ["-f", "html", "-O", "inencoding=utf-8,outencoding=ascii", heapq.__file__],
    "wrong option value": ["-f", "html", "-O", "linenostep=three", heapq.__file__],
    "wrong usage": ["--no-such-option"],
    "missing language": ["-s"],
}


@dataclass(frozen=True)
class Outcome:
    """All that a command leaves behind."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    files: dict[str, bytes]


@dataclass(frozen=True)
class Trial:
    """One case, run plainly and tracked, with the records of the latter and the counts of a third run."""

    plain: Outcome
    tracked: Outcome
    records: list[FeatureRecord]
    counts: dict[str, int]


def run(command: list[str], arguments: list[str], folder: Path, **variables: str) -> Outcome:
    """Run a command in a new folder with hardly any environment."""
    folder.mkdir()
    (folder / "notes.unheard-of").write_text("a file without a language\n", "utf-8")
    environment = {"PATH": os.defpath, "HOME": str(folder.parent), "COLUMNS": "80", "PYTHONUTF8": "1"}
    # a busy machine may need longer even to load the writer
    environment |= {"FEATURE_TRACKING_EXIT_TIMEOUT": "60", **variables}
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, input=SHELL_SCRIPT, capture_output=True, timeout=180
    )
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return Outcome(done.returncode, done.stdout, done.stderr, files)


def records_of(data_dir: Path, backend: str = "tinyflux") -> list[FeatureRecord]:
    """Return everything that is in a store."""
    reader = open_reader(load_settings({"data_dir": data_dir, "backend": backend}, strict=True))
    found = list(reader.records(reader.where()))
    reader.close()
    return found


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory):
    """Return what gives the trial of a case; each case is run once."""
    made: dict[str, Trial] = {}

    def find(case: str) -> Trial:
        if case not in made:
            base = tmp_path_factory.mktemp("trial")
            plain = run(PYGMENTIZE, CASES[case], base / "plain")
            tracked = run(TRACKED, CASES[case], base / "tracked", FEATURE_TRACKING_DATA_DIR=str(base / "data"))
            run(COUNTED, [str(base / "counts.json"), *CASES[case]], base / "counted")
            counts = json.loads((base / "counts.json").read_text("utf-8"))
            made[case] = Trial(plain, tracked, records_of(base / "data"), counts)
        return made[case]

    return find


@pytest.mark.parametrize("case", CASES)
def test_tracking_changes_neither_output_nor_files_nor_exit_code(trial, case: str) -> None:
    assert trial(case).tracked == trial(case).plain


@pytest.mark.parametrize("case", CASES)
def test_there_is_one_record_per_call(trial, case: str) -> None:
    assert Counter(record.feature_name for record in trial(case).records) == trial(case).counts


def test_the_cases_cover_success_and_failure_of_every_kind(trial) -> None:
    assert {trial(case).plain.exit_code for case in CASES} == {0, 1, 2}
    assert any(trial(case).plain.stdout for case in CASES)
    assert {name for case in CASES for name in trial(case).plain.files} >= {"out.tex", "page.html"}
    assert len({record.feature_name for case in CASES for record in trial(case).records}) == 9


@pytest.mark.parametrize("case", CASES)
def test_the_run_is_recorded_as_failed_exactly_when_the_command_failed(trial, case: str) -> None:
    [record] = [record for record in trial(case).records if record.feature_name == "pygmentize"]
    code = trial(case).plain.exit_code
    assert record.status is (FeatureStatus.FAILED if code else FeatureStatus.SUCCESS)
    assert (record.error_message or "0").endswith(str(code))


@pytest.mark.parametrize(
    ("case", "feature", "error"),
    [
        ("unknown language", "get_lexer_by_name", "ClassNotFound"),
        ("unknown format", "get_formatter_by_name", "ClassNotFound"),
        ("file name that says nothing", "get_lexer_for_filename", "ClassNotFound"),
        ("output name that says nothing", "get_formatter_for_filename", "ClassNotFound"),
        ("text that cannot be decoded", "highlight", "UnicodeDecodeError"),
        ("text that cannot be encoded", "format", "UnicodeEncodeError"),
        ("wrong option value", "get_formatter_by_name", "OptionError"),
    ],
)
def test_an_exception_inside_is_recorded_with_its_type(trial, case: str, feature: str, error: str) -> None:
    [record] = [record for record in trial(case).records if record.feature_name == feature]
    assert (record.status, record.error_type) == (FeatureStatus.FAILED, error)


def test_a_generator_that_is_not_read_to_its_end_is_partial(trial) -> None:
    [record] = [
        record for record in trial("text that cannot be encoded").records if record.feature_name == "get_tokens"
    ]
    assert record.status is FeatureStatus.PARTIAL


def test_calls_know_the_call_that_they_ran_in(trial) -> None:
    records = {record.feature_name: record for record in trial("python to html").records}
    assert records["format"].parent_id == records["highlight"].record_id


def test_the_csv_backend_keeps_the_same_calls(tmp_path: Path, trial) -> None:
    case = "markdown to an html file"
    tracked = run(
        TRACKED,
        CASES[case],
        tmp_path / "tracked",
        FEATURE_TRACKING_DATA_DIR=str(tmp_path / "data"),
        FEATURE_TRACKING_BACKEND="csv",
    )
    assert tracked == trial(case).plain
    assert Counter(record.feature_name for record in records_of(tmp_path / "data", "csv")) == trial(case).counts


def test_with_tracking_turned_off_nothing_is_written(tmp_path: Path, trial) -> None:
    case, data_dir = "python to a latex file", tmp_path / "data"
    tracked = run(TRACKED, CASES[case], tmp_path / "off", FEATURE_TRACKING_DATA_DIR=str(data_dir), DO_NOT_TRACK="1")
    assert tracked == trial(case).plain
    assert not data_dir.exists()


@pytest.mark.parametrize("case", ["python to a latex file", "unknown language"])
def test_a_store_that_cannot_be_written_changes_no_result(tmp_path: Path, trial, case: str) -> None:
    (tmp_path / "data").write_text("a file where the data directory should be", "utf-8")
    tracked = run(
        TRACKED,
        CASES[case],
        tmp_path / "broken",
        FEATURE_TRACKING_DATA_DIR=str(tmp_path / "data"),
        FEATURE_TRACKING_EXIT_TIMEOUT="2",
    )
    plain = trial(case).plain
    assert (tracked.exit_code, tracked.stdout, tracked.files) == (plain.exit_code, plain.stdout, plain.files)
    assert b"Traceback" not in tracked.stderr
