"""The command import: what goes in comes out again, once, and what is no record is named."""

from __future__ import annotations

import gzip
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from curio_tracking.records import FeatureRecord, FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Any]
    Store = Callable[..., None]

PSEUDONYM = f"1:{'0123456789abcdef' * 2}"
GOOD = (
    '{"record_id": "a1", "feature_name": "search", "category": "other", "status": "success",'
    ' "start_time": "2026-11-01T12:00:00Z", "duration": 0.5}'
)


@pytest.fixture
def exported(run: Run, shop: list[FeatureRecord]) -> Path:
    """The shop's records, as `export` writes them."""
    assert run("export", "--output", "shop.jsonl").code == 0
    return Path("shop.jsonl")


def other(data_dir: Path) -> tuple[str, str]:
    """The root option for a store of its own."""
    return ("--data-dir", str(data_dir.with_name("other")))


def records_of(run: Run, *root: str) -> list[FeatureRecord]:
    return [FeatureRecord.from_dict(json.loads(line)) for line in run(*root, "export").out.splitlines()]


def last_line(result: Any) -> str:
    return result.err.splitlines()[-1]


def write(name: str, *lines: str | bytes) -> str:
    data = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    Path(name).write_bytes(data)
    return name


def good(**values: Any) -> str:
    return json.dumps(json.loads(GOOD) | values)


