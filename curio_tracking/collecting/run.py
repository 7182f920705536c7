"""Run: one execution tracked in full, for everything but the fast path of plain functions.

Serves `with track(...)` (sync and async), manual start and complete, coroutines, generators, and plain functions that
need resources or `partial_if`. It goes to the buffer as it is; `assemble` makes the record on the writer thread.
"""

from __future__ import annotations

from curio_tracking.collecting.capture import size_of
from curio_tracking.collecting.clock import clock, record_id
from curio_tracking.collecting.context import Context, current, enter, leave, text_of, withdraw
from curio_tracking.collecting.outcome import (
    FAILED,
    MAX_MESSAGE_LENGTH,
    PARTIAL,
    SUCCESS,
    TIMEOUT,
    Failure,
    message_of,
)
from curio_tracking.collecting.resources import usage
from curio_tracking.collecting.running import current_cell
from curio_tracking.collecting.weight import bounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any

    from curio_tracking.collecting.capture import Shape
    from curio_tracking.collecting.running import Cell
    from curio_tracking.collecting.site import Site
    from curio_tracking.vocabulary import FeatureStatus


class Run:
    """One execution. What users may set on it inside `with track(...) as run` comes first.

    Attributes:
        iterations: number of iterations, at least 1.
        input_size, output_size: bytes, characters or items; None when unknown.
        efficiency_score: 0..1; None lets the formula decide.
        record_id: the id of the record to be.
        weight: bytes that its metadata keeps alive, once it is finished.
    """

    __slots__ = (
        "_inner",
        "_token",
        "_usage",
        "cell",
        "context",
        "cpu_seconds",
        "efficiency_score",
        "end",
        "error_message",
        "error_type",
        "input_size",
        "iterations",
        "memory_bytes",
        "metadata",
        "output_size",
        "parent_id",
        "record_id",
        "root_id",
        "root_start",
        "shape",
        "site",
        "start",
        "status",
        "weight",
    )

    def __init__(self, site: Site, shape: Shape = ()) -> None:
        """Args: whose execution this is, and what its parameters look like."""
        self.site = site
        self.shape = shape
        self.status: FeatureStatus | None = None
        self.iterations: Any = 1
        self.input_size: Any = None
        self.output_size: Any = None
        self.efficiency_score: Any = None
        self.metadata: dict[str, Any] = {}
        self.error_type: str | None = None
        self.error_message: str | None = None
        self.cpu_seconds: float | None = None
        self.memory_bytes: int | None = None
        self.record_id = ""
        self.weight = 0
        self.end: float | None = None
        self._usage: tuple[float | None, int] | None = None
        self._token: Token[Context | None] | None = None

    # -- what users say ---------------------------------------------------------------------------------------------

    def add_metadata(self, **metadata: Any) -> None:
        """Add custom keys to the record's metadata."""
        self.metadata.update(metadata)

    def partial(self, reason: object = None) -> None:
        """Say that the work was done in part; an exception still outranks this."""
        self._say(PARTIAL, reason)

    def fail(self, reason: object = None) -> None:
        """Say that the work failed although no exception left the block."""
        self._say(FAILED, reason)

    def timeout(self, reason: object = None) -> None:
        """Say that the work ran out of time although no exception left the block."""
        self._say(TIMEOUT, reason)

    def _say(self, status: FeatureStatus, reason: object) -> None:
        self.status = status
        if isinstance(reason, BaseException):
            self.error_type = type(reason).__name__
            self.error_message = message_of(reason)
        elif reason is not None:
            self.error_message = text_of(reason)

    # -- begin and end ----------------------------------------------------------------------------------------------

    def begin(self, *, can_suspend: bool = False) -> None:
        """Take the start, the surroundings and the identity.

        Args:
            can_suspend: whether other tasks may use this thread before the end; then its CPU time says nothing.
        """
        cell = self.cell = current_cell()
        context = self.context = current.get()
        if self.site.collector.switches.resources:
            cpu_seconds, memory_bytes = usage()
            self._usage = (None if can_suspend else cpu_seconds, memory_bytes)
        self.start = clock()
        self.record_id = record_id(self.start, cell[2])
        self._find_parent(cell, context)

    def _find_parent(self, cell: Cell, context: Context | None) -> None:
        self.parent_id: str | None = None
        self.root_id, self.root_start = self.record_id, self.start
        plain: float | None = cell[0]
        if plain is not None:
            self.parent_id = record_id(plain, cell[2])
            self.root_id, self.root_start = record_id(cell[1], cell[2]), cell[1]
        if context is None or context.run_start is None or context.root_start is None or context.root_id is None:
            return
        if plain is None or context.run_start > plain:
            self.parent_id = context.run_id
        if plain is None or context.root_start < self.root_start:
            self.root_id, self.root_start = context.root_id, context.root_start

    def activate(self) -> None:
        """Become the parent of what is called in this context from here on."""
        inner = Context(self.context)
        inner.run_id, inner.run_start = self.record_id, self.start
        inner.root_id, inner.root_start = self.root_id, self.root_start
        self._inner = inner
        self._token = enter(inner)

    def deactivate(self, *, is_closed: bool = False) -> None:
        """Stop being the parent.

        Args:
            is_closed: whether a GeneratorExit ends the execution; see `context.enter`.
        """
        token, self._token = self._token, None
        if token is not None and is_closed:
            withdraw(self._inner, self.context)
        elif token is not None:
            leave(token)

    def failed(self, error: BaseException) -> None:
        """Take status, type and message from the exception that ended the execution."""
        failure = Failure(error)
        if failure.status is not SUCCESS:
            self.status = failure.status
            self.error_type, self.error_message = failure.error_type, failure.error_message

    def returned(self, result: Any) -> None:
        """Take what the result tells: its size, and PARTIAL if the site's `partial_if` says so."""
        if self.output_size is None:
            self.output_size = size_of(result)
        partial_if = self.site.partial_if
        # bool() inside the guard: the answer may be an array, whose truth value raises
        if partial_if is not None and self.site.collector.guard.call("partial_if", lambda: bool(partial_if(result))):
            self.status = PARTIAL

    def finish(self, seconds: float | None = None) -> None:
        """Take the end and hand the run over; a second call does nothing.

        Args:
            seconds: the duration where it is not simply end - start (a generator's time in its consumer is not
                its own).
        """
        if self.end is not None:
            return
        self.end = clock() if seconds is None else self.start + seconds
        if self._usage is not None:
            self._measure(*self._usage)
        self.bound()
        status = self.status or SUCCESS
        self.site.collector.buffer.add(self, self.site, status, self.start, self.end, self.weight)

    def bound(self) -> None:
        """Let go of what no record could hold, so that a waiting run keeps no large object alive."""
        if self.metadata and type(self.metadata) is dict:
            self.metadata, self.weight = bounded(self.metadata)
        message = self.error_message
        if type(message) is str and len(message) > MAX_MESSAGE_LENGTH:
            self.error_message = message[:MAX_MESSAGE_LENGTH]

    def _measure(self, cpu_before: float | None, memory_before: int) -> None:
        cpu_seconds, memory_bytes = usage()
        self.memory_bytes = max(0, memory_bytes - memory_before)
        # another thread may complete a manual run; its CPU clock is not the one that was read at the start
        if cpu_before is not None and current_cell() is self.cell:
            self.cpu_seconds = max(0.0, cpu_seconds - cpu_before)

    # -- context manager --------------------------------------------------------------------------------------------

    def __enter__(self) -> Run:
        if self.site.collector.switches.enabled:
            self.site.collector.guard.own("track", self._enter)
        return self

    def _enter(self, can_suspend: bool = False) -> None:
        self.begin(can_suspend=can_suspend)
        self.activate()

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if self.record_id:
            self.site.collector.guard.own("track", self._exit, error)

    def _exit(self, error: BaseException | None) -> None:
        self.deactivate(is_closed=isinstance(error, GeneratorExit))
        if error is not None:
            self.failed(error)
        self.finish()

    async def __aenter__(self) -> Run:
        if self.site.collector.switches.enabled:
            self.site.collector.guard.own("track", self._enter, True)
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self.__exit__(kind, error, traceback)
