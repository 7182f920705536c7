"""Opening a URL is tracked, and nothing of the address is kept. No network: `data:` addresses hold their content."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from curio_tracking import FeatureTracker

from example_module.instrument import FEATURE, install


@pytest.fixture
def tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeatureTracker]:
    monkeypatch.setattr(urllib.request, "urlopen", urllib.request.urlopen)  # puts the original back at the end
    tracker = FeatureTracker(backend="memory", data_dir=tmp_path)
    install(tracker)
    yield tracker
    tracker.close()


def test_opening_a_url_gives_its_content(tracker: FeatureTracker) -> None:
    with urllib.request.urlopen("data:text/plain,hello") as answer:
        assert answer.read() == b"hello"


def test_opening_a_url_is_one_call(tracker: FeatureTracker) -> None:
    urllib.request.urlopen("data:text/plain,hello").close()
    tracker.flush()
    assert [record.feature_name for record in tracker.records()] == [FEATURE]


def test_failure_is_recorded_and_raised(tracker: FeatureTracker) -> None:
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen("nothing-like-it://host")
    tracker.flush()
    assert [record.status for record in tracker.records()] == ["failed"]


def test_nothing_of_the_address_is_kept(tracker: FeatureTracker) -> None:
    urllib.request.urlopen("data:text/plain,canary").close()
    tracker.flush()
    assert not [record for record in tracker.records() if "canary" in str(record.as_dict())]
