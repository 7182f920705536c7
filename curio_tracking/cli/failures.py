"""Failures: how a command ends that cannot go on: one message on stderr, one exit code, no traceback.

0 all went well (a closed pipe included), 1 failure, 2 usage or settings, 130 interrupted.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any, Final

import typer

from curio_tracking.cli.options import PROGRAM
from curio_tracking.cli.output import discard, note
from curio_tracking.cli.session import ROOT_SETTINGS
from curio_tracking.errors import CurioError

FAILURE: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
# of its usage errors typer exports BadParameter alone; the bases of that are the same in every version
_ClickError: Final[type[Exception]] = typer.BadParameter.__mro__[2]


def end_of(error: BaseException, *, has_traceback: bool = False) -> int:
    """Say on stderr why a command ends and return its exit code.

    Args:
        error: what the command raised; `SystemExit` is not for here.
        has_traceback: whether the traceback of a bug is printed as well.
    """
    if isinstance(error, BrokenPipeError):
        discard(sys.stdout)
        return 0
    if not isinstance(error, OSError):
        _flush_or_forget()  # what was printed before the error comes before its message
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return INTERRUPTED
    if isinstance(error, CurioError):
        return _say(str(error), error.exit_code)
    if isinstance(error, _ClickError):
        return _usage(error)
    if has_traceback:
        note("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, OSError):
        _flush_or_forget()
        return _say(_reason(error), FAILURE)
    return _say(f"this is a bug in curio-tracking or a plugin: {_name(error)}{_advice(has_traceback)}", FAILURE)


def flush_stdout() -> None:
    """Send what is buffered on its way.

    Raises:
        OSError: nobody takes it; `BrokenPipeError` when a pipe was closed.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def _flush_or_forget() -> None:
    try:
        flush_stdout()
    except OSError:
        discard(sys.stdout)


def _say(message: str, code: int) -> int:
    for line in message.splitlines() or [""]:
        note(f"error: {line}")
    return code


def _usage(error: Any) -> int:
    message = str(error.format_message())
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
        note(message)
        return USAGE
    message = message[:1].lower() + message[1:].rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context else PROGRAM
    option = str(getattr(error, "option_name", "")).lstrip("-").replace("-", "_")
    if option in ROOT_SETTINGS and command != PROGRAM:
        return _say(f"{message}; this one stands before the command: {PROGRAM} {error.option_name} ...", USAGE)
    return _say(f'{message}{" See" if message.endswith("?") else "; see"} "{command} --help"', USAGE)


def _reason(error: OSError) -> str:
    return f"{error.filename or 'the output'}: {error.strerror or error}"


def _name(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _advice(has_traceback: bool) -> str:
    return "" if has_traceback else f"; {PROGRAM} --traceback COMMAND shows where"
