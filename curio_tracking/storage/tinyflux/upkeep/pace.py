"""Pace: lets long work show how far it is, and give way when something more urgent comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class InterruptedUpkeepError(Exception):
    """Something more urgent came; what was being made is given up, nothing is lost."""


def _never() -> bool:
    return False


def _nobody(_count: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Pace:
    """What a piece of upkeep is told.

    Attributes:
        is_wanted: whether the thread is wanted for something more urgent.
        tell: takes note of how many bytes were worked on since it was told last.
    """

    is_wanted: Callable[[], bool] = _never
    tell: Callable[[int], None] = _nobody

    def spend(self, count: int) -> None:
        """Say that so many bytes are done.

        Raises:
            InterruptedUpkeepError: give up now.
        """
        self.tell(count)
        if self.is_wanted():
            raise InterruptedUpkeepError
