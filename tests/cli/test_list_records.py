from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from curio_tracking import FeatureTracker
from curio_tracking.cli import print_rows
from curio_tracking.cli.list_records import LAYOUT
from curio_tracking.records import FeatureRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Run = Callable[..., Any]


def ids(out: str) -> list[int]:
    """The numbers of the records in JSON output."""
    return [int(row["record_id"].removeprefix("r")) for row in json.loads(out)]


def test_json_is_one_array_of_whole_records_newest_first(run: Run, shop: list[FeatureRecord]) -> None:
    result = run("list-records", "--limit", "20", "--format", "json")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == [record.as_dict() for record in reversed(shop)]
    assert [FeatureRecord.from_dict(row) for row in json.loads(result.out)] == shop[::-1]


def test_json_lines_hold_one_record_each(run: Run, shop: list[FeatureRecord]) -> None:
    lines = run("list-records", "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == [record.as_dict() for record in reversed(shop)]


def test_csv_has_every_field_as_a_column(run: Run, shop: list[FeatureRecord]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("list-records", "--format", "csv").out)))
    assert list(rows[0]) == list(shop[0].as_dict())
    failed = next(row for row in rows if row["status"] == "failed")
    assert (failed["error_message"], failed["input_size"], failed["metadata"]) == ("no such language", "", "{}")


def test_pipe_gets_tab_separated_text(run: Run, shop: list[FeatureRecord]) -> None:
    lines = [line.split("\t") for line in run("list-records").out.splitlines()]
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert [row["status"] for row in rows][:3] == ["partial", "timeout", "success"]
    assert rows[0]["start_time"] == "2026-11-01T12:00:07.000000Z"
    assert rows[0]["duration"] == "0.002"


def test_limit_is_twenty_and_0_is_all(
    run: Run, store: Callable[..., None], record: Callable[..., FeatureRecord]
) -> None:
    store([record(n) for n in range(30)])
    assert ids(run("list-records", "--format", "json").out) == list(range(29, 9, -1))
    assert ids(run("list-records", "--limit", "3", "--format", "json").out) == [29, 28, 27]
    assert len(ids(run("list-records", "--limit", "0", "--format", "json").out)) == 30


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (("--category", "ai_provider", "--limit", "10"), [4, 3, 2, 1, 0]),
        (("--status", "FAILED"), [4]),
        (("--feature", "snapshot"), [6, 5]),
        (("--feature", "snapshot", "--status", "timeout"), [6]),
        (("--since", "2026-11-01T12:00:06Z"), [7, 6]),
        (("--until", "2026-11-01T12:00:02Z"), [1, 0]),
        (("--since", "2026-11-02"), []),
        (("--feature", "no_such"), []),
    ],
)
def test_filters_choose_records(
    run: Run, shop: list[FeatureRecord], filters: tuple[str, ...], expected: list[int]
) -> None:
    result = run("list-records", *filters, "--format", "json")
    assert (result.code, ids(result.out)) == (0, expected)


def test_ages_count_back_from_now(run: Run, store: Callable[..., None], record: Callable[..., FeatureRecord]) -> None:
    now_us = time.time_ns() // 1000
    hour_us = 3_600_000_000
    store([record(1, start_us=now_us - 50 * hour_us), record(2, start_us=now_us - 20 * hour_us)])
    assert ids(run("list-records", "--since", "1d", "--format", "json").out) == [2]
    assert ids(run("list-records", "--until", "1d", "--format", "json").out) == [1]
    assert ids(run("list-records", "--since", "3d", "--until", "30h", "--format", "json").out) == [1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "xml"), 'error: unknown format "xml"; known: table, json, jsonl, csv, md\n'),
        (
            ("--format", "jsn"),
            'error: unknown format "jsn"; known: table, json, jsonl, csv, md; did you mean "json"?\n',
        ),
        (("--status", "broken"), 'error: unknown status "broken"; known: success, failed, partial, timeout\n'),
        (("--since", "yesterday"), 'error: cannot read the time "yesterday"; give an age such as 7d, 12h or 30m'),
        (("--since", "2026-11-02", "--until", "2026-11-01"), "error: the time range is empty: "),
        (("--category", "ai_provide"), 'error: unknown category "ai_provide"; known: ai_provider, '),
        (("--limit", "many"), "error: invalid value for '--limit': "),
        (("--limit", "-1"), "error: invalid value for '--limit': "),
        (("--limt", "5"), "error: no such option: --limt"),
        (("surplus",), "error: got unexpected extra argument"),
    ],
)
def test_bad_option_is_one_message_and_exit_code_2(
    run: Run, shop: list[FeatureRecord], arguments: tuple[str, ...], message: str
) -> None:
    result = run("list-records", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(message)
    assert result.err.count("\n") == 1


def test_empty_store_is_an_empty_array(run: Run) -> None:
    result = run("list-records", "--format", "json")
    assert (result.code, result.out, result.err) == (0, "[]\n", "")


def test_formats_for_people_explain_an_empty_list(run: Run) -> None:
    assert run("list-records").err.startswith("no records yet in ")
    assert run("list-records", "--format", "md").err.startswith("no records yet in ")


def test_csv_of_nothing_is_a_header(run: Run) -> None:
    assert run("list-records", "--format", "csv").out.startswith("record_id,feature_name,")


def test_nan_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"record_id": "r1", "metadata": {"ratio": float("nan"), "rows": [1.5, float("inf")]}}]
    assert print_rows(rows, LAYOUT, "json") == 1
    out = capsys.readouterr().out
    assert json.loads(out, parse_constant=pytest.fail) == [
        {"record_id": "r1", "metadata": {"ratio": None, "rows": [1.5, None]}}
    ]


def test_user_is_found_by_plain_id_in_an_anonymized_store(run: Run) -> None:
    tracker = FeatureTracker()
    for user in ("alice", "bob"):
        tracker.complete_custom_tracking(tracker.start_custom_tracking("login", "web_interface", user_id=user))
    assert tracker.flush(60)
    tracker.close()
    rows = json.loads(run("list-records", "--user", "alice", "--format", "json").out)
    assert len(rows) == 1
    assert "alice" not in run("list-records", "--format", "json").out
    assert json.loads(run("list-records", "--user", "carol", "--format", "json").out) == []


ANOTHER_PROGRAM = """
from curio_tracking import feature_tracker, track_feature

@track_feature("greet", "other")
def greet(): ...

greet()
greet()
feature_tracker.flush(60)
"""


def test_calls_of_another_process_are_seen(run: Run) -> None:
    subprocess.run([sys.executable, "-c", ANOTHER_PROGRAM], check=True, timeout=600)
    rows = json.loads(run("list-records", "--format", "json").out)
    assert [(row["feature_name"], row["status"]) for row in rows] == [("greet", "success")] * 2
