"""Run with an environment in which hardly anything is recorded; see test_tracked.py."""

import pytest
from app import export_pdf, feature_tracker, load, parse


def test_without_the_fixture_the_environment_holds():
    parse()
    assert feature_tracker.records() == []


def test_with_the_fixture_every_call_is_seen(tracked):
    for _ in range(20):
        parse()
    assert tracked.calls("parse") == 20


def test_after_the_fixture_the_environment_holds_again():
    parse()
    assert feature_tracker.records() == []


def test_with_the_fixture_asked_for_later_every_call_is_seen_from_there_on(request):
    tracked = request.getfixturevalue("tracked")
    parse()
    assert tracked.calls("parse") == 1


def test_what_nobody_shall_see_stays_hidden(tracked):
    export_pdf()
    assert "export_pdf" not in tracked


@pytest.mark.curio_tracking(failures_only=True)
def test_marker_outranks_the_fixture(tracked):
    parse()
    with pytest.raises(FileNotFoundError):
        load()
    assert tracked.names() == {"load"}


@pytest.mark.curio_tracking(enabled=True, sample_rate=1.0, failures_only=False, min_duration=0)
def test_marker_works_without_the_fixture():
    parse()
    assert len(feature_tracker.records()) == 1


@pytest.mark.curio_tracking(capture_args="values", app="outer")
class TestClass:
    @pytest.mark.curio_tracking(app="inner")
    def test_nearest_marker_wins(self, tracked):
        parse("abc")
        record = tracked.one("parse")
        assert (record.app, record.metadata["parameters"]["text"]["value"]) == ("inner", "abc")


@pytest.mark.curio_tracking(exclude=("parse",))
def test_marker_excludes(tracked):
    parse()
    assert len(tracked) == 0
