"""Run with a conftest that chooses one store for all tests; see test_isolation.py."""

from app import feature_tracker, parse, records


def test_store_that_the_conftest_names_is_used(chosen):
    parse()
    assert len(records()) == 1
    assert chosen.exists()


def test_calls_of_the_test_are_seen(tracked):
    parse()
    assert tracked.counts() == {"parse": 1}


def test_records_of_the_tests_before_are_not_seen(tracked):
    assert len(feature_tracker.records()) == 2
    assert list(tracked) == []


def test_statistics_cover_the_test_alone(tracked):
    parse()
    assert tracked.stats("parse")["total_calls"] == 1


def test_newest_ones_are_those_of_the_test(tracked):
    parse()
    parse()
    assert len(tracked.records(limit=5)) == 2


def test_what_is_cleared_stays_in_the_store(tracked):
    parse()
    tracked.clear()
    parse()
    assert tracked.calls("parse") == 1
    assert len(feature_tracker.records()) == 7
