"""Run the demo's application while the interpreter reports what it touches (PEP 578), and print that as JSON.

python observed_story.py FOLDER
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from curio_tracking.demo import story

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
seen: dict[str, set[str]] = {"written": set(), "addresses": set(), "lookups": set()}


def observe(event: str, arguments: tuple[object, ...]) -> None:
    """See `sys.addaudithook`."""
    if event == "open" and isinstance(arguments[0], str) and isinstance(arguments[2], int):
        if arguments[2] & WRITING:
            seen["written"].add(str(Path(arguments[0]).absolute()))
    elif event == "sqlite3.connect":
        seen["written"].add(str(arguments[0]))
    elif event in ("socket.connect", "socket.bind"):
        seen["addresses"].add(str(arguments[1][0]))  # type: ignore[index]
    elif event.startswith(("socket.getaddrinfo", "socket.gethostby", "socket.getnameinfo")):
        seen["lookups"].add(str(arguments[0]))


if __name__ == "__main__":
    sys.addaudithook(observe)
    run = story.tell(Path(sys.argv[1]))
    calls = [[feature, status, times] for (feature, status), times in run.calls.items()]
    print(
        json.dumps({"calls": calls, "problems": run.problems} | {name: sorted(found) for name, found in seen.items()})
    )
