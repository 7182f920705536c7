"""The filters together, as installed: their names and order, and that nothing private reaches a file."""

from __future__ import annotations

import json
from time import sleep
from typing import TYPE_CHECKING

import pytest

from curio_tracking import tracking_context
from curio_tracking.plugins import PluginHost
from curio_tracking.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from curio_tracking import FeatureRecord, FeatureTracker

PRIVATE = (
    "anna@example.com",
    "session-of-anna",
    "Planted-Pa55",
    "ghp_" + "a1B2" * 9,
    "hush_hush",
)


def test_the_built_in_filters_have_their_names_and_order() -> None:
    filters = PluginHost.for_settings(load_settings(strict=True)).filters
    assert {name: part.order for name, part in filters.items()} == {
        "exclude": 0,
        "redact": 100,
        "anonymize": 200,
        "failures_only": 300,
        "min_duration": 310,
        "sampling": 320,
        "size": 900,
    }


def test_only_the_exclusion_leaves_no_trace() -> None:
    filters = PluginHost.for_settings(load_settings(strict=True)).filters
    assert [name for name, part in filters.items() if not part.leaves_trace] == ["exclude"]


@pytest.mark.parametrize("backend", ["tinyflux", "csv"])
def test_nothing_private_reaches_a_file(
    make_tracker: Callable[..., FeatureTracker],
    data_dir: Path,
    backend: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    user, session, secret, token, excluded = PRIVATE
    tracker = make_tracker(backend=backend, capture_args="values", exclude="hush*")

    @tracker.track_feature("login")
    def login(user_id: str, password: str, note: str) -> None:
        raise ValueError(f"login of {user_id} with password={password} failed: {note}")

    @tracker.track_feature(excluded)
    def hush(path: str) -> None: ...

    with tracking_context(user_id=user, session_id=session, contact=user, api_key=token):
        for _ in range(3):
            with pytest.raises(ValueError, match="login of"):
                login(user, secret, note=f"bearer {token} of {session}")
            hush("x")
    assert tracker.flush(60)
    tracker.close()
    files = [path for path in data_dir.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files).decode("latin-1")
    assert "login" in written
    told = caplog.text + "".join(capfd.readouterr()) + "".join(map(str, files))
    assert [text for text in PRIVATE if text in written + told] == []


def outcome(tracker: FeatureTracker, slower: float = 0.0) -> list[FeatureRecord]:
    """Return the records of three calls: one quick, one slower by so many seconds, one that fails."""

    @tracker.track_feature("passwords")
    def call(text: str, seconds: float = 0.0) -> None:
        if seconds:
            sleep(seconds)
        if not text:
            raise ValueError("no text")

    with tracking_context(user_id="u1", note="x" * 5_000):
        call("quick")
        call("slower", slower)
        with pytest.raises(ValueError, match="no text"):
            call("")
    assert tracker.flush(60)
    return list(tracker.records(limit=0))


def test_by_default_every_call_is_kept_with_a_pseudonym(make_tracker: Callable[..., FeatureTracker]) -> None:
    records = outcome(make_tracker())
    assert len(records) == 3
    assert {record.user_id for record in records} != {"u1"}
    assert all(len(record.metadata["note"]) == 5_000 for record in records)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("FEATURE_TRACKING_ENABLED", "false", 0),
        ("DO_NOT_TRACK", "1", 0),
        ("FEATURE_TRACKING_FAILURES_ONLY", "true", 1),
        # a quick call may take a while on a busy machine
        ("FEATURE_TRACKING_MIN_DURATION", "1", 2),
        ("FEATURE_TRACKING_EXCLUDE", "api_keys,passwords", 0),
        ("FEATURE_TRACKING_EXCLUDE", "api_keys", 3),
        ("FEATURE_TRACKING_SAMPLE_RATE", "0.000000001", 1),
    ],
)
def test_a_variable_decides_how_many_records_are_kept(
    make_tracker: Callable[..., FeatureTracker],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    expected: int,
) -> None:
    monkeypatch.setenv(variable, value)
    assert len(outcome(make_tracker(), slower=1.1 if variable == "FEATURE_TRACKING_MIN_DURATION" else 0.0)) == expected


def test_anonymize_off_stores_the_id_as_it_is(
    make_tracker: Callable[..., FeatureTracker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_ANONYMIZE", "false")
    assert {record.user_id for record in outcome(make_tracker())} == {"u1"}


def test_max_metadata_size_bounds_every_record(
    make_tracker: Callable[..., FeatureTracker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_MAX_METADATA_SIZE", "300")
    records = outcome(make_tracker())
    assert len(records) == 3
    assert all(len(json.dumps(record.metadata)) <= 400 for record in records)
    assert all("note" in record.metadata["_truncated"] for record in records)


def test_redact_names_further_secrets(
    make_tracker: Callable[..., FeatureTracker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_REDACT", "note")
    assert {record.metadata["note"] for record in outcome(make_tracker())} == {"[redacted]"}


def test_a_question_about_a_user_finds_the_pseudonyms_records(make_tracker: Callable[..., FeatureTracker]) -> None:
    tracker = make_tracker()
    outcome(tracker)
    assert len(list(tracker.records(user_id="u1", limit=0))) == 3
    assert list(tracker.records(user_id="u2", limit=0)) == []
