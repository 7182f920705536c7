"""Tracked generators, sync and async: `yield from` with a clock, so that only the time inside counts.

A generator's duration is the sum of its steps; what its consumer does in between is not its own. Closed early means
PARTIAL. The number of items is its output size, and its iterations unless those were set. Between two steps nothing is
kept that the generator alone would not keep: hosts may watch when their objects go.
"""

from __future__ import annotations

import sys

from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.outcome import PARTIAL
from curio_tracking.collecting.run import Run
from curio_tracking.collecting.tracebacks import leave_out_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from typing import Any

    from curio_tracking.collecting.capture import Shape
    from curio_tracking.collecting.site import Site

    ShapeOfCall = Callable[[Site, tuple[Any, ...], dict[str, Any]], Shape]


class Steps:
    """The run of one generator. As a block it is one step: the parent of what is called inside, and timed.

    Attributes:
        items: how many it has yielded. is_closed: whether its consumer has closed it.
    """

    __slots__ = ("_began", "_run", "_seconds", "is_closed", "items")

    def __init__(self, site: Site, shape: Shape) -> None:
        self._run = Run(site, shape) if site.collector.switches.enabled else None
        self._seconds = 0.0
        self._began = 0.0
        self.items = 0
        self.is_closed = False
        if self._run is not None:
            self._run.begin(can_suspend=True)

    def __enter__(self) -> None:
        if self._run is not None:
            # who closes may be the garbage collector, in the middle of anything; see `context.enter`
            if not self.is_closed:
                self._run.activate()
            self._began = clock()

    def __exit__(self, *_exc: object) -> None:
        if self._run is not None:
            self._seconds += clock() - self._began
            self._run.deactivate()

    def finish(self, error: BaseException | None = None) -> None:
        """Hand over the run, given the exception that ends it, if any."""
        run = self._run
        if run is None:
            return
        if isinstance(error, GeneratorExit) or (self.is_closed and error is None):
            run.status = PARTIAL
        elif error is not None:
            run.failed(error)
        run.output_size = self.items
        run.iterations = max(1, self.items)
        run.site.collector.guard.own("tracked call", run.finish, self._seconds)


def track_generator(function: Callable[..., Any], site: Site, shape_of_call: ShapeOfCall) -> Callable[..., Any]:
    """Return a generator function that tracks `function`; sent values, thrown errors and the result pass through."""

    def tracked_call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        steps = Steps(site, shape_of_call(site, args, kwargs))
        del args, kwargs
        item: list[Any] = []  # yielded by `pop`, so that it is the consumer's alone
        sent = thrown = None
        try:
            while True:
                try:
                    with steps:
                        item.append(inner.send(sent) if thrown is None else inner.throw(thrown))
                except StopIteration as stop:
                    steps.finish()
                    return stop.value
                finally:
                    sent = thrown = None
                steps.items += 1
                try:
                    sent = yield item.pop()
                except BaseException as error:
                    leave_out_frame(error)
                    steps.is_closed = isinstance(error, GeneratorExit)
                    thrown = error
        except BaseException as error:
            leave_out_frame(error)
            steps.finish(error)
            raise

    return tracked_call


def track_async_generator(function: Callable[..., Any], site: Site, shape_of_call: ShapeOfCall) -> Callable[..., Any]:
    """Return an async generator function that tracks `function`; sent values and thrown errors pass through."""

    async def tracked_call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        steps = Steps(site, shape_of_call(site, args, kwargs))
        del args, kwargs
        item: list[Any] = []
        step = _first_step(inner)
        sent = thrown = None
        try:
            while True:
                try:
                    with steps:
                        item.append(await step)
                except StopAsyncIteration:
                    steps.finish()
                    return
                finally:
                    step = thrown = None
                steps.items += 1
                try:
                    sent = yield item.pop()
                except BaseException as error:
                    leave_out_frame(error)
                    steps.is_closed = isinstance(error, GeneratorExit)
                    thrown = error
                step = inner.asend(sent) if thrown is None else inner.athrow(thrown)
                sent = None
        except BaseException as error:
            leave_out_frame(error)
            steps.finish(error)
            raise

    return tracked_call


def _first_step(inner: Any) -> Any:
    """Return the first `__anext__()`, unknown to the event loop: at its end it would close inner and outer at once."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return inner.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)
