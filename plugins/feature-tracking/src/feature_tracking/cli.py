"""`python -m feature_tracking.cli`: the command line of Curio Tracking, under the platform's name.

`list-features`, `feature-stats NAME`, `list-records` and whatever `curio-tracking` offers besides, options included.
"""

from __future__ import annotations

import sys

from curio_tracking.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
