"""The page keeps what every page promises, and what this one promises besides."""

import pytest
from curio_tracking.hookspecs import PageRenderer
from curio_tracking.records import FeatureStatus
from curio_tracking.testing import PageContract, make_record
from curio_tracking.testing.watched_store import WatchedBackend, reader_of

from example_module import page


class TestPromisesOfEveryPage(PageContract):
    @pytest.fixture
    def render(self) -> PageRenderer:
        return page.render


def test_what_failed_most_comes_first() -> None:
    records = [
        make_record(1, feature_name="seldom", status=FeatureStatus.FAILED),
        make_record(2, feature_name="often", status=FeatureStatus.FAILED),
        make_record(3, feature_name="often", status=FeatureStatus.FAILED),
        make_record(4, feature_name="never"),
    ]
    html = page.render(reader_of(WatchedBackend(records)), {})
    assert html.index("often") < html.index("seldom")
    assert "never" not in html
