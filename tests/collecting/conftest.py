"""What tests of the collecting side share: trackers over a plugin's parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from unsteady_backend import Plugin

from curio_tracking import FeatureTracker
from curio_tracking.plugins import PluginHost


@pytest.fixture
def with_plugin(
    monkeypatch: pytest.MonkeyPatch, make_tracker: Callable[..., FeatureTracker]
) -> Callable[..., FeatureTracker]:
    """Return what makes a tracker whose process has one more plugin installed."""

    def make(plugin: Plugin, **settings: Any) -> FeatureTracker:
        load = PluginHost.load

        def load_with_plugin(host: PluginHost) -> None:
            host.register(plugin, "of-the-test")
            load(host)

        monkeypatch.setattr(PluginHost, "load", load_with_plugin)
        return make_tracker(backend="unsteady", **settings)

    return make
