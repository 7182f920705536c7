"""The plugin's options: `FEATURE_TRACKING_PROMETHEUS__<OPTION>`, or the table `prometheus` of a settings file.

Read by `exporter` in the tracked application and by `page` in the dashboard.
"""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

PLUGIN: Final = "prometheus"
DEFAULT_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds: from a function that only computes to a batch job."""
MOST_BUCKETS: Final = 50


class Options(BaseModel):
    """What can be configured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exporter: bool = Field(True, description="Count the calls of the tracked process in its Prometheus metrics.")
    max_features: int = Field(
        1000, ge=1, le=100_000, description='Most features with series of their own; the rest is counted as "_other".'
    )
    buckets: tuple[float, ...] = Field(
        DEFAULT_BUCKETS, description="Upper bounds of the duration buckets in seconds, ascending; +Inf is added."
    )
    port: int | None = Field(
        None, ge=1, le=65_535, description="Serve the process's metrics on this port; by default nothing listens."
    )
    address: str = Field("127.0.0.1", min_length=1, description="Address to listen on, if a port is given.")

    @field_validator("buckets")
    @classmethod
    def _are_bounds(cls, buckets: tuple[float, ...]) -> tuple[float, ...]:
        if not 1 <= len(buckets) <= MOST_BUCKETS:
            raise PydanticCustomError("bounds", "give 1 to {most} bounds", {"most": MOST_BUCKETS})
        if not all(isfinite(bound) and bound > 0 for bound in buckets):
            raise PydanticCustomError("bounds", "every bound is a number of seconds above 0")
        if any(low >= high for low, high in pairwise(buckets)):
            raise PydanticCustomError("bounds", "the bounds must ascend")
        return buckets
