"""The exporters' suites let sound exporters pass and notice each of the faults that exporters have."""

from __future__ import annotations

from collections.abc import Callable

import broken_exporters
import pytest

BROKEN = {name: test for name, test in broken_exporters.CAUGHT_BY.items() if test}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_exporter_is_caught(name: str, failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert BROKEN[name] in failures_of(broken_exporters)[name]


@pytest.mark.parametrize("name", ["TestSoundExporter", "TestPatientExporter"])
def test_sound_exporter_passes(name: str, failures_of: Callable[..., dict[str, set[str]]]) -> None:
    assert failures_of(broken_exporters)[name] == set()


def test_every_promise_has_an_exporter_that_breaks_it() -> None:
    assert broken_exporters.DELIVERIES.unbroken() == set()
    assert broken_exporters.OUTAGES.unbroken() == set()
