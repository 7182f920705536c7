"""The suites of export formats let a sound writer pass and notice each of the faults that writers have."""

from __future__ import annotations

from collections.abc import Callable

import broken_file_writers
import pytest

BROKEN = {name: test for name, test in broken_file_writers.CAUGHT_BY.items() if test}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_writer_is_caught(name: str, failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert BROKEN[name] in failures_of(broken_file_writers)[name]


def test_sound_writer_passes(failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert failures_of(broken_file_writers)["Testsound_writer"] == set()


def test_every_promise_has_a_writer_that_breaks_it() -> None:
    assert broken_file_writers.SUITES.unbroken() == set()
