"""Measuring one store in a process of its own: cold, warm, and what it takes of memory.

Cold means: this process has not opened the store yet. The interpreter has started and the modules are imported, and the
files are in the operating system's cache, for every store alike.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

HERE = Path(__file__).parent
QUICK = "--quick" in sys.argv
ROUNDS = 1 if QUICK else 7
PATIENCE_SECONDS = 20.0
"""A thing is measured no more after so long: what takes seconds needs no median of seven."""

Store = TypeVar("Store")
Statistics = list[dict[str, Any]]


def peak_mb() -> float:
    """Return the most memory that this process has had resident.

    Not `ru_maxrss` where there is a choice: on Linux it begins with the peak of the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        unit = 1024 * 1024 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def seconds_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long it took, and what came of it."""
    start = perf_counter()
    result = work()
    return perf_counter() - start, result


def report(open_store: Callable[[], Store], statistics: Callable[[Store], Statistics]) -> None:
    """Print as JSON what the first and the second answer of a store take in this process."""
    imported_mb = peak_mb()
    start = perf_counter()
    store = open_store()
    found = statistics(store)
    cold = perf_counter() - start
    cold_mb = peak_mb()
    warm, again = seconds_of(lambda: statistics(store))
    calls = calls_of(found)
    assert calls_of(again) == calls  # averages may differ in their last digit where several threads add up
    print(
        json.dumps(
            {
                "cold": cold,
                "warm": warm,
                "peak_mb": cold_mb,
                "added_mb": cold_mb - imported_mb,
                "features": len(found),
                "calls": calls,
            }
        )
    )


def calls_of(features: Statistics) -> int:
    """Return the calls of all features together."""
    return sum(feature["total_calls"] for feature in features)


def ask(script: str, *arguments: str | Path) -> Any:
    """Run a script of this folder in a process of its own and return the JSON that it prints."""
    result = subprocess.run(
        [sys.executable, str(HERE / f"{script}.py"), *map(str, arguments)], check=False, capture_output=True, text=True
    )
    if result.returncode:
        sys.exit(f"{script}: {result.stderr}")
    return json.loads(result.stdout)


def medians(measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure over several rounds."""
    return medians_in_turns({"": measure})[""]


def medians_in_turns(measures: dict[str, Callable[[], dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Return the medians of several things that are measured in turns, because a shared machine changes its speed."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in measures}
    patience = dict.fromkeys(measures, PATIENCE_SECONDS)
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            if patience[name] > 0:
                taken, found = seconds_of(measure)
                patience[name] -= taken
                rounds[name].append(found)
    return {name: {key: median(one[key] for one in found) for key in found[0]} for name, found in rounds.items()}


def stored_bytes(path: Path) -> int:
    """Return the size of a file or of everything in a directory."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
