"""The instrument: puts a tracked function in the place of another library's."""

import urllib.request

from curio_tracking import FeatureTracker

FEATURE = "open_url"


def install(tracker: FeatureTracker) -> None:
    """Let every URL that is opened count as one call of the feature.

    Callers must look the function up in its module each time; a name that they have imported is theirs.
    """
    # addresses and what is sent may hold secrets
    track = tracker.track_feature(FEATURE, ignore=("url", "data"))
    urllib.request.urlopen = track(urllib.request.urlopen)  # type: ignore[assignment]