# -- what goes in comes out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_name", ["jsonl", "csv"])
@pytest.mark.parametrize("backend", ["tinyflux", "csv"])
def test_export_and_import_give_equal_records_and_statistics(
    run: Run, shop: list[FeatureRecord], data_dir: Path, monkeypatch: pytest.MonkeyPatch, format_name: str, backend: str
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_ANONYMIZE", "false")
    assert run("export", "--format", format_name, "--output", "shop.txt").code == 0
    there = (*other(data_dir), "--backend", backend)
    result = run(*there, "import", "shop.txt")
    assert (result.code, result.out) == (0, "")
    assert last_line(result) == "imported 8, already there 0, rejected 0"
    assert records_of(run, *there) == shop[::-1]
    for question in (("list-features",), ("feature-stats", "translate")):
        assert run(*there, *question, "--format", "json").out == run(*question, "--format", "json").out


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_own_segment_is_imported(
    run: Run, shop: list[FeatureRecord], data_dir: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_ANONYMIZE", "false")
    [segment] = data_dir.glob("raw/*/*.csv")
    data = segment.read_bytes()
    Path(f"segment{suffix}").write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    assert run(*other(data_dir), "import", f"segment{suffix}").code == 0
    assert records_of(run, *other(data_dir)) == shop[::-1]


def test_second_import_changes_nothing(run: Run, exported: Path, data_dir: Path) -> None:
    there = other(data_dir)
    run(*there, "import", str(exported))
    before = run(*there, "export").out
    result = run(*there, "import", str(exported))
    assert (result.code, last_line(result)) == (0, "imported 0, already there 8, rejected 0")
    assert run(*there, "export").out == before


def test_only_what_is_missing_is_imported(run: Run, exported: Path, data_dir: Path) -> None:
    there = other(data_dir)
    lines = exported.read_text().splitlines()
    run(*there, "import", write("some.jsonl", *lines[2:5]))
    assert last_line(run(*there, "import", str(exported))) == "imported 5, already there 3, rejected 0"
    assert len(records_of(run, *there)) == 8


def test_record_that_comes_twice_in_a_file_is_stored_once(run: Run) -> None:
    result = run("import", write("twice.jsonl", GOOD, good(record_id="a2"), GOOD))
    assert last_line(result) == "imported 2, already there 1, rejected 0"
    assert [record.record_id for record in records_of(run)] == ["a2", "a1"]


def test_stdin_is_imported(
    spawn: Callable[..., subprocess.CompletedProcess[str]], run: Run, exported: Path, data_dir: Path
) -> None:
    result = spawn(*other(data_dir), "import", "-", input=exported.read_text())
    assert (result.returncode, result.stdout) == (0, "")
    assert len(records_of(run, *other(data_dir))) == 8


def test_records_of_other_zones_keep_their_moment(run: Run) -> None:
    run("import", write("zone.jsonl", good(start_time="2026-11-01T14:00:00.000001+02:00")))
    assert [record.start_us for record in records_of(run)] == [1_793_534_400_000_001]


def test_many_days_and_pages_are_imported_in_any_order(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curio_tracking.importing.delivery.PAGE", 7)
    monkeypatch.setattr("curio_tracking.importing.delivery.BATCH", 3)
    times = [f"2026-{1 + n * 5 % 12:02}-{1 + n * 11 % 28:02}T{n % 24:02}:00:00Z" for n in range(100)]
    lines = [good(record_id=f"r{n}", start_time=moment) for n, moment in enumerate(times)]
    run("import", write("half.jsonl", *lines[::2]))
    result = run("import", write("all.jsonl", *lines))
    assert last_line(result) == "imported 50, already there 50, rejected 0"
    assert {record.record_id for record in records_of(run)} == {f"r{n}" for n in range(100)}


def test_file_names_its_format_where_the_first_line_does_not(run: Run) -> None:
    assert run("import", write("odd.jsonl", "what is this", GOOD)).code == 1
    assert run("import", write("odd.txt", "what is this", good(record_id="a2"))).code == 2
    assert run("import", "odd.txt", "--format", "jsonl").code == 1
    assert len(records_of(run)) == 2


def test_dry_run_counts_and_writes_nothing(run: Run, exported: Path, data_dir: Path) -> None:
    lines = exported.read_text().splitlines()
    there = other(data_dir)
    result = run(*there, "import", write("some.jsonl", *lines[:5], "nonsense"), "--dry-run")
    assert result.code == 1
    assert result.err.startswith("some.jsonl:6: no JSON")
    assert last_line(result) == "imported 5, already there 0, rejected 1 (dry run: nothing was changed)"
    assert not Path(there[1]).exists()
    assert not Path("some.jsonl.rejected").exists()
    assert "already there 5" in last_line(run("import", "some.jsonl", "--dry-run"))


# -- what is no record ----------------------------------------------------------------------------------------------


def test_rejected_lines_are_named_and_listed_and_the_others_imported(run: Run) -> None:
    result = run("import", write("mixed.jsonl", GOOD, "{", "", good(record_id="a2"), good(duration="1")))
    assert result.code == 1
    assert result.err.splitlines() == [
        "mixed.jsonl:2: no JSON (Expecting property name enclosed in double quotes, column 1)",
        "mixed.jsonl:5: duration is no number",
        "all rejected lines are listed in mixed.jsonl.rejected",
        "imported 2, already there 0, rejected 2",
    ]
    listed = Path("mixed.jsonl.rejected")
    assert [line.split(":")[0] for line in listed.read_text().splitlines()] == ["2", "5"]
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600
    assert len(records_of(run)) == 2


def test_many_rejections_are_counted_on_stderr_and_all_listed(run: Run) -> None:
    result = run("import", write("bad.jsonl", GOOD, *["no"] * 50), "--rejected", "problems.txt")
    shown = result.err.splitlines()
    assert len([line for line in shown if line.startswith("bad.jsonl:")]) == 20
    assert "... and 30 more" in shown
    assert len(Path("problems.txt").read_text().splitlines()) == 50


def test_list_of_rejections_replaces_no_file_and_follows_no_link(run: Run) -> None:
    Path("target").write_text("precious")
    Path("bad.jsonl.rejected").symlink_to("target")
    Path("bad.jsonl.rejected.1").write_text("precious too")
    result = run("import", write("bad.jsonl", GOOD, "no"))
    assert "all rejected lines are listed in bad.jsonl.rejected.2" in result.err
    assert Path("target").read_text() == "precious"
    assert Path("bad.jsonl.rejected.1").read_text() == "precious too"


def test_nothing_is_imported_where_rejections_cannot_be_listed(run: Run) -> None:
    result = run("import", write("bad.jsonl", GOOD, "no"), "--rejected", "no/such/place")
    assert result.code == 1
    assert result.err.startswith("error: cannot list rejected lines in no/such/place")
    assert records_of(run) == []


def test_strict_imports_all_or_nothing(run: Run, data_dir: Path) -> None:
    result = run("import", write("bad.jsonl", GOOD, "no"), "--strict")
    assert (result.code, last_line(result)) == (1, "imported 0, already there 0, rejected 1")
    assert not data_dir.exists()
    assert run("import", write("good.jsonl", GOOD), "--strict").code == 0


def test_file_without_a_good_line_leaves_no_store(run: Run, data_dir: Path) -> None:
    result = run("import", write("bad.jsonl", "{}", "[]", "1"))
    assert (result.code, last_line(result)) == (1, "imported 0, already there 0, rejected 3")
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"duration": float("nan")}, "a number is not finite"),
        ({"duration": -0.1}, "duration is below 0"),
        ({"duration": None}, "duration is no number"),
        ({"duration": True}, "duration is no number"),
        ({"duration": 1e300}, "duration is above 1e+12"),
        ({"status": "ok"}, "status is none of success, failed, partial, timeout"),
        ({"status": ["success"]}, "status is none of success, failed, partial, timeout"),
        ({"start_time": "yesterday"}, "start_time is no ISO 8601 time"),
        ({"start_time": 1793534400}, "start_time is no ISO 8601 time"),
        ({"start_time": "1969-12-31T23:59:59Z"}, "start_time is not between 1970 and 9999"),
        ({"sample_weight": 0.5}, "sample_weight is below 1"),
        ({"iterations": 0}, "iterations is below 1"),
        ({"iterations": 1.5}, "iterations is no whole number"),
        ({"input_size": -1}, "input_size is below 0"),
        ({"input_size": 2**63}, "input_size is too large"),
        ({"efficiency_score": 1.1}, "efficiency_score is above 1"),
        ({"feature_name": 7}, "feature_name is no text"),
        ({"user_id": 7}, "user_id is no text"),
        ({"host": "h" * 5000}, "host is longer than 4,096 characters"),
        ({"error_message": {}}, "error_message is no text"),
        ({"metadata": []}, "metadata is no object"),
        ({"metadata": {"a": [float("inf")]}}, "a number is not finite"),
        ({"metadata": None}, "metadata is no object"),
        ({"root_id": "x"}, 'no record has a field "root_id"'),
    ],
)
def test_value_that_no_record_may_have_is_rejected(run: Run, values: dict[str, Any], reason: str) -> None:
    result = run("import", write("bad.jsonl", good(**values)), "--dry-run")
    assert (result.code, result.err.splitlines()[0]) == (1, f"bad.jsonl:1: {reason}")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[]", "no JSON object"),
        ("null", "no JSON object"),
        (GOOD[:-20], "no JSON ("),
        (GOOD.replace("0.5", "1e999"), "duration is no finite number"),
        (GOOD.replace("0.5", "9" * 5000), "a number has too many digits"),
        (GOOD.replace("0.5}", '0.5, "metadata": {"a": 1e999}}'), "metadata holds a number that is not finite"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe" + GOOD.encode(), "not UTF-8"),
        ("{" + "x" * 200_000, "no JSON ("),
    ],
)
def test_line_that_is_no_record_is_rejected(run: Run, line: str | bytes, reason: str) -> None:
    result = run("import", write("bad.jsonl", GOOD, line, good(record_id="a2")))
    assert result.err.splitlines()[0].startswith(f"bad.jsonl:2: {reason}")
    assert last_line(result) == "imported 2, already there 0, rejected 1"


