"""Tracebacks: what a host sees of an exception is what it would see untracked, to the line.

A tracked call is one more frame while it runs, but none in the traceback of what leaves it. Called off the hot path, by
handlers that raise the exception again.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

# the descriptor itself: a class of exceptions may have a say in its attributes, and may forbid setting them
_TRACEBACK = BaseException.__dict__["__traceback__"]


def traceback_of(error: BaseException) -> TracebackType | None:
    """Return the traceback, without asking the class of the exception."""
    found: TracebackType | None = _TRACEBACK.__get__(error)
    return found


def leave_out_frame(error: BaseException) -> None:
    """Take the frame of the handler that has just caught the exception out of its traceback."""
    trace = traceback_of(error)
    if trace is not None:
        _TRACEBACK.__set__(error, trace.tb_next)
