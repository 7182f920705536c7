"""The backends' suite lets a sound backend pass and notices each of the faults that backends have."""

from __future__ import annotations

from collections.abc import Callable

import broken_backends
import pytest

BROKEN = {name: test for name, test in broken_backends.CAUGHT_BY.items() if test}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_backend_is_caught(name: str, failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert BROKEN[name] in failures_of(broken_backends)[name]


def test_sound_backend_passes(failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert failures_of(broken_backends)["TestSoundBackend"] == set()


def test_every_promise_has_a_backend_that_breaks_it() -> None:
    # what only a backend that cannot do anything breaks
    unbreakable = {"test_empty_store_answers_with_nothing", "test_empty_batch_is_no_error"}
    assert broken_backends.SUITES.unbroken() == unbreakable
