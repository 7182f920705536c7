"""Everything an application needs to be tracked: the very objects of `curio_tracking`, under the names of the platform.

Mixing both packages in one program is fine: there is one tracker, one store, one set of settings.
"""

from __future__ import annotations

from curio_tracking import (
    FeatureCategory,
    FeatureRecord,
    FeatureStatus,
    FeatureTracker,
    feature_tracker,
    track,
    track_feature,
    tracking_context,
)

__all__ = [
    "FeatureCategory",
    "FeatureRecord",
    "FeatureStatus",
    "FeatureTracker",
    "feature_tracker",
    "track",
    "track_feature",
    "tracking_context",
]
