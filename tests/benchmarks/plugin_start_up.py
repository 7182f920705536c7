"""What installed plugins cost a host and a command that start: none, one or ten, of which one is named by BACKEND.

Every figure is the least of many runs that were taken in turns: what disturbs a start only ever makes it longer. The
plugins are backends, installed as pip would, by their metadata.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

ROUNDS = 3 if "--quick" in sys.argv else 31
COUNTS = (0, 1, 10)
Figures: TypeAlias = dict[str, float]
BACKEND = """
from curio_tracking import hookimpl

def make(settings):
    from curio_tracking.storage.memory import MemoryBackend
    return MemoryBackend("shelf")

@hookimpl
def curio_register_backends(register):
    register("{name}", make)
"""
PROGRAM = """
import sys
from curio_tracking import feature_tracker, track_feature

track_feature("work")(lambda: None)()
assert feature_tracker.flush(60) and feature_tracker.health()["written"] == 1
print(sum(name.startswith("shelf") for name in sys.modules))
"""
FINDING = """
from time import perf_counter
from curio_tracking.plugins import PluginHost

start = perf_counter()
host = PluginHost()
host.load()
host.backend(host.plugins()[-1].name)
print(perf_counter() - start)
"""
"""Finds all plugins and imports the last one; the built-in filters are imported in any case."""
STARTS = {"bare": ["-c", "pass"], "host": ["-c", PROGRAM], "command": ["-m", "curio_tracking", "list-features"]}


def install(count: int) -> dict[str, str]:
    """Install so many plugins into a new folder and return the environment in which they are found."""
    site = Path(f"site-{count}")
    for name in [f"shelf{number}" for number in range(count)]:
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(BACKEND.format(name=name), "utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[curio_tracking]\n{name} = {name}\n", "utf-8")
    backend = "shelf0" if count else "memory"
    return {**os.environ, "PYTHONPATH": str(site.absolute()), "FEATURE_TRACKING_BACKEND": backend}


def run(arguments: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Return how long a new interpreter took, in seconds, and what it printed."""
    start = perf_counter()
    result = subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True, text=True)
    return perf_counter() - start, result.stdout


def measure(environments: dict[int, dict[str, str]]) -> Figures:
    """Start everything once with each environment: seconds per start, and what the host has imported."""
    figures: Figures = {}
    for count, environment in environments.items():
        for what, arguments in STARTS.items():
            figures[f"{what} {count}"], printed = run(arguments, environment)
            if what == "host":
                figures[f"imported {count}"] = float(printed)
        figures[f"finding {count}"] = float(run(["-c", FINDING], environment)[1])
    return figures


if __name__ == "__main__":
    folders = {count: install(count) for count in COUNTS}
    measure(folders)  # compiles the plugins and fills the file system's cache
    rounds = [measure(folders) for _ in range(ROUNDS)]
    print(json.dumps({key: min(one[key] for one in rounds) for key in rounds[0]}))
