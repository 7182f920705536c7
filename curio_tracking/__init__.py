"""Curio Tracking: know which features of a program are used, by how many, how fast and how reliably.

The public names are resolved when they are first used (PEP 562), so `import curio_tracking` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from curio_tracking.collecting.context import tracking_context
    from curio_tracking.hookspecs import hookimpl
    from curio_tracking.records import FeatureRecord
    from curio_tracking.tracker import FeatureTracker, feature_tracker, track, track_feature
    from curio_tracking.vocabulary import FeatureCategory, FeatureStatus

__version__ = "0.1.0"

__all__ = [
    "FeatureCategory",
    "FeatureRecord",
    "FeatureStatus",
    "FeatureTracker",
    "__version__",
    "feature_tracker",
    "hookimpl",
    "track",
    "track_feature",
    "tracking_context",
]

_HOMES = {
    "FeatureCategory": "curio_tracking.vocabulary",
    "FeatureRecord": "curio_tracking.records",
    "FeatureStatus": "curio_tracking.vocabulary",
    "FeatureTracker": "curio_tracking.tracker",
    "feature_tracker": "curio_tracking.tracker",
    "hookimpl": "curio_tracking.hookspecs",
    "track": "curio_tracking.tracker",
    "track_feature": "curio_tracking.tracker",
    "tracking_context": "curio_tracking.collecting.context",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # late: part of resolving late

    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