def test_line_without_end_does_not_fill_the_memory(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curio_tracking.importing.sources.MAX_LINE_BYTES", 1024 * 1024)
    result = run("import", write("long.jsonl", GOOD, "x" * 5_000_000, good(record_id="a2")))
    assert result.err.splitlines()[0] == "long.jsonl:2: longer than 1 MiB"
    assert last_line(result) == "imported 2, already there 0, rejected 1"


def test_reasons_hold_nothing_of_what_the_line_says(run: Run) -> None:
    header, row = "record_id,feature_name,category,status,start_time,duration", "a,b,c,success,2026-11-01,1"
    rows = [row.replace("success", "hush"), row.replace("2026-11-01", "hush"), f"{row}hush", row.replace(",1", "")]
    result = run("import", write("bad.csv", header, *rows, row))
    assert last_line(result) == "imported 1, already there 0, rejected 4"
    assert "hush" not in result.err
    assert "hush" not in Path("bad.csv.rejected").read_text()


# -- files of all kinds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["empty.jsonl", "empty.csv", "empty"])
def test_empty_file_imports_nothing_and_is_no_error(run: Run, name: str, data_dir: Path) -> None:
    result = run("import", write(name))
    assert (result.code, result.err) == (0, "imported 0, already there 0, rejected 0\n")
    assert not data_dir.exists()


def test_byte_order_mark_and_windows_line_ends_are_read(run: Run, exported: Path, data_dir: Path) -> None:
    text = exported.read_text().replace("\n", "\r\n")
    Path("windows.jsonl").write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    assert last_line(run(*other(data_dir), "import", "windows.jsonl")) == "imported 8, already there 0, rejected 0"
    run("export", "--format", "csv", "--output", "shop.csv")
    Path("windows.csv").write_bytes(b"\xef\xbb\xbf" + Path("shop.csv").read_bytes())
    assert last_line(run(*other(data_dir), "import", "windows.csv")) == "imported 0, already there 8, rejected 0"


def test_last_line_without_line_break_is_read(run: Run) -> None:
    Path("open.jsonl").write_text(GOOD)
    assert run("import", "open.jsonl").code == 0


def test_csv_without_header_is_refused(run: Run, data_dir: Path) -> None:
    result = run("import", write("rows.csv", "a,b,c,success,2026-11-01,1"))
    assert result.code == 1
    assert result.err.startswith("error: this is no table of records: the first line has no column record_id")
    assert not data_dir.exists()


def test_quote_without_end_rejects_its_row_and_says_where_it_began(run: Run) -> None:
    header = "record_id,feature_name,category,status,start_time,duration"
    rows = ["a1,b,c,success,2026-11-01,1", 'a2,"b,c,success,2026-11-01,1', "a3,b,c,success,2026-11-01,1"]
    result = run("import", write("open.csv", header, *rows))
    assert result.err.splitlines()[0].endswith("the row begins in line 3)")
    assert last_line(result) == "imported 1, already there 0, rejected 1"


@pytest.mark.parametrize("cut", [5, 40, -5])
def test_truncated_gzip_imports_nothing(run: Run, exported: Path, data_dir: Path, cut: int) -> None:
    Path("cut.jsonl.gz").write_bytes(gzip.compress(exported.read_bytes())[:cut])
    result = run(*other(data_dir), "import", "cut.jsonl.gz")
    assert result.code == 1
    assert result.err.startswith("error: cut.jsonl.gz is damaged after line ")
    assert records_of(run, *other(data_dir)) == []


def test_wrong_gzip_imports_nothing(run: Run, exported: Path, data_dir: Path) -> None:
    data = bytearray(gzip.compress(exported.read_bytes()))
    data[-6] ^= 0xFF
    Path("wrong.jsonl.gz").write_bytes(data)
    result = run(*other(data_dir), "import", "wrong.jsonl.gz")
    assert (result.code, "is damaged after line 8" in result.err) == (1, True)
    assert records_of(run, *other(data_dir)) == []


def test_binary_file_is_refused(run: Run) -> None:
    Path("binary").write_bytes(bytes(range(256)) * 100)
    result = run("import", "binary")
    assert result.code == 2
    assert result.err.startswith("error: binary does not look like records")


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file"), (".", "directory"), ("/dev/zero", "regular")]
)
def test_what_is_no_file_is_refused(run: Run, name: str, reason: str) -> None:
    result = run("import", name)
    assert result.code == 2
    assert result.err.startswith(f"error: cannot read {name}: ")
    assert reason in result.err


