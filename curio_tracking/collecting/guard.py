"""The guard: every border where our own code could raise into the host goes through here.

A failure of the tracker is counted, one of each kind is logged a minute, and the host goes on.
"""

from __future__ import annotations

from collections import Counter
from threading import current_thread, main_thread

from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.tracebacks import traceback_of
from curio_tracking.logbook import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any, Final

_PACKAGE = __file__.rpartition("collecting")[0]
MAX_FAILURES: Final = 5
"""So often in a row may a part of a plugin fail, and so often in all its hooks; then it is switched off."""
SECONDS_BETWEEN_MESSAGES: Final = 60.0


class Guard:
    """Counts failures and reports them, once a minute of each kind.

    Attributes:
        errors: how often something went wrong, by where.
    """

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()
        self._next_messages: dict[str, float] = {}
        self._told: dict[str, int] = {}  # how many of the errors there were when the last message was logged

    def report(self, where: str, message: str) -> None:
        """Count a failure at `where`; log the message unless the last one of there is less than a minute old."""
        self.errors[where] += 1
        now = clock()
        if now < self._next_messages.get(where, now):
            return
        # before it is logged: a handler may call a tracked function that fails in the same way
        self._next_messages[where] = now + SECONDS_BETWEEN_MESSAGES
        count = self.errors[where]
        left_out = count - self._told.get(where, 0) - 1
        if warn(f"{message} ({left_out} more of this kind were not logged)" if left_out > 0 else message):
            self._told[where] = count

    def call(self, where: str, function: Callable[..., Any], *args: Any) -> Any:
        """Return `function(*args)`, or None when it raised: counted at `where`, logged as in `report`."""
        try:
            return function(*args)
        except Exception as error:
            self.report(where, f"{where}: {text_of_error(error)}")
            return None

    def plugin(self, where: str, function: Callable[..., Any], *args: Any) -> Any:
        """As `call`, for a plugin's code on the writer thread: `SystemExit` and its like are failures there, too."""
        try:
            return function(*args)
        except BaseException as error:
            if is_interrupt(error):
                raise
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


def is_interrupt(error: BaseException) -> bool:
    """Whether the exception is somebody's Ctrl-C and must go on.

    Anything else that a plugin raises, `SystemExit` and a `KeyboardInterrupt` of its own included, is its failure.
    Signals reach the main thread only, and without a `raise` in the code that they interrupt.
    """
    if not isinstance(error, KeyboardInterrupt) or current_thread() is not main_thread():
        return False
    import signal  # late: needed nearly never

    return signal.getsignal(signal.SIGINT) is not signal.default_int_handler or not _was_raised(error)


def _was_raised(error: BaseException) -> bool:
    """Whether a `raise` statement made the exception."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    from opcode import opmap  # late: needed nearly never

    return trace.tb_frame.f_code.co_code[trace.tb_lasti] == opmap["RAISE_VARARGS"]


def pass_over(error: BaseException, expected: type[BaseException] = TypeError) -> None:
    """Raise the exception again, unless code of the host's own types (a metaclass, a `__str__`) raised it.

    What a signal handler or another thread raises can strike while such code is looked at, and must go on.

    Args:
        error: what was caught around the look at one of the host's objects.
        expected: what a look may raise by itself, without any code of the host.
    """
    trace = traceback_of(error)
    called = trace.tb_next if trace is not None else None
    if called is None:
        if not issubclass(type(error), expected):
            raise error
        return
    handlers = _handler_codes()
    while called is not None:
        if called.tb_frame.f_code in handlers:
            raise error
        called = called.tb_next


def _handler_codes() -> set[CodeType]:
    """Return the code of the signal handlers that are installed now."""
    import signal  # late: needed nearly never

    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    codes = [getattr(part, "__code__", None) for one in handlers for part in (one, type(one).__call__)]
    return {code for code in codes if code is not None}


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


def one_line(error: BaseException) -> str:
    """Return `Type: first line of the message` of an exception, whatever its `__str__` does."""
    try:
        lines = str(error).strip().splitlines()
    except BaseException:  # a plugin's exception may do anything
        lines = []
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
