"""The settings under the platform's names."""

from __future__ import annotations

import importlib

import pytest

from feature_tracking.config import FeatureTrackingConfig, get_config

DEFAULTS = FeatureTrackingConfig(
    enabled=True,
    track_failures_only=False,
    min_duration_threshold=0.0,
    max_metadata_size=10240,
    anonymize_user_data=True,
    exclude_sensitive_features=(),
    flush_interval=100,
    max_batch_size=50,
)
OTHERS = FeatureTrackingConfig(
    enabled=False,
    track_failures_only=True,
    min_duration_threshold=0.5,
    max_metadata_size=2048,
    anonymize_user_data=False,
    exclude_sensitive_features=("api_keys", "passwords"),
    flush_interval=10,
    max_batch_size=5,
)
VARIABLES = {
    "ENABLED": "false",
    "FAILURES_ONLY": "true",
    "MIN_DURATION": "0.5",
    "MAX_METADATA_SIZE": "2048",
    "ANONYMIZE": "false",
    "EXCLUDE": "api_keys,passwords",
    "FLUSH_INTERVAL": "10",
    "MAX_BATCH_SIZE": "5",
}


def test_without_variables_the_documented_defaults_hold() -> None:
    assert get_config() == DEFAULTS


def test_every_documented_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(f"FEATURE_TRACKING_{name}", value)
    assert FeatureTrackingConfig.from_env() == OTHERS


def test_config_shows_the_settings_of_the_moment_it_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("feature_tracking.config")
    before = module.config.flush_interval
    monkeypatch.setenv("FEATURE_TRACKING_FLUSH_INTERVAL", "7")
    assert (before, module.config.flush_interval) == (100, 7)


def test_bad_value_gives_way_to_the_default_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TRACKING_MAX_BATCH_SIZE", "many")
    config = get_config()
    assert config.max_batch_size == 50
    assert "FEATURE_TRACKING_MAX_BATCH_SIZE" in config.problems[0]


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="settings_of_everything"):
        importlib.import_module("feature_tracking.config").settings_of_everything  # noqa: B018
