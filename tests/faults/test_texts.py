"""Texts and structures that files and encoders stumble over, through the whole way. Budget: 10 s."""

from __future__ import annotations

from pathlib import Path

import pytest
from twice import assert_store_is_as_accounted, run_twice


@pytest.mark.parametrize("capture", ["shape", "values"])
def test_odd_texts_and_structures_leave_a_record_each(tmp_path: Path, capture: str) -> None:
    """Surrogates, NUL, 10 MB, cycles, depths, and what cannot be shown."""
    tracked = run_twice("texts.py", tmp_path, capture_args=capture, warnings=["unknown category"])
    assert_store_is_as_accounted(tracked)
    assert (tracked.calls(), tracked.account().health["dropped"]) == (tracked.account().made, {})
