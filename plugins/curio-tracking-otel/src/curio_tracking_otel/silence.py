"""Silence: what OpenTelemetry and its transports log while they work for us stays with us.

They log failures under `opentelemetry.*`, `urllib3` and so on; in an application without logging of its own Python
would print that to its stderr. Only records from a thread inside `silenced()` are held back, so the application's own
exporters go on being heard. The last words are kept: they are the reason in our own warning.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES: Final = ("charset_normalizer", "google", "grpc", "opentelemetry", "requests", "urllib3")
_LONGEST_REASON: Final = 300
_said: Final[dict[int, list[str]]] = {}
"""By thread that is silenced: what was logged there since it was last asked for."""


class _HoldBack(logging.Filter):
    """Lets through what other threads say."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the words of a silenced thread, and tell logging to drop them."""
        said = _said.get(get_ident())
        if said is None:
            return True
        if record.levelno >= logging.WARNING:
            overhear(_text(record))
        return False


_HOLD_BACK: Final = _HoldBack()


@contextmanager
def silenced() -> Iterator[None]:
    """Hold back what this thread logs under the names of those packages, and trace none of its requests."""
    # late: who only imports this module needs no OpenTelemetry; the SDK's own processors use the very same key
    from opentelemetry import context

    values = context.get_current()
    keys = ("suppress_instrumentation", "suppress_http_instrumentation")
    for key in (*keys, *(getattr(context, f"_{key.upper()}_KEY", key) for key in keys)):
        values = context.set_value(key, True, values)
    watch_loggers()
    token = context.attach(values)
    outer = _said.get(get_ident())
    _said[get_ident()] = []
    try:
        yield
    finally:
        if outer is None:
            _said.pop(get_ident(), None)
        else:
            _said[get_ident()] = outer
        context.detach(token)


def watch_loggers() -> None:
    """Put the filter first on every logger that those packages have made; a logger's filters are not inherited.

    First, because a filter of OpenTelemetry's own drops repetitions: what is held back here must not count as said.
    """
    for name, logger in list(logging.Logger.manager.loggerDict.items()):
        is_theirs = name.partition(".")[0] in _PACKAGES
        if is_theirs and isinstance(logger, logging.Logger) and _HOLD_BACK not in logger.filters:
            logger.filters.insert(0, _HOLD_BACK)


def overhear(words: str) -> None:
    """Keep what went wrong as this thread's last words, in one line, if it is silenced."""
    said = _said.get(get_ident())
    if said is not None:
        # what a server answers is in there: no line ends, no control characters
        said.append("".join(sign if sign.isprintable() else " " for sign in " ".join(words.split())))
        del said[:-2]


def last_words() -> str:
    """Return what this thread has logged since the last time, in one line; empty if nothing."""
    said = _said.get(get_ident()) or []
    words = "; ".join(said)
    said.clear()
    return words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]}…"


def forget_all() -> None:
    """Forget the threads of the process that forked this one: another thread may get the number of one."""
    _said.clear()


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        return str(record.msg)
