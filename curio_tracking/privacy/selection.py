"""Selection: three filters that keep only part of the records: failures only, a minimum duration, a sample.

None of them ever drops a record because it went wrong. Statistics stay right under sampling: each kept record carries
the number of executions it stands for.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from curio_tracking.hookspecs import hookimpl
from curio_tracking.unread import UnreadRecord

if TYPE_CHECKING:
    from curio_tracking.hookspecs import RegisterFilter
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings

FOLDED: Final = "_folded"
"""Key in the metadata of a record that stands for calls folded under overload: already counted, never sampled."""
_HASH_BITS: Final = 64


@hookimpl
def curio_register_filters(register: RegisterFilter) -> None:
    """Offer the three, after those that protect what is stored."""
    register("failures_only", create_failures_only, order=300)
    register("min_duration", create_min_duration, order=310)
    register("sampling", create_sampling, order=320)


def create_failures_only(settings: Settings) -> FailuresOnly | None:
    """Return the filter, or None unless FAILURES_ONLY asks for it."""
    return FailuresOnly() if settings.failures_only else None


def create_min_duration(settings: Settings) -> MinDuration | None:
    """Return the filter, or None when MIN_DURATION is 0."""
    return MinDuration(settings.min_duration) if settings.min_duration > 0 else None


def create_sampling(settings: Settings) -> Sampling | None:
    """Return the filter, or None when SAMPLE_RATE is 1."""
    return Sampling(settings.sample_rate) if settings.sample_rate < 1 else None


class FailuresOnly:
    """Keeps what did not succeed: failed, partial, timed out."""

    def for_imports(self, *, is_rehearsal: bool) -> None:
        """Judge live traffic only: what is imported was kept before."""

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        """Return the record, or None for a success."""
        return None if record.is_success else record


class MinDuration:
    """Drops successes that were too short to be of interest."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def for_imports(self, *, is_rehearsal: bool) -> None:
        """Judge live traffic only: what is imported was kept before."""

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        """Return the record, or None for a success of less than the minimum duration."""
        return None if record.duration < self._seconds and record.is_success else record


class Sampling:
    """Keeps a share of the successes, whole calls with everything that ran inside them, and weights them up.

    Each kept success stands for 1/rate executions (the Horvitz-Thompson estimator): expected totals are the true ones.
    """

    def __init__(self, rate: float) -> None:
        """Args: rate: the share of successes to keep, 0 < rate <= 1."""
        self._rate = rate

    def for_imports(self, *, is_rehearsal: bool) -> None:
        """Judge live traffic only: what is imported was kept before."""

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        """Return the record, weighted if it is a success, or None when it is not in the sample."""
        if not record.is_success or FOLDED in (record.unread[2] if type(record) is UnreadRecord else record.metadata):
            return record
        if trace_fraction(record) >= self._rate:
            return None
        record.sample_weight /= self._rate
        return record


def trace_fraction(record: FeatureRecord) -> float:
    """Return a number in [0, 1), uniform over root calls and the same for all calls inside one."""
    return _fraction(record.root_id or record.record_id)


@lru_cache(maxsize=1024)
def _fraction(root_id: str) -> float:
    # not the ids themselves: they begin with the time and are anything but uniform
    digest = blake2b(root_id.encode("utf-8", "surrogatepass"), digest_size=_HASH_BITS // 8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << (_HASH_BITS - 11))
