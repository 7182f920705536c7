"""The guard: every border where our own code could raise into the host goes through here.

A failure of the tracker is counted, the first of each kind is logged, and the host goes on. Nothing is logged twice.
"""

from __future__ import annotations

from collections import Counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_PACKAGE = __file__.rpartition("collecting")[0]


class Guard:
    """Counts and reports failures, once per kind.

    Attributes:
        errors: how often something went wrong, by where.
    """

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()

    def report(self, where: str, message: str) -> None:
        """Count a failure at `where`; log the message if it is the first one there."""
        self.errors[where] += 1
        if self.errors[where] == 1:
            warn(message)

    def call(self, where: str, function: Callable[..., Any], *args: Any) -> Any:
        """Return `function(*args)`, or None when it raised: counted at `where`, logged the first time."""
        try:
            return function(*args)
        except Exception as error:
            self.report(where, f"{where}: {text_of_error(error)}")
            return None

    def own(self, where: str, function: Callable[..., Any], *args: Any) -> Any:
        """As `call`, for code of ours that runs in the host's thread: what a signal handler raises there goes on.

        A time limit of a job queue is such an exception. It can strike in the middle of our code, and is the host's.
        """
        try:
            return function(*args)
        except Exception as error:
            if not _is_ours(error):
                raise
            self.report(where, f"{where}: {text_of_error(error)}")
            return None


def _is_ours(error: BaseException) -> bool:
    """Whether the innermost frame of the exception is code of this package."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is None or trace.tb_frame.f_code.co_filename.startswith(_PACKAGE)


def text_of_error(error: BaseException) -> str:
    """Return `Type: message`, whatever the exception's `__str__` does."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def warn(message: str) -> None:
    """Log one warning; never raises."""
    try:
        import logging  # late: 8 ms that a host which never gets a warning should not pay

        logging.getLogger("curio_tracking").warning("%s", message)
    except Exception:  # noqa: S110  (there is nowhere left to report to)
        pass
