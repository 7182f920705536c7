import os

from app import feature_tracker, parse

pytest_plugins = ["pytester"]
INNER = """
from app import parse
def test_inner(tracked):
    parse()
    assert tracked.counts() == {"parse": 1}
"""


def test_run_inside_a_test_leaves_everything_as_it_was(pytester, monkeypatch):
    parse()
    before = {name: value for name, value in os.environ.items() if "TRACKING" in name}
    pytester.makepyfile(INNER)
    pytester.runpytest_inprocess().assert_outcomes(passed=1)
    parse()
    assert {name: value for name, value in os.environ.items() if "TRACKING" in name} == before
    assert len(feature_tracker.records()) == 2
