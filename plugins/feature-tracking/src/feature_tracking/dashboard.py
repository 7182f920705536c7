"""`python -m feature_tracking.dashboard`: the dashboard, at http://localhost:8081 unless told otherwise.

Takes the options of `curio-tracking dashboard`: --host, --port, --token, --open.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from curio_tracking.cli import main as run_command

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the dashboard until interrupted, and return the exit code.

    Args:
        arguments: options of `curio-tracking dashboard`; by default those of the process.
    """
    return run_command(["dashboard", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    sys.exit(main())
