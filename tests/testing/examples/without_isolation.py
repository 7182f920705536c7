from app import feature_tracker, parse


def test_calls_are_written_to_the_real_store():
    parse()
    assert feature_tracker.flush(60)
    assert len(feature_tracker.records()) == 1


def test_calls_stay_with_a_test_that_asks_for_them(tracked):
    parse()
    assert tracked.counts() == {"parse": 1}


def test_real_store_is_used_again_and_has_nothing_of_the_test_before():
    parse()
    assert feature_tracker.flush(60)
    assert len(feature_tracker.records()) == 2
