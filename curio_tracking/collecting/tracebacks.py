"""Tracebacks: what a host sees of an exception is what it would see untracked, to the line.

A tracked call is one more frame while it runs, but none in the traceback of what leaves it. Called off the hot path, by
handlers that raise the exception again.
"""

from __future__ import annotations

# the descriptor itself: a class of exceptions may forbid or redefine setting attributes
_TRACEBACK = BaseException.__dict__["__traceback__"]


def leave_out_frame(error: BaseException) -> None:
    """Take the frame of the handler that has just caught the exception out of its traceback."""
    trace = _TRACEBACK.__get__(error)
    if trace is not None:
        _TRACEBACK.__set__(error, trace.tb_next)
