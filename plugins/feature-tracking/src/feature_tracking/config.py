"""The settings under the platform's names: a view of `curio_tracking.settings`, which reads and checks them.

The `FEATURE_TRACKING_` variables mean what they always meant; the settings file and the further settings of Curio
Tracking count as well. To change settings in a program, use `feature_tracker.configure(...)`.
"""

from __future__ import annotations

from dataclasses import dataclass

from curio_tracking.settings import Settings, load_settings

__all__ = ["FeatureTrackingConfig", "Settings", "config", "get_config", "load_settings"]

config: FeatureTrackingConfig
"""The settings as they are when this name is looked up."""


@dataclass(frozen=True, slots=True)
class FeatureTrackingConfig:
    """What is configured; immutable, because changing it would change nothing.

    Attributes:
        enabled: whether calls are tracked (FEATURE_TRACKING_ENABLED, unless DO_NOT_TRACK is set).
        track_failures_only: keep only what did not succeed (FEATURE_TRACKING_FAILURES_ONLY).
        min_duration_threshold: seconds below which successes are dropped (FEATURE_TRACKING_MIN_DURATION).
        max_metadata_size: bytes (FEATURE_TRACKING_MAX_METADATA_SIZE).
        anonymize_user_data: store users as pseudonyms (FEATURE_TRACKING_ANONYMIZE).
        exclude_sensitive_features: names or globs that are never tracked (FEATURE_TRACKING_EXCLUDE).
        flush_interval: buffered records that trigger a flush (FEATURE_TRACKING_FLUSH_INTERVAL).
        max_batch_size: records in one write (FEATURE_TRACKING_MAX_BATCH_SIZE).
        problems: what could not be used, and what stands in its place.
    """

    enabled: bool
    track_failures_only: bool
    min_duration_threshold: float
    max_metadata_size: int
    anonymize_user_data: bool
    exclude_sensitive_features: tuple[str, ...]
    flush_interval: int
    max_batch_size: int
    problems: tuple[str, ...] = ()

    @classmethod
    def from_env(cls) -> FeatureTrackingConfig:
        """Return the settings of the environment and the settings file; a bad value gives way to its default."""
        return cls.from_settings(load_settings(strict=False))

    @classmethod
    def from_settings(cls, settings: Settings) -> FeatureTrackingConfig:
        """Return the view of these settings."""
        return cls(
            enabled=settings.enabled,
            track_failures_only=settings.failures_only,
            min_duration_threshold=settings.min_duration,
            max_metadata_size=settings.max_metadata_size,
            anonymize_user_data=settings.anonymize,
            exclude_sensitive_features=settings.exclude,
            flush_interval=settings.flush_interval,
            max_batch_size=settings.max_batch_size,
            problems=settings.problems,
        )


def get_config() -> FeatureTrackingConfig:
    """Return the settings as they are now."""
    return FeatureTrackingConfig.from_env()


def __getattr__(name: str) -> FeatureTrackingConfig:
    if name == "config":
        return get_config()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
