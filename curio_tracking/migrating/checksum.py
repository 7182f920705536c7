"""Checksum: one figure for any number of records, in whatever order they come.

BLAKE2b of each record's canonical JSON, 128 bits, added modulo 2^128. A sum does not depend on order, and unlike with
XOR a record that comes twice does not cancel out. Two different sets of records have the same sum with a probability of
2^-128, as long as nobody builds them for that: it is made against faults, not against forgery. Imports only `records`.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from curio_tracking.records import RECORD_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curio_tracking.records import FeatureRecord

DIGEST_BYTES: Final = 16
_MODULUS: Final = 1 << (8 * DIGEST_BYTES)
_FLOATS: Final = tuple(
    RECORD_FIELDS.index(name) for name in ("duration", "efficiency_score", "cpu_seconds", "sample_weight")
)
_values_of: Final = attrgetter(*RECORD_FIELDS)
# ASCII: lone surrogates have no UTF-8. default: what JSON does not know is stored as its text, too
_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode


class Tally(NamedTuple):
    """How many records, and the sum of their digests.

    Attributes:
        records: copies count each.
        checksum: below 2^128.
    """

    records: int = 0
    checksum: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return the tally of both together."""
        return Tally(self.records + other.records, (self.checksum + other.checksum) % _MODULUS)

    @property
    def text(self) -> str:
        """The checksum as 32 hexadecimal digits."""
        return f"{self.checksum:0{2 * DIGEST_BYTES}x}"


def tally(digests: Iterable[int]) -> Tally:
    """Return the tally of records that have these digests."""
    counted = list(digests)
    return Tally(len(counted), sum(counted) % _MODULUS)


def digest(record: FeatureRecord) -> int:
    """Return the digest of everything that is stored of a record; equal records have equal ones."""
    values = list(_values_of(record))
    for position in _FLOATS:
        if values[position] is not None:
            # 1 and 1.0, 0.0 and -0.0 are equal, but differ as text
            values[position] = float(values[position]) + 0.0
    return int.from_bytes(blake2b(_encode(values).encode(), digest_size=DIGEST_BYTES).digest(), "big")
