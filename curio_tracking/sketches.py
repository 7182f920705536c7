"""Two small approximate counters that merge: a log histogram for quantiles, a HyperLogLog for distinct users.

Both are monoids: the empty one is neutral, `merge` is associative and commutative, so totals may be folded in any
order and split. Used by `summaries` alone; this module imports nothing of the project.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from math import ceil, log
from typing import Final

RELATIVE_ERROR: Final = 0.01
GAMMA: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
SMALLEST: Final = 1e-9
"""Values at or below this (a nanosecond, where values are seconds) share one bin that counts as zero."""
_BINS_PER_E: Final = 1 / log(GAMMA)
_ZERO_BIN: Final = -(10**6)

HLL_PRECISION: Final = 10
HLL_REGISTERS: Final = 1 << HLL_PRECISION
_HLL_ALPHA: Final = 0.7213 / (1 + 1.079 / HLL_REGISTERS)
_HASH_BITS: Final = 64
_REST_BITS: Final = _HASH_BITS - HLL_PRECISION


class LogHistogram:
    """Weights of positive values in bins whose width grows with the value, so that every quantile is within 1 %.

    The bin rule is that of DDSketch (Masson, Rim, Lee: "DDSketch", PVLDB 12(12), 2019), with a dict for the bins.
    """

    __slots__ = ("bins",)

    def __init__(self, bins: dict[int, float] | None = None) -> None:
        self.bins = bins if bins is not None else {}

    def add(self, value: float, weight: float = 1.0) -> None:
        """Count `value` with `weight`."""
        index = ceil(log(value) * _BINS_PER_E) if value > SMALLEST else _ZERO_BIN
        self.bins[index] = self.bins.get(index, 0.0) + weight

    def merge(self, other: LogHistogram) -> None:
        """Add everything that `other` has counted."""
        bins = self.bins
        for index, weight in other.bins.items():
            bins[index] = bins.get(index, 0.0) + weight

    def quantile(self, fraction: float) -> float | None:
        """Return the smallest value that at least `fraction` (0..1) of the weight does not exceed, within 1 %.

        Returns:
            None when nothing was counted.
        """
        if not self.bins:
            return None
        wanted = fraction * sum(self.bins.values())
        reached = 0.0
        index = _ZERO_BIN
        for index in sorted(self.bins):
            reached += self.bins[index]
            # the tiny slack: sums of weights such as 1/0.3 must not push the rank into the next bin
            if reached >= wanted * (1 - 1e-12):
                break
        return 0.0 if index == _ZERO_BIN else 2 * GAMMA**index / (GAMMA + 1)


class HyperLogLog:
    """Counts distinct texts in at most 1 KB, with a standard error of about 3 %.

    Estimator and small-range correction (linear counting): Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", AofA 2007.
    """

    __slots__ = ("registers",)

    def __init__(self, registers: bytearray | None = None) -> None:
        self.registers = registers

    def add(self, text: str) -> None:
        """Count `text`, once however often it comes."""
        if self.registers is None:
            self.registers = bytearray(HLL_REGISTERS)
        slot, rank = _slot_and_rank(text)
        if self.registers[slot] < rank:
            self.registers[slot] = rank

    def merge(self, other: HyperLogLog) -> None:
        """Count everything that `other` has counted."""
        if other.registers is None:
            return
        if self.registers is None:
            self.registers = bytearray(other.registers)
        else:
            self.registers = bytearray(map(max, self.registers, other.registers))

    def count(self) -> int:
        """Return the estimated number of distinct texts."""
        registers = self.registers
        if registers is None:
            return 0
        estimate = _HLL_ALPHA * HLL_REGISTERS**2 / sum(2.0**-rank for rank in registers)
        zeros = registers.count(0)
        if estimate <= 2.5 * HLL_REGISTERS and zeros:
            estimate = HLL_REGISTERS * log(HLL_REGISTERS / zeros)
        return round(estimate)


@lru_cache(maxsize=4096)
def _slot_and_rank(text: str) -> tuple[int, int]:
    # blake2b: stable over processes (hash() is not) and well mixed (a weak hash gave 20 % error)
    digest = int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    rest = digest & ((1 << _REST_BITS) - 1)
    return digest >> _REST_BITS, _REST_BITS - rest.bit_length() + 1
