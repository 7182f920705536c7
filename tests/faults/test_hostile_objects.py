"""Objects and recursions of the host that are at their worst inside tracked calls. Budget: 15 s."""

from __future__ import annotations

from pathlib import Path

import pytest
from twice import assert_store_is_as_accounted, run_twice


@pytest.mark.parametrize("capture", ["shape", "values"])
@pytest.mark.parametrize("fault", ["raises", "exits", "waits", "allocates"])
def test_objects_whose_every_method_is_hostile_pass_through_and_are_not_called(
    tmp_path: Path, fault: str, capture: str
) -> None:
    tracked = run_twice("hostile_objects.py", tmp_path, fault, capture_args=capture)
    assert tracked.output.count("called []") == 2
    assert "False" not in tracked.output
    assert_store_is_as_accounted(tracked)
    assert tracked.calls() == tracked.account().made


@pytest.mark.parametrize("capture", ["shape", "values"])
@pytest.mark.parametrize("ending", ["returns", "raises"])
@pytest.mark.parametrize("state", ["first", "warm", "full"])
def test_recursion_down_to_the_limit_ends_where_one_more_frame_per_call_would_end_it(
    tmp_path: Path, state: str, ending: str, capture: str
) -> None:
    """In every state of the buffer: not started, awake, full."""
    run_twice("recursion.py", tmp_path, state, ending, capture_args=capture)