def test_unreadable_file_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")  # root may read everything

    monkeypatch.setattr("io.FileIO", refuse)
    result = run("import", "secret.jsonl")
    assert (result.code, "cannot read secret.jsonl: Permission denied" in result.err) == (2, True)


def test_link_to_a_file_is_followed(run: Run, exported: Path, data_dir: Path) -> None:
    Path("link.jsonl").symlink_to(exported)
    assert run(*other(data_dir), "import", "link.jsonl").code == 0


def test_unknown_format_is_refused(run: Run, exported: Path) -> None:
    result = run("import", str(exported), "--format", "xlsx")
    assert (result.code, result.err) == (2, 'error: unknown format "xlsx"; known: jsonl, csv, tinyflux\n')


# -- privacy --------------------------------------------------------------------------------------------------------


def test_pseudonyms_stay_and_plain_ids_become_some(run: Run, data_dir: Path) -> None:
    lines = [
        good(user_id=PSEUDONYM, metadata={"user_id": PSEUDONYM}),
        good(record_id="a2", user_id="ada@example.com", metadata={"user_id": "ada@example.com"}),
    ]
    assert run("import", write("users.jsonl", *lines)).code == 0
    plain, kept = records_of(run)
    assert (kept.user_id, kept.metadata) == (PSEUDONYM, {"user_id": PSEUDONYM})
    assert plain.user_id == plain.metadata["user_id"]
    assert [record.record_id for record in records_of_user(run, "ada@example.com")] == ["a2"]
    assert not any(b"ada@" in path.read_bytes() for path in data_dir.rglob("*") if path.is_file())


