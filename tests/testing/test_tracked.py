"""`tracked`: the records of a test, all of them, and what it says when they are not what was expected."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_runs import Finished, Start, names_of

from curio_tracking import feature_tracker, tracking_context
from curio_tracking.errors import CurioError, QueryError
from curio_tracking.testing import TrackedRecords

RARE = {
    "FEATURE_TRACKING_ENABLED": "false",
    "FEATURE_TRACKING_EXCLUDE": "export_pdf",
    "FEATURE_TRACKING_FAILURES_ONLY": "true",
    "FEATURE_TRACKING_MIN_DURATION": "100",
    "FEATURE_TRACKING_SAMPLE_RATE": "0.001",
    "DO_NOT_TRACK": "1",
}

REVERSING = """
def pytest_collection_modifyitems(items):
    items.reverse()
"""


@pytest.fixture
def parse() -> Callable[..., str]:
    @feature_tracker.track_feature("parse")
    def parse(text: str = "abc") -> str:
        if not text:
            raise ValueError("nothing to parse")
        return text

    return parse


@pytest.fixture(scope="module", params=["in_order", "reversed"])
def rare(start: Start, request: pytest.FixtureRequest) -> Finished:
    """Return a run in an environment that records hardly anything; no test may rely on the one before it."""
    files = {"conftest.py": REVERSING} if request.param == "reversed" else {}
    return start("visibility.py", "-p", "no:xdist", "--strict-markers", files=files, variables=RARE)


@pytest.mark.parametrize("name", [*names_of("visibility.py"), "TestClass::test_nearest_marker_wins"])
def test_visibility(rare: Finished, name: str) -> None:
    assert rare.outcomes.get(name.rpartition(":")[2]) == "passed", rare.output


@pytest.fixture(scope="module")
def bad_markers(start: Start) -> Finished:
    """Return a run of tests whose markers are wrong."""
    return start("bad_markers.py", "-p", "no:xdist")


@pytest.mark.parametrize(
    "message",
    [
        '@pytest.mark.curio_tracking: argument "sample_rat": there is no such setting; did you mean sample_rate?',
        "@pytest.mark.curio_tracking: argument sample_rate: 7 ",
        "@pytest.mark.curio_tracking takes settings by name, for example sample_rate=0.1",
    ],
)
def test_bad_marker_is_one_clear_error_of_its_test(bad_markers: Finished, message: str) -> None:
    assert message in bad_markers.output


def test_bad_marker_leaves_the_next_test_alone(bad_markers: Finished) -> None:
    assert bad_markers.outcomes["test_next_one_runs"] == "passed"


def test_call_is_seen_as_soon_as_it_has_returned(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse()
    assert tracked.calls("parse") == 1


def test_records_are_listed_newest_first(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse("a")
    parse("bb")
    assert [record.input_size for record in tracked.records()] == [2, 1]


def test_iteration_goes_in_the_order_of_calls(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse("a")
    parse("bb")
    assert [record.input_size for record in tracked] == [1, 2]


def test_more_records_than_a_listing_shows_by_default_are_all_there(
    tracked: TrackedRecords, parse: Callable[..., str]
) -> None:
    for _ in range(150):
        parse()
    assert len(tracked) == 150


def test_records_can_be_asked_for_by_status(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse()
    with pytest.raises(ValueError, match="nothing to parse"):
        parse("")
    assert [record.error_type for record in tracked.records("parse", status="failed")] == ["ValueError"]


def test_records_can_be_asked_for_by_user(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    with tracking_context(user_id="u1"):
        parse()
    parse()
    assert len(tracked.records(user_id="u1")) == 1


def test_question_that_cannot_be_understood_says_so(tracked: TrackedRecords) -> None:
    with pytest.raises(QueryError, match="cannot read the time"):
        tracked.records(since="soon")


def test_statistics_cover_the_test(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse()
    with pytest.raises(ValueError, match="nothing to parse"):
        parse("")
    assert (tracked.stats("parse") or {})["success_rate"] == 50.0


def test_feature_that_was_not_called_has_no_statistics(tracked: TrackedRecords) -> None:
    assert tracked.stats("unheard of") is None


def test_calls_of_threads_are_seen(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    threads = [threading.Thread(target=parse) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tracked.counts() == {"parse": 5}


def test_calls_of_tasks_that_run_at_once_are_seen(tracked: TrackedRecords) -> None:
    @feature_tracker.track_feature("fetch")
    async def fetch(number: int) -> int:
        await asyncio.sleep(0)
        return number

    async def main() -> list[int]:
        return await asyncio.gather(*(fetch(number) for number in range(5)))

    assert (asyncio.run(main()), tracked.counts()) == ([0, 1, 2, 3, 4], {"fetch": 5})


def test_clearing_forgets_what_was_called_before(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse()
    tracked.clear()
    parse("bb")
    assert tracked.one("parse").input_size == 2


def test_settings_can_be_changed_in_the_middle(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse()
    feature_tracker.configure(capture_args="off")
    parse()
    assert [record.input_size for record in tracked] == [3, None]


def test_one_of_several_names_what_was_recorded(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse()
    with pytest.raises(ValueError, match="nothing to parse"):
        parse("")
    with pytest.raises(AssertionError) as error:
        tracked.one("load")
    assert str(error.value) == 'expected 1 record of "load", found 0; this test recorded parse 2 (1 failed)'


def test_one_without_a_name_is_the_only_record(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse()
    assert tracked.one().feature_name == "parse"
    parse()
    with pytest.raises(AssertionError, match="expected 1 record, found 2; this test recorded parse 2"):
        tracked.one()


def test_one_of_nothing_says_that_there_is_nothing(tracked: TrackedRecords) -> None:
    with pytest.raises(AssertionError, match="this test recorded nothing"):
        tracked.one("load")


def test_failed_assertion_shows_what_was_recorded(tracked: TrackedRecords, parse: Callable[..., str]) -> None:
    parse()
    assert repr(tracked) == "<tracked: this test recorded parse 1>"


def test_records_that_cannot_be_written_are_an_error_that_says_so(
    tracked: TrackedRecords, parse: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curio_tracking.testing.pytest_plugin.tracked.LONGEST_WAIT", 0.1)
    (tmp_path / "file").touch()
    feature_tracker.configure(backend="csv", data_dir=tmp_path / "file", exit_timeout=0.1)
    parse()
    with pytest.raises(CurioError, match=r"not written within 0\.1 s"):
        tracked.records()
