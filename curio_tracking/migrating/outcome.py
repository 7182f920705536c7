"""Outcome: what a migration has done so far, and what it found wrong. Values, for any surface."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from curio_tracking.migrating.checksum import Tally
from curio_tracking.records import iso_time


class Agreement(StrEnum):
    """How the statistics of both stores compare over the time of the copied records."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_COMPARED = "not compared"


class Mismatch(NamedTuple):
    """A piece of time in which the target does not hold what was copied.

    Attributes:
        since_us, until_us: `since_us <= start < until_us`, microseconds since 1970 UTC.
        expected, found: records of the source, and those of the target under the same ids.
        missing, different: how many are not there, or not equal. example: the id of one of them, if any.
    """

    since_us: int
    until_us: int
    expected: int
    found: int
    missing: int
    different: int
    example: str | None

    def __str__(self) -> str:
        """Return it in words."""
        example = f", for example {self.example}" if self.example else ""
        wrong = f"{self.missing:,} missing, {self.different:,} different{example}"
        return (
            f"{iso_time(self.since_us)} to {iso_time(self.until_us - 1)}: {self.expected:,} records in the source, "
            f"{self.found:,} of them in the target ({wrong})"
        )


@dataclass(slots=True)
class Outcome:
    """What became of a migration.

    Attributes:
        source, target: names of the backends.
        sent: what the source holds, but for what is left out. arrived: what the target holds under the same ids.
        copied, already_there: records that were written now, and that were there before.
        verified: records of pages that came back equal.
        missing, different: records that are not in the target, or are there with another content.
        left_out: records of the source of a time whose calls the target counts although their records were removed.
        repeated: records of the source whose id came twice; each was copied once.
        weight: how many calls the records stand for.
        first_us, last_us: earliest and latest start, microseconds since 1970 UTC.
        declared: features that were declared in the target.
        statistics: how those of both stores compare.
        lost_calls: how many calls the source knows by their totals alone.
        lost_rows: rows of the source that are no records.
        mismatches: the pages that came back wrong. differences: the statistics that differ, one sentence each.
    """

    source: str
    target: str
    sent: Tally = field(default_factory=Tally)
    arrived: Tally = field(default_factory=Tally)
    copied: int = 0
    already_there: int = 0
    verified: int = 0
    missing: int = 0
    different: int = 0
    left_out: int = 0
    repeated: int = 0
    weight: float = 0.0
    first_us: int | None = None
    last_us: int | None = None
    declared: int = 0
    statistics: Agreement = Agreement.NOT_COMPARED
    lost_calls: int = 0
    lost_rows: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether everything that was copied came back equal."""
        return not self.mismatches and not self.differences

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "source": self.source,
            "target": self.target,
            "records": self.sent.records + self.left_out,
            "copied": self.copied,
            "already_there": self.already_there,
            "verified": self.verified,
            "missing": self.missing,
            "different": self.different,
            "left_out": self.left_out,
            "repeated": self.repeated,
            "first_record": None if self.first_us is None else iso_time(self.first_us),
            "last_record": None if self.last_us is None else iso_time(self.last_us),
            "source_checksum": self.sent.text,
            "target_checksum": self.arrived.text,
            "declared_features": self.declared,
            "statistics": self.statistics.value,
            "left_behind_calls": self.lost_calls,
            "left_behind_rows": self.lost_rows,
        }
