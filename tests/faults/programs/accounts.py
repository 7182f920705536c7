"""What a program under test says of its own calls: how many it made, and what its tracker says became of them."""

from __future__ import annotations

import json
import os
from typing import Any

from curio_tracking import feature_tracker


def account(made: int, tracker: Any = feature_tracker) -> None:
    """Write down one account of this process; does nothing in the run without tracking."""
    path = os.environ.get("FAULTS_ACCOUNTS")
    if path is None:
        return
    line = json.dumps({"process": os.getpid(), "made": made, "health": tracker.health()})
    # one write to a file that is only appended to: accounts of several processes do not mix
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)
