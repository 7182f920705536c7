"""The efficiency score: how close one execution came to its targets, from 0 to 1.

The default formula; a plugin may replace it through `curio_register_efficiency`.
"""

from __future__ import annotations

from curio_tracking.vocabulary import FeatureStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings

TIME_WEIGHT: Final = 0.5
OUTPUT_WEIGHT: Final = 0.3
ITERATIONS_WEIGHT: Final = 0.2


class Targets:
    """What counts as good for one feature; None: not known, that part is left out.

    Attributes:
        seconds: at most this long. size: at least this much output. iterations: at most so many.
    """

    __slots__ = ("iterations", "seconds", "size")

    def __init__(
        self, seconds: float | None = None, size: float | None = None, iterations: float | None = None
    ) -> None:
        self.seconds = seconds
        self.size = size
        self.iterations = iterations

    def over(self, base: Targets) -> Targets:
        """Return these targets, with those of `base` where this one has none."""
        return Targets(
            base.seconds if self.seconds is None else self.seconds,
            base.size if self.size is None else self.size,
            base.iterations if self.iterations is None else self.iterations,
        )


def blend(record: FeatureRecord, targets: Targets) -> float | None:
    """Return 0.5 time + 0.3 output + 0.2 iterations over the parts that are known, renormalised; None if none is.

    time = min(1, target_seconds / duration), output = min(1, output_size / target_size), iterations =
    min(1, target_iterations / iterations); the weights are those of the CloudCurio platform. A failed or timed-out
    execution scores 0.
    """
    if record.status in (FeatureStatus.FAILED, FeatureStatus.TIMEOUT):
        return 0.0
    score = weight = 0.0
    if targets.seconds is not None:
        weight += TIME_WEIGHT
        score += TIME_WEIGHT * (1.0 if record.duration <= targets.seconds else targets.seconds / record.duration)
    if targets.size and record.output_size is not None:
        weight += OUTPUT_WEIGHT
        score += OUTPUT_WEIGHT * min(1.0, record.output_size / targets.size)
    if targets.iterations is not None:
        weight += ITERATIONS_WEIGHT
        score += ITERATIONS_WEIGHT * min(1.0, targets.iterations / record.iterations)
    return score / weight if weight else None


def default_targets(settings: Settings) -> Targets:
    """Return the targets for features that set none of their own."""
    return Targets(settings.target_seconds, settings.target_size, settings.target_iterations)
