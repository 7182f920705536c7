"""Receipt: what became of forgetting a user: what was erased, where, under which keys, and what could not be.

Holds neither the plain id nor a pseudonym, so that it may be kept. Filled by `erasure`; plain values.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

NOT_REACHED: Final = (
    "calls of this user that applications go on recording",
    "exports, backups and other copies, and what exporters have sent on",
    "texts of other records that name the user in words, such as an error message",
)
"""What no erasure in a data directory gets at."""


@dataclass(slots=True)
class StoreReceipt:
    """One store.

    Attributes:
        backend: its name.
        found: the user's records at the beginning. erased: rows that are gone, unreadable ones that named the user
            included. remaining: the user's records afterwards.
        totals_only: calls of anybody that are known only as totals, because their records are gone.
        problem: what went wrong; None for nothing.
    """

    backend: str
    found: int = 0
    erased: int = 0
    remaining: int = 0
    totals_only: int = 0
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Receipt:
    """Everything.

    Attributes:
        began, ended: ISO 8601, UTC.
        is_rehearsal: whether nothing was to be changed.
        data_dir: where.
        keys, unusable_keys: numbers of keys, see `Person`.
        by_key, by_day: how many of the records found lay under which key (or `plain`, `other`), and on which day (UTC).
        unknown_key_records: records under pseudonyms whose key is gone; nobody can tell whose they are.
        stores: one receipt per store.
        traces: files of the data directory in which a pseudonym of the user still stands.
        not_reached: what this did not get at.
    """

    began: str
    data_dir: str
    is_rehearsal: bool
    keys: list[int]
    unusable_keys: list[int]
    ended: str = ""
    by_key: Counter[str] = field(default_factory=Counter)
    by_day: Counter[str] = field(default_factory=Counter)
    unknown_key_records: int = 0
    stores: list[StoreReceipt] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    not_reached: list[str] = field(default_factory=lambda: list(NOT_REACHED))

    @property
    def found(self) -> int:
        """How many records of the user there were."""
        return sum(store.found for store in self.stores)

    @property
    def erased(self) -> int:
        """How many rows are gone."""
        return sum(store.erased for store in self.stores)

    @property
    def remaining(self) -> int:
        """How many records of the user are still there."""
        return sum(store.remaining for store in self.stores)

    @property
    def problems(self) -> list[str]:
        """What keeps this from being complete, one sentence each."""
        said = [f"{store.backend}: {store.problem}" for store in self.stores if store.problem]
        if self.unusable_keys:
            numbers = ", ".join(map(str, self.unusable_keys))
            said.append(f"what was stored under key {numbers} cannot be found: mend or restore that key file")
        if self.is_rehearsal:
            return said
        said += [
            f"{store.backend}: {store.remaining} records are still there; run it again, or stop what records this user"
            for store in self.stores
            if store.remaining
        ]
        return said + [f"{path}: a pseudonym of the user still stands there" for path in self.traces]

    @property
    def not_corrected(self) -> list[str]:
        """Totals that may still count the user, one sentence each."""
        return [
            f"{store.backend}: {store.totals_only} calls are known only as totals (RETENTION_DAYS); if some were this "
            f"user's, those totals and their numbers of distinct users still count them; they hold no id"
            for store in self.stores
            if store.totals_only
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return {
            "complete": not self.problems,
            "dry_run": self.is_rehearsal,
            "began": self.began,
            "ended": self.ended,
            "data_dir": self.data_dir,
            "found": self.found,
            "erased": self.erased,
            "remaining": self.remaining,
            "keys": self.keys,
            "by_key": dict(sorted(self.by_key.items())),
            "by_day": dict(sorted(self.by_day.items())),
            "stores": [store.as_dict() for store in self.stores],
            "unknown_key_records": self.unknown_key_records,
            "problems": self.problems,
            "not_corrected": self.not_corrected,
            "not_reached": self.not_reached,
        }
