"""The built-in pages keep what every page promises."""

from __future__ import annotations

import pytest

from curio_tracking.dashboard.views import calls, features, health, overview, performance
from curio_tracking.hookspecs import PageRenderer
from curio_tracking.testing import PageContract


class TestOverview(PageContract):
    @pytest.fixture
    def render(self) -> PageRenderer:
        return overview.render


class TestFeatures(PageContract):
    @pytest.fixture
    def render(self) -> PageRenderer:
        return features.render


class TestPerformance(PageContract):
    @pytest.fixture
    def render(self) -> PageRenderer:
        return performance.render


class TestCalls(PageContract):
    @pytest.fixture
    def render(self) -> PageRenderer:
        return calls.render


class TestHealth(PageContract):
    @pytest.fixture
    def render(self) -> PageRenderer:
        return health.render
