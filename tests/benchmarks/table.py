"""The tables of the benchmarks: one row per figure, with its budget and whether it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HEAD = "| what | measured | ratio or rate | budget | within |\n|---|---|---|---|---|"


@dataclass(frozen=True)
class Row:
    """One line of a table; `budget` and `value` are compared, `at_least` turns the comparison round.

    A value of None was not measured; `measured` says why.
    """

    what: str
    measured: str
    value: float | None
    budget: float | None = None
    unit: str = "x"
    at_least: bool = False

    def verdict(self) -> str:
        if self.budget is None:
            return ""
        if self.value is None:
            return "not measured"
        is_within = self.value >= self.budget if self.at_least else self.value <= self.budget
        return "yes" if is_within else "**no**"

    def line(self) -> str:
        value = "" if self.value is None else f"{self.value:,.4g} {self.unit}"
        budget = "" if self.budget is None else f"{self.budget:,g} {self.unit}"
        return f"| {self.what} | {self.measured} | {value} | {budget} | {self.verdict()} |"


def print_table(title: str, rows: Iterable[Row]) -> None:
    print(f"\n**{title}**\n\n{HEAD}")
    for row in rows:
        print(row.line(), flush=True)
