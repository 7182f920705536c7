"""How long it takes until a program can track and a command can answer, over bare Python; medians of pairs."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from time import perf_counter

ROUNDS = 3 if "--quick" in sys.argv else 21
IMPORT = "from curio_tracking import track_feature, FeatureCategory"
COMMANDS = {
    "bare": ["-c", "pass"],
    "import": ["-c", IMPORT],
    "decorate": ["-c", f"{IMPORT}\n@track_feature('f', FeatureCategory.OTHER)\ndef f(a, b): pass"],
    "version": ["-m", "curio_tracking", "--version"],
    "list_features": ["-m", "curio_tracking", "list-features"],
}


def seconds(arguments: list[str]) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return perf_counter() - start


if __name__ == "__main__":
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(ROUNDS + 1):
        for name, arguments in COMMANDS.items():
            taken = seconds(arguments)
            if number:  # the first round fills the file system's cache
                times[name].append(taken)
    print(json.dumps({name: median(values) for name, values in times.items()}))
