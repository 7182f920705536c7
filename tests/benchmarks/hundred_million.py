"""The statistics of 100 million records over a year, read from generated rollups."""

from __future__ import annotations

import json
from pathlib import Path

from generated import FEATURES
from generated_rollups import write_generated_rollups
from measuring import QUICK, ask, medians

DAYS = 10 if QUICK else 365
RECORDS_PER_DAY = 10_000 if QUICK else 274_000  # a little over 100 million in a year


def measure(data_dir: Path) -> dict[str, float]:
    """Return the figures."""
    write_generated_rollups(data_dir, DAYS, FEATURES, RECORDS_PER_DAY)
    figures = medians(lambda: ask("curio_store", "features", data_dir))
    assert figures["features"] == FEATURES, figures
    assert figures["calls"] == DAYS * RECORDS_PER_DAY, figures
    return figures


if __name__ == "__main__":
    print(json.dumps({"records": DAYS * RECORDS_PER_DAY, "days": DAYS, "figures": measure(Path("year"))}))
