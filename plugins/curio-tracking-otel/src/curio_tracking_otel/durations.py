"""Durations: how long calls took, as one data point of a histogram.

Our own counting, because the SDK's histogram takes one value at a time, while a folded record stands for thousands of
calls and a sampled one for a fraction more than three. Both forms keep a weight per bucket and differ in the buckets.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, TypeAlias

from opentelemetry.sdk.metrics.export import Buckets, ExponentialHistogramDataPoint, HistogramDataPoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking_otel.attributes import Value

BOUNDS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
"""Seconds; features are anything from a look-up in a dictionary to a training run."""
FINEST_SCALE: Final = 5
"""32 buckets per doubling: each 2.2 % wide."""
MOST_BUCKETS: Final = 160
"""As in OpenTelemetry's specification; wider ranges get coarser buckets."""
Point: TypeAlias = HistogramDataPoint | ExponentialHistogramDataPoint


class Durations(ABC):
    """Weighted durations of one series.

    Attributes:
        weights: how many calls fell into which bucket; fractions where records are a sample.
        total: seconds of all calls.
        least, most: the shortest and the longest, in seconds.
    """

    __slots__ = ("least", "most", "total", "weights")

    def __init__(self) -> None:
        self.weights: dict[int, float] = {}
        self.total = 0.0
        self.least = math.inf
        self.most = -math.inf

    def add(self, seconds: float, weight: float) -> None:
        """Count `weight` calls of this duration."""
        bucket = self.bucket(seconds)
        self.weights[bucket] = self.weights.get(bucket, 0.0) + weight
        self.total += seconds * weight
        self.least = min(self.least, seconds)
        self.most = max(self.most, seconds)

    def merge(self, other: Durations) -> None:
        """Count what the other one has counted."""
        for bucket, weight in other.weights.items():
            self.weights[bucket] = self.weights.get(bucket, 0.0) + weight
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)

    @abstractmethod
    def bucket(self, seconds: float) -> int:
        """Return the number of the bucket that a duration falls into."""

    @abstractmethod
    def point(self, attributes: Mapping[str, Value], since_ns: int, now_ns: int) -> Point:
        """Return the data point, counts rounded to whole calls per bucket."""


class ExplicitDurations(Durations):
    """Buckets with the bounds of `BOUNDS`, which every back end understands."""

    __slots__ = ()

    def bucket(self, seconds: float) -> int:
        """See `Durations.bucket`; a bound belongs to the bucket below it."""
        return bisect_left(BOUNDS, seconds)

    def point(self, attributes: Mapping[str, Value], since_ns: int, now_ns: int) -> HistogramDataPoint:
        """See `Durations.point`."""
        counts = [round(self.weights.get(number, 0.0)) for number in range(len(BOUNDS) + 1)]
        return HistogramDataPoint(
            attributes=attributes,
            start_time_unix_nano=since_ns,
            time_unix_nano=now_ns,
            count=sum(counts),
            sum=self.total,
            bucket_counts=counts,
            explicit_bounds=BOUNDS,
            min=self.least,
            max=self.most,
        )


class ExponentialDurations(Durations):
    """Buckets that double in width so often that each is some percent wide (OpenTelemetry's data model)."""

    __slots__ = ()
    NONE: Final = -(1 << 20)
    """The bucket of no duration at all, which has no logarithm."""

    def bucket(self, seconds: float) -> int:
        """See `Durations.bucket`: bucket i holds what is above base**i and not above base**(i + 1)."""
        return math.ceil(math.log2(seconds) * (1 << FINEST_SCALE)) - 1 if seconds > 0 else self.NONE

    def point(self, attributes: Mapping[str, Value], since_ns: int, now_ns: int) -> ExponentialHistogramDataPoint:
        """See `Durations.point`: at the finest scale whose buckets are few enough."""
        counts = {bucket: round(weight) for bucket, weight in self.weights.items() if bucket != self.NONE}
        zeros = round(self.weights.get(self.NONE, 0.0))
        shift = 0
        while counts and (max(counts) >> shift) - (min(counts) >> shift) >= MOST_BUCKETS:
            shift += 1
        offset = min(counts) >> shift if counts else 0
        row = [0] * ((max(counts) >> shift) - offset + 1 if counts else 0)
        for bucket, count in counts.items():
            row[(bucket >> shift) - offset] += count
        return ExponentialHistogramDataPoint(
            attributes=attributes,
            start_time_unix_nano=since_ns,
            time_unix_nano=now_ns,
            count=zeros + sum(row),
            sum=self.total,
            scale=FINEST_SCALE - shift,
            zero_count=zeros,
            positive=Buckets(offset, row),
            negative=Buckets(0, []),
            flags=0,
            min=self.least,
            max=self.most,
        )
