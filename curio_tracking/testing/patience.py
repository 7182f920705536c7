"""Patience: run something that must end soon, and say so when it does not, instead of hanging along with it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def within(seconds: float, work: Callable[[], object]) -> None:
    """Run `work` in another thread and wait for it, as the writer's thread does for plugins.

    Raises:
        AssertionError: it has not ended after `seconds`; the thread is left to itself.
        BaseException: what `work` raised.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise AssertionError(f"it has not ended after {seconds:g} s")
    if raised:
        raise raised[0]
