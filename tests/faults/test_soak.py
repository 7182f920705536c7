"""Eight writers, two readers and upkeep at once: counts never go backwards, are never short, and exact at the end.

Budget: FAULTS_SOAK_SECONDS (60), and some 15 s for the count at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import store_checks
from small_sizes import make_sizes_small
from soak import FEWEST_ROUNDS

from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

SECONDS: Final = os.environ.get("FAULTS_SOAK_SECONDS", "60")
SOAK: Final = Path(__file__).with_name("soak.py")


def test_counts_never_go_backwards_are_never_short_and_exact_at_the_end(data_dir: Path, tmp_path: Path) -> None:
    make_sizes_small()
    data_dir.mkdir()
    result = subprocess.run(
        [sys.executable, str(SOAK), str(data_dir), SECONDS], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    print(told)
    assert min(told["written"]) > 0
    assert min(told["rounds"]) >= FEWEST_ROUNDS
    written = Counter({f"writer_{writer}": count for writer, count in enumerate(told["written"])})
    check_exactly(data_dir, written)
    assert not store_checks.maintain(data_dir).failed
    check_exactly(data_dir, written)
    store_checks.assert_in_order(data_dir)


def check_exactly(data_dir: Path, written: Counter[str]) -> None:
    """Check that records and totals are what was written, by writer."""
    backend = TinyFluxBackend(data_dir)
    assert store_checks.calls_by_feature(backend) == written
    records = store_checks.records_once(backend)
    assert Counter(record.feature_name for record in records) == written
    store_checks.assert_totals_are_a_fold(backend, records)
    assert backend.quarantined == 0
