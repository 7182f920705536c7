"""What every test gets: an empty home, no FEATURE_TRACKING_ variables, a working directory without settings files.

The modules of `helpers` are put within reach: tests are imported by path.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from curio_tracking import FeatureTracker

sys.path.insert(0, str(Path(__file__).parent / "helpers"))
# a busy machine is no failure: how long something takes is measured by the benchmarks
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

_AWAY = ("DO_NOT_TRACK", "NO_COLOR", "FORCE_COLOR", "PYTHONUNBUFFERED")


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own settings, home and store away from the tests; programs buffer their output as usual.

    On a busy machine the writer may need longer than EXIT_TIMEOUT grants it, even to load; what is lost then is no
    failure.
    """
    for name in list(os.environ):
        if name.startswith("FEATURE_TRACKING_") or name in _AWAY:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ".local" / "share"))
    monkeypatch.setenv("FEATURE_TRACKING_EXIT_TIMEOUT", "60")
    monkeypatch.chdir(work)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Return a data directory that does not exist yet."""
    return tmp_path / "data"


class Patient(FeatureTracker):
    """A tracker whose questions wait for its writer until it is hung: a busy machine may take longer than 5 s."""

    def flush(self, timeout: float = 180.0) -> bool:
        return super().flush(timeout)


@pytest.fixture
def make_tracker(data_dir: Path) -> Iterator[Callable[..., FeatureTracker]]:
    """Return what makes trackers over the test's own store; they are closed at the end."""
    made: list[FeatureTracker] = []

    def make(**settings: Any) -> FeatureTracker:
        tracker = Patient(**{"data_dir": data_dir, "backend": "memory", **settings})
        made.append(tracker)
        return tracker

    yield make
    for tracker in made:
        tracker.close()


@pytest.fixture
def tracker(make_tracker: Callable[..., FeatureTracker]) -> FeatureTracker:
    """Return a tracker with default settings over the memory backend."""
    return make_tracker()
