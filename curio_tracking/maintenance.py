"""Maintenance: what a backend says of the upkeep it did, and of the state its files are in. Values, for every surface.

Imports nothing of the project.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Condition(StrEnum):
    """How a part of a store is."""

    OK = "ok"
    ATTENTION = "attention"
    """Answers are right, but slower or larger than they need be, or something was put aside."""
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part of a store.

    Attributes:
        part: which part, in words.
        condition: how it is.
        files: how many files.
        size_bytes: what they take on the disk.
        oldest, newest: the days they are about, `2026-11-22`; None where there are none.
        advice: what to know or to do about it; empty where nothing is to be said.
    """

    part: str
    condition: Condition = Condition.OK
    files: int = 0
    size_bytes: int = 0
    oldest: str | None = None
    newest: str | None = None
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)


@dataclass(slots=True)
class MaintenanceReport:
    """What a round of upkeep did.

    Attributes:
        done: pieces of work that were done. failed: what could not be done, and why.
        bytes_before, bytes_after: what the store took on the disk.
    """

    done: int = 0
    failed: list[str] | None = None
    bytes_before: int = 0
    bytes_after: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "done": self.done,
            "failed": list(self.failed or ()),
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
        }
