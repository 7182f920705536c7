"""What surrounds a call: the user, the session, custom metadata and the suspended call it runs in.

`tracking_context` and `Run` replace the current `Context`; a tracked call only reads it (one C call).
"""

from __future__ import annotations

from contextvars import ContextVar
from sys import version_info
from threading import get_ident

from curio_tracking.collecting.guard import pass_over
from curio_tracking.collecting.weight import bounded
from curio_tracking.vocabulary import LONGEST_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any, Final


class Context:
    """An immutable set of facts; a new one is made for each change.

    Attributes:
        user_id, session_id: as the application gave them.
        metadata: custom keys that every record inside gets. weight: bytes that it keeps alive.
        run_id, run_start: the innermost call in this context, as id and clock reading; None outside of any.
        root_id, root_start: the outermost one around it.
        stands_for: the one around it, once it was withdrawn.
    """

    __slots__ = (
        "metadata",
        "root_id",
        "root_start",
        "run_id",
        "run_start",
        "session_id",
        "stands_for",
        "user_id",
        "weight",
    )

    def __init__(self, outer: Context | None = None) -> None:
        self.stands_for: Context | None = None
        self.user_id: str | None = outer.user_id if outer else None
        self.session_id: str | None = outer.session_id if outer else None
        self.metadata: dict[str, Any] | None = outer.metadata if outer else None
        self.weight: int = outer.weight if outer else 0
        self.run_id: str | None = outer.run_id if outer else None
        self.run_start: float | None = outer.run_start if outer else None
        self.root_id: str | None = outer.root_id if outer else None
        self.root_start: float | None = outer.root_start if outer else None


current: Final[ContextVar[Context | None]] = ContextVar("curio_tracking_context", default=None)


_changing: Final[set[int]] = set()
"""The threads that are in the middle of `enter`."""


def _enter_unless_entering(context: Context) -> Token[Context | None] | None:
    thread = get_ident()
    if thread in _changing:
        return None
    _changing.add(thread)
    try:
        return current.set(context)
    finally:
        _changing.discard(thread)


enter: Final = current.set if version_info >= (3, 12) else _enter_unless_entering
"""Make a context the current one; None where that must not be done.

Before Python 3.12 the garbage collector may run inside of `ContextVar.set`, and finalisers with it. One that changes a
context variable then leaves the interpreter with freed memory, and it dies of that (`hamt_node_bitmap_clone` in
Python/hamt.c). Generators are closed in the same way: what a GeneratorExit ends changes no variable, see `withdraw`.
"""


def leave(token: Token[Context | None]) -> None:
    """Put back what was current before; harmless when the block ends in another context than it began in."""
    try:
        current.reset(token)
    except ValueError:
        # a generator that was started in one task and closed in another; this context never saw the change
        pass


def withdraw(context: Context, outer: Context | None) -> None:
    """Let a context that was entered say what the one around it says, and leave the variable alone.

    Blocks are closed from the inside out: the one that stays current stands for each that is withdrawn after it.
    """
    while outer is not None and outer.stands_for is not None:
        outer = outer.stands_for  # is withdrawn itself; links to it would grow into a chain
    now = current.get()
    stands_for = now
    while stands_for is not None and stands_for is not context:
        stands_for = stands_for.stands_for
    for one in (context, now) if now is not None and stands_for is context else (context,):
        Context.__init__(one, outer)
        one.stands_for = outer


class tracking_context:  # noqa: N801  (used like a function: `with tracking_context(user_id=...)`)
    """Give every tracked call inside the block a user, a session and custom metadata; sync and async.

    Args:
        user_id, session_id: None keeps what an outer block has set. Other values are stored as text.
        **metadata: custom keys for the records' metadata; inner blocks win.
    """

    __slots__ = ("_entered", "_metadata", "_session_id", "_user_id")

    def __init__(self, user_id: object = None, session_id: object = None, **metadata: Any) -> None:
        self._user_id = user_id
        self._session_id = session_id
        self._metadata = metadata
        self._entered: list[tuple[Token[Context | None] | None, Context, Context | None]] = []

    def __enter__(self) -> tracking_context:
        outer = current.get()
        context = Context(outer)
        if self._user_id is not None:
            context.user_id = text_of(self._user_id)
        if self._session_id is not None:
            context.session_id = text_of(self._session_id)
        if self._metadata:
            context.metadata, context.weight = bounded({**(context.metadata or {}), **self._metadata})
        self._entered.append((enter(context), context, outer))
        return self

    def __exit__(self, kind: object = None, *_exc: object) -> None:
        if not self._entered:
            return
        token, context, outer = self._entered.pop()
        if kind is GeneratorExit:
            withdraw(context, outer)
        elif token is not None:
            leave(token)

    async def __aenter__(self) -> tracking_context:
        return self.__enter__()

    async def __aexit__(self, kind: object = None, *_exc: object) -> None:
        self.__exit__(kind)


def text_of(value: object) -> str | None:
    """Return the value as text, at most `LONGEST_ID` characters; None for None and for what cannot be shown as text."""
    if value is None:
        return None
    try:
        return str(value)[:LONGEST_ID]
    except BaseException as odd:
        pass_over(odd, Exception)
        return None
