"""Eight tests that use some features of the application; see test_feature_usage.py."""

import subprocess
import sys

import pytest
from app import load, parse

from curio_tracking import track_feature


@pytest.mark.parametrize("number", range(5))
def test_parses(number):
    parse()
    parse()


def test_loads():
    with pytest.raises(FileNotFoundError):
        load()


def test_starts_a_process():
    subprocess.run([sys.executable, "-c", "from app import parse; parse()"], check=True)


def test_configures_a_store_of_its_own(tmp_path, tracked, tracking_clock):
    from datetime import datetime

    from curio_tracking import feature_tracker

    tracking_clock.set(datetime(2001, 1, 1))
    feature_tracker.configure(backend="csv", data_dir=tmp_path)
    track_feature("[red]archive\x1b[31m")(lambda: tracking_clock.advance(2.5))()
    assert len(tracked) == 1
