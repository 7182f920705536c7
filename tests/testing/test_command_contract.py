"""The commands' suite lets a sound command pass and notices each of the faults that commands have."""

from __future__ import annotations

from collections.abc import Callable

import broken_commands
import pytest

BROKEN = {name: test for name, test in broken_commands.CAUGHT_BY.items() if test}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_command_is_caught(name: str, failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert BROKEN[name] in failures_of(broken_commands)[name]


def test_sound_command_passes(failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert failures_of(broken_commands)["Testsound_command"] == set()


def test_every_promise_has_a_command_that_breaks_it() -> None:
    assert broken_commands.SUITES.unbroken() & broken_commands.LOUD.unbroken() == set()
