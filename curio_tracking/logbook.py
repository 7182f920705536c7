"""Logbook: how this library speaks to the host's logging, whose handlers may be broken. Imports nothing at first.

Everything that runs in a host and has something to say goes through `warn` or `debug`: they never raise, never wait
long for a handler's lock, never log from within a handler, and never make `logging` print that a handler has failed.
"""

from __future__ import annotations

from _thread import get_ident
from threading import current_thread, main_thread
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Handler, Logger
    from typing import Any, Final

PATIENCE_SECONDS: Final = 0.2
"""How long to wait for the lock of a handler: somebody may hold it who waits for us."""
SILENT_SECONDS: Final = 60.0
"""How long not to use handlers that have just failed."""
_WARNING: Final = 30
_DEBUG: Final = 10
_speaking: Final[set[int]] = set()
_silent_until = 0.0


def warn(message: str) -> bool:
    """Log one warning, if the host's logging is in order; return whether that was done."""
    return tell(_WARNING, message)


def debug(message: str) -> bool:
    """Log what only who looks for a fault wants to know; as `warn`."""
    return tell(_DEBUG, message)


def tell(level: int, message: str) -> bool:
    """Log a message at a level of `logging`; as `warn`."""
    global _silent_until
    thread = get_ident()
    if thread in _speaking or monotonic() < _silent_until:
        return False
    _speaking.add(thread)
    try:
        from curio_tracking.messages import logger  # late: 8 ms that a host which never gets a warning should not pay

        return not logger.isEnabledFor(level) or _speak(logger, level, message)
    # BaseException: a handler that ends the program ends it when the host logs, not when the tracker does
    except BaseException as error:
        if _is_interrupt(error):
            raise
        _silent_until = monotonic() + SILENT_SECONDS
        return False
    finally:
        _speaking.discard(thread)


def _speak(logger: Logger, level: int, message: str) -> bool:
    """Log it, once every handler that will see it is known to be free and was asked to keep its failure to itself."""
    global _silent_until
    handlers = _handlers(logger, level)
    if any(_is_closed(handler) for handler in handlers):
        return False
    with_lock = [(handler, lock) for handler in handlers if (lock := getattr(handler, "lock", None)) is not None]
    taken: list[Any] = []
    failures: list[Any] = []
    try:
        for _handler, lock in with_lock:
            if not _take(lock):
                return False
            taken.append(lock)
        with _Discretion([handler for handler, _lock in with_lock], failures):
            logger.log(level, "%s", message)
    finally:
        for lock in reversed(taken):
            lock.release()
    if failures:
        _silent_until = monotonic() + SILENT_SECONDS
    return not failures


def _handlers(logger: Logger, level: int) -> list[Handler]:
    """Return the handlers that `Logger.callHandlers` would ask."""
    import logging  # imported already

    found: list[Handler] = []
    step: Logger | None = logger
    while step is not None:
        found += step.handlers
        step = step.parent if step.propagate else None
    last_resort = [logging.lastResort] if logging.lastResort is not None else []
    return [handler for handler in found or last_resort if level >= handler.level]


def _is_closed(handler: Handler) -> bool:
    return getattr(getattr(handler, "stream", None), "closed", False) is True


def _take(lock: Any) -> bool:
    """Take a handler's lock; False if somebody else has it, or the very code that has called us."""
    owned = getattr(lock, "_is_owned", None)
    return not (owned is not None and owned()) and bool(lock.acquire(timeout=PATIENCE_SECONDS))


class _Discretion:
    """Makes handlers note a failure where they would print it; for who has their locks, so that nobody else notices."""

    def __init__(self, handlers: list[Handler], failures: list[Any]) -> None:
        self._before = [(handler, vars(handler).get("handleError")) for handler in handlers]
        self._failures = failures

    def __enter__(self) -> None:
        for handler, _before in self._before:
            vars(handler)["handleError"] = self._failures.append

    def __exit__(self, *_exc: object) -> None:
        for handler, before in self._before:
            if before is None:
                vars(handler).pop("handleError", None)
            else:
                vars(handler)["handleError"] = before


def _is_interrupt(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) and current_thread() is main_thread()
