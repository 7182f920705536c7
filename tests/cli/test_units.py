from __future__ import annotations

import pytest

from curio_tracking.cli import units


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (2.5e-7, "250 ns"),
        (0.000_012_34, "12.3 µs"),
        (0.001, "1.00 ms"),
        (0.25, "250 ms"),
        (0.999_7, "1.00 s"),
        (1.0, "1.00 s"),
        (12.345, "12.3 s"),
        (59.99, "1 min 00 s"),
        (75.0, "1 min 15 s"),
        (3599.9, "1 h 00 min"),
        (3720.0, "1 h 02 min"),
        (90_000.0, "25 h 00 min"),
    ],
)
def test_duration_has_three_figures_and_a_fitting_unit(seconds: float | None, shown: str) -> None:
    assert units.duration(seconds) == shown


@pytest.mark.parametrize("show", [units.text, units.duration, units.count, units.percent, units.score, units.moment])
def test_what_is_unknown_is_a_dash_and_never_zero(show: object) -> None:
    assert callable(show)
    assert show(None) == "-"


def test_figures_as_a_person_writes_them() -> None:
    assert units.count(1_234_567) == "1,234,567"
    assert units.count(12.6) == "13"
    assert units.percent(98.333) == "98.3 %"
    assert units.score(0.956) == "0.96"
    assert units.moment("2026-11-01T12:30:05.123456Z") == "2026-11-01 12:30:05"


def test_text_of_structures_is_json() -> None:
    assert units.text({"rows": 3}) == '{"rows": 3}'
    assert units.text("") == "-"
