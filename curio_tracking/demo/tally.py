"""Tally: the demo's own plain count of what it did.

Independent of the tracker on purpose: it imports nothing of the project, so comparing the two means something.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tally:
    """Counts finished calls per feature and status; safe to use from several threads."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()

    def count(self, feature: str, status: str = "success", times: int = 1) -> None:
        """Note that `feature` has just ended `times` times with `status`."""
        with self._lock:
            self.calls[feature, status] += times

    @contextmanager
    def failing(self, feature: str, error: type[Exception], status: str = "failed") -> Iterator[None]:
        """Expect the block to end with `error` raised by `feature`, count it and go on.

        Raises:
            AssertionError: the block went well, so the demo would claim a failure that did not happen.
        """
        try:
            yield
        except error:
            self.count(feature, status)
        else:
            raise AssertionError(f"{feature} was expected to raise {error.__name__}")
