"""`privacy preview`: what the filters do to made-up calls, and that they do nothing more to stored records."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from curio_tracking import FeatureTracker

ADDRESS: Final = "ada@example.org"
HIDING: Final = """
from curio_tracking import hookimpl

class Hide:
    def apply(self, record):
        if record.feature_name == "pay":
            raise ValueError(record)
        record.metadata["seen"] = "by a plugin"
        return record

@hookimpl
def curio_register_filters(register):
    register("hide", lambda settings: Hide())
"""


@pytest.fixture
def previewed(run: Any) -> Callable[..., dict[str, Any]]:
    """`previewed(*arguments)` returns the traces, by feature."""

    def ask(*arguments: str) -> dict[str, Any]:
        result = run("privacy", "preview", "--format", "json", *arguments)
        assert (result.code, result.err) == (0, "")
        return {one["feature_name"]: one for one in json.loads(result.out)}

    return ask


def did(trace: dict[str, Any]) -> dict[str, str]:
    return {passage["filter"]: passage["outcome"] for passage in trace["filters"]}


def test_samples_show_what_each_filter_changed(previewed: Any) -> None:
    sign_in = previewed("--sample")["sign_in"]
    assert did(sign_in) == {"redact": "changed", "anonymize": "changed", "size": "kept"}
    assert {"field": "metadata.parameters.password.size", "before": 13} in sign_in["filters"][0]["changes"]
    assert sign_in["before"]["user_id"] == ADDRESS
    assert sign_in["after"]["user_id"].startswith("1:")


@pytest.mark.parametrize(
    ("variable", "value", "feature", "expected"),
    [
        ("EXCLUDE", "ADMIN_*", "ADMIN_example", ("exclude", "dropped")),
        ("FAILURES_ONLY", "true", "sign_in", ("failures_only", "dropped")),
        ("MIN_DURATION", "0.01", "quick_look", ("min_duration", "dropped")),
        ("SAMPLE_RATE", "0.000001", "sign_in", ("sampling", "dropped")),
        ("MAX_METADATA_SIZE", "300", "read_manual", ("size", "changed")),
        ("REDACT", "diagnosis", "name_of_your_own", ("redact", "changed")),
    ],
)
def test_every_filter_has_a_sample_that_it_does_something_to(
    previewed: Any, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, feature: str, expected: tuple[str, str]
) -> None:
    monkeypatch.setenv(f"FEATURE_TRACKING_{variable}", value)
    assert expected in did(previewed("--sample")[feature]).items()


@pytest.mark.parametrize(
    ("mode", "kept"),
    [("off", None), ("shape", {"type": "str", "size": 15}), ("values", {"type": "str", "size": 15, "value": ADDRESS})],
)
def test_samples_are_described_as_capture_args_says(
    previewed: Any, monkeypatch: pytest.MonkeyPatch, mode: str, kept: Any
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_CAPTURE_ARGS", mode)
    before = previewed("--sample")["sign_in"]["before"]["metadata"]
    assert before.get("parameters", {}).get("user_id") == kept


def test_parameters_of_samples_look_like_those_of_real_calls(
    make_tracker: Callable[..., FeatureTracker], previewed: Any
) -> None:
    tracker = make_tracker()

    @tracker.track_feature("sign_in")
    def sign_in(user_id: str, password: str, remember: bool) -> None: ...

    sign_in(ADDRESS, "correct horse", True)
    [record] = tracker.records()
    assert previewed("--sample")["sign_in"]["after"]["metadata"]["parameters"] == record.metadata["parameters"]


def test_filter_of_a_plugin_is_shown_in_its_place(previewed: Any, plugin: Any) -> None:
    plugin("hide", HIDING)
    traces = previewed("--sample")
    assert list(did(traces["sign_in"])) == ["hide", "redact", "anonymize", "size"]
    assert did(traces["pay"]) == {"hide": "failed"}
    assert traces["pay"]["after"] is None


def test_nothing_is_created(run: Any, data_dir: Path) -> None:
    assert run("privacy", "preview", "--sample").code == 0
    assert not data_dir.exists()


@pytest.fixture
def tracked(make_tracker: Callable[..., FeatureTracker]) -> None:
    """A store with a record that every filter has had something to do with."""
    tracker = make_tracker(backend="tinyflux", capture_args="values")

    @tracker.track_feature("sign_in")
    def sign_in(user_id: str, password: str, diagnosis: str) -> None: ...

    sign_in(ADDRESS, "correct horse", "flu")
    tracker.close()


def test_nothing_changes_in_records_that_are_stored(run: Any, tracked: None) -> None:
    result = run("privacy", "preview")
    assert [line.split("\t")[1:4] for line in result.out.splitlines()[1:]] == [
        ["redact", "kept", ""],
        ["anonymize", "kept", ""],
        ["size", "kept", ""],
    ]
    assert result.err.startswith("nothing changes in the 1 records")


def test_settings_that_have_changed_since_show_in_stored_records(
    run: Any, previewed: Any, tracked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_REDACT", "diagnosis")
    changes = previewed("sign_in")["sign_in"]["filters"][0]["changes"]
    assert {"field": "metadata.parameters.diagnosis.value", "before": "flu", "after": "[redacted]"} in changes
    assert "1 of 1 stored records would be stored otherwise today" in run("privacy", "preview").err


@pytest.mark.parametrize("setting", ["SAMPLE_RATE", "FAILURES_ONLY", "MIN_DURATION"])
def test_selections_have_no_say_about_stored_records(
    previewed: Any, tracked: None, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv(
        f"FEATURE_TRACKING_{setting}", {"SAMPLE_RATE": "0.0001", "MIN_DURATION": "9"}.get(setting, "true")
    )
    assert "dropped" not in did(previewed()["sign_in"]).values()


def test_newest_records_come_first_and_as_many_as_wanted(run: Any, shop: object) -> None:
    result = run("privacy", "preview", "--limit", "2", "--format", "json")
    assert [one["before"]["record_id"] for one in json.loads(result.out)] == ["r000007", "r000006"]


def test_samples_are_limited_too(previewed: Any) -> None:
    assert list(previewed("--sample", "--limit", "2")) == ["sign_in", "ask_model"]


def test_store_without_such_records_is_no_error(run: Any, shop: object) -> None:
    result = run("privacy", "preview", "nobody_calls_it")
    assert (result.code, result.err) == (0, "no records match\n")


def test_feature_and_samples_exclude_each_other(run: Any) -> None:
    result = run("privacy", "preview", "sign_in", "--sample")
    assert (result.code, result.out) == (2, "")
    assert "choose one of FEATURE and --sample" in result.err


def test_long_values_are_shortened_for_people_only(run: Any) -> None:
    assert all(len(line) < 400 for line in run("privacy", "preview", "--sample", "--format", "table").out.splitlines())
    assert "word " * 2_000 in run("privacy", "preview", "--sample", "--format", "json").out
