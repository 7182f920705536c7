from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Run = Callable[..., Any]


def from_jsonl(text: str) -> list[FeatureRecord]:
    return [FeatureRecord.from_dict(json.loads(line)) for line in text.splitlines()]


def test_json_lines_on_stdout_read_back_exactly(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("export")
    assert (result.code, result.err) == (0, "")
    assert from_jsonl(result.out) == shop[::-1]


def test_csv_reads_back_exactly(run: Run, store: Callable[..., None], record: Callable[..., FeatureRecord]) -> None:
    records = [
        record(1, feature_name="=cmd()", metadata={"rows": 3, "note": 'a,b\n"c"'}),
        record(2, feature_name="\x1b[31mred", user_id="", error_message="two\r\nlines"),
    ]
    store(records)
    out = run("export", "--format", "csv").out
    assert list(read_csv(io.StringIO(out, newline=""))) == records[::-1]
    assert "\n=cmd()" not in out
    assert ",=cmd()" not in out
    assert "\x1b" not in out


def test_all_records_are_exported_however_many(
    run: Run, store: Callable[..., None], record: Callable[..., FeatureRecord]
) -> None:
    store([record(n) for n in range(1200)])
    assert len(run("export").out.splitlines()) == 1200


def test_file_is_for_its_owner_only_and_stdout_stays_empty(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("export", "--output", "records.jsonl")
    assert (result.code, result.out, result.err) == (0, "", "8 records written to records.jsonl\n")
    assert from_jsonl(Path("records.jsonl").read_text("utf-8")) == shop[::-1]
    assert stat.S_IMODE(Path("records.jsonl").stat().st_mode) == 0o600


def test_csv_file_reads_back_exactly(run: Run, shop: list[FeatureRecord]) -> None:
    assert run("export", "--format", "csv", "--output", "records.csv").code == 0
    with Path("records.csv").open(encoding="utf-8", newline="") as stream:
        assert list(read_csv(stream)) == shop[::-1]


def test_existing_file_needs_force(run: Run, shop: list[FeatureRecord]) -> None:
    Path("out.jsonl").write_text("precious")
    result = run("export", "--output", "out.jsonl")
    assert result.code == 1
    assert result.err == "error: out.jsonl exists already; choose another name, or use --force to replace it\n"
    assert Path("out.jsonl").read_text() == "precious"
    assert run("export", "--output", "out.jsonl", "--force").code == 0
    assert len(from_jsonl(Path("out.jsonl").read_text("utf-8"))) == 8


def test_directory_is_refused_as_a_file(run: Run) -> None:
    result = run("export", "--output", ".", "--force")
    assert result.code == 1
    assert result.err.startswith("error: cannot write .: it is no regular file")


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (("--feature", "translate"), 5),
        (("--category", "sysmon"), 2),
        (("--status", "partial"), 1),
        (("--since", "2026-11-01T12:00:05"), 3),
        (("--until", "2026-11-01T12:00:05"), 5),
        (("--feature", "translate", "--status", "failed"), 1),
    ],
)
def test_filters_choose_what_is_exported(
    run: Run, shop: list[FeatureRecord], filters: tuple[str, ...], count: int
) -> None:
    assert len(run("export", *filters).out.splitlines()) == count


def test_users_are_found_by_plain_id(run: Run, shop: list[FeatureRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_ANONYMIZE", "false")
    assert {record.user_id for record in from_jsonl(run("export", "--user", "u1").out)} == {"u1"}


def test_unknown_format_is_refused_before_anything_is_written(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("export", "--format", "xlsx", "--output", "records.xlsx")
    assert (result.code, result.err) == (2, 'error: unknown format "xlsx"; known: jsonl, csv\n')
    assert not Path("records.xlsx").exists()


def test_empty_store_exports_nothing_and_is_no_error(run: Run) -> None:
    result = run("export")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert run("export", "--format", "csv").out.count("\n") == 1


def test_progress_is_shown_on_a_terminal_and_data_stays_clean(
    on_terminal: Callable[..., Any], store: Callable[..., None], record: Callable[..., FeatureRecord]
) -> None:
    store([record(n) for n in range(1500)])
    result = on_terminal("export", "--output", "all.jsonl")
    assert result.code == 0
    assert "exporting" in result.out
    assert "1,500 records written to all.jsonl" in result.out
    assert len(from_jsonl(Path("all.jsonl").read_text("utf-8"))) == 1500


def test_no_progress_between_lines_on_the_same_terminal(
    on_terminal: Callable[..., Any], shop: list[FeatureRecord]
) -> None:
    result = on_terminal("export")
    assert "exporting" not in result.out
    assert len(from_jsonl(result.out)) == 8


def test_csv_on_a_terminal_shows_control_characters(
    on_terminal: Callable[..., Any], store: Callable[..., None], record: Callable[..., FeatureRecord]
) -> None:
    store([record(1, feature_name="c1\x9b31m"), record(2, feature_name="bidi\u202e")])
    result = on_terminal("export", "--format", "csv")
    assert "c1\\x9b31m" in result.out
    assert "bidi\\u202e" in result.out
    assert "\x9b" not in result.out


UPPER = """
from curio_tracking import hookimpl

@hookimpl
def curio_register_exporters(register):
    register("upper", file_writer=lambda records, stream: 0)
"""


@pytest.fixture
def upper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that brings the format `upper`."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "shout.py").write_text(UPPER)
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(tmp_path / "plugins"))


def test_help_names_the_built_in_formats(run: Run) -> None:
    assert "jsonl, csv; plugins may add theirs." in " ".join(run("export", "--help").out.split())


def test_help_names_the_formats_of_plugins(run: Run, upper: None) -> None:
    assert "jsonl, csv, upper; plugins may add theirs." in " ".join(run("export", "--help").out.split())


@pytest.mark.parametrize(("typed", "offered"), [("", ["jsonl", "csv", "upper"]), ("u", ["upper"])])
def test_shell_completion_names_the_formats_of_plugins(
    spawn: Callable[..., Any], upper: None, typed: str, offered: list[str]
) -> None:
    environment = {
        **os.environ,
        "_CURIO_TRACKING_COMPLETE": "complete_bash",
        "COMP_WORDS": f"curio-tracking export --format {typed}",
        "COMP_CWORD": "3",
    }
    assert spawn(env=environment).stdout.split() == offered
