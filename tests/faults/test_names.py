"""Names that hold an id or a path: a million different ones. Budget: 40 s."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import store_checks
from twice import run_twice

from curio_tracking.collecting.names import MOST_FEATURES, OTHER_FEATURES
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

CALLS: Final = 1_000_000


def test_a_million_feature_names_take_bounded_memory_and_the_overflow_is_named_and_counted(tmp_path: Path) -> None:
    warning = "more than 10,000 different feature names"
    tracked = run_twice("distinct_names.py", tmp_path, str(CALLS), warnings=[warning])
    assert tracked.output == "bounded True\n"
    health = tracked.account().health
    assert (health["dropped"], health["errors"]) == ({}, {"feature_names": CALLS - MOST_FEATURES})
    calls = store_checks.calls_by_feature(TinyFluxBackend(tracked.data_dir))
    assert (calls[OTHER_FEATURES], calls.total()) == (CALLS - MOST_FEATURES, CALLS)