def records_of_user(run: Run, user: str) -> list[FeatureRecord]:
    lines = run("export", "--user", user).out.splitlines()
    return [FeatureRecord.from_dict(json.loads(line)) for line in lines]


def test_secrets_are_redacted(run: Run) -> None:
    run(
        "import", write("secret.jsonl", good(metadata={"password": "Planted-Pa55"}, error_message="token=Planted-Pa55"))
    )
    assert "Planted" not in run("export").out


def test_excluded_features_are_left_out_without_a_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_EXCLUDE", "hush*")
    result = run("import", write("some.jsonl", GOOD, good(record_id="a2", feature_name="hush_hush")))
    assert result.code == 0
    assert result.err == "imported 1, already there 0, rejected 0, left out by the filters 1\n"
    assert [record.record_id for record in records_of(run)] == ["a1"]


def test_selections_of_live_traffic_have_no_say(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_FAILURES_ONLY", "true")
    monkeypatch.setenv("FEATURE_TRACKING_MIN_DURATION", "10")
    monkeypatch.setenv("FEATURE_TRACKING_SAMPLE_RATE", "0.000001")
    assert run("import", write("all.jsonl", *(good(record_id=f"a{n}") for n in range(9)))).code == 0
    assert [record.sample_weight for record in records_of(run)] == [1.0] * 9


# -- interruption ---------------------------------------------------------------------------------------------------


def test_interruption_imports_nothing(run: Run, data_dir: Path, tmp_path: Path) -> None:
    """The import waits for more lines of a pipe when Ctrl-C comes."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with (
        subprocess.Popen(
            [sys.executable, "-m", "curio_tracking", "import", str(pipe)], stderr=subprocess.PIPE, text=True
        ) as process,
        pipe.open("w") as stream,
    ):
        stream.write(f"{GOOD}\nnonsense\n")
        stream.flush()
        time.sleep(0.1)  # not needed for the outcome: the signal may come before or after the lines are read
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=180) == 130
    assert not data_dir.exists()
    assert list(tmp_path.glob("pipe.rejected*")) == []


def test_progress_is_shown_on_a_terminal(on_terminal: Callable[..., Any], run: Run) -> None:
    write("many.jsonl", *(good(record_id=f"a{n}") for n in range(3000)))
    result = on_terminal("import", "many.jsonl")
    assert result.code == 0
    assert "reading" in result.out
    assert "importing" in result.out
    assert "imported 3,000, already there 0, rejected 0" in result.out


def test_failed_record_keeps_its_status(run: Run) -> None:
    run("import", write("failed.jsonl", good(status="failed", error_type="ValueError")))
    assert [record.status for record in records_of(run)] == [FeatureStatus.FAILED]
