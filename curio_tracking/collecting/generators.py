"""Tracked generators, sync and async: `yield from` with a clock, so that only the time inside counts.

A generator's duration is the sum of its steps; what its consumer does in between is not its own. Closed early means
PARTIAL. The number of items is its output size, and its iterations unless those were set.
"""

from __future__ import annotations

import sys
from functools import partial

from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.outcome import PARTIAL
from curio_tracking.collecting.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from typing import Any

    from curio_tracking.collecting.capture import Shape
    from curio_tracking.collecting.site import Site

    ShapeOfCall = Callable[[Site, tuple[Any, ...], dict[str, Any]], Shape]


class Stepped:
    """The run of one generator. As a block it is the whole execution; `inside` is one step of it.

    Attributes:
        items: how many it has yielded. is_closed: whether its consumer has closed it.
    """

    __slots__ = ("_is_tracked", "_run", "_seconds", "inside", "is_closed", "items")

    def __init__(self, site: Site, shape: Shape) -> None:
        self._run = Run(site, shape)
        self._is_tracked = site.collector.switches.enabled
        self._seconds = 0.0
        self.items = 0
        self.is_closed = False
        self.inside = Step(self, self._run) if self._is_tracked else Step(self, None)

    def took(self, seconds: float) -> None:
        """Add the time of one step."""
        self._seconds += seconds

    def __enter__(self) -> Stepped:
        if self._is_tracked:
            self._run.begin(can_suspend=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        if not self._is_tracked:
            return
        run = self._run
        if kind is GeneratorExit or (self.is_closed and error is None):
            run.status = PARTIAL
        elif error is not None:
            run.failed(error)
        run.output_size = self.items
        run.iterations = max(1, self.items)
        run.site.collector.guard.own("tracked call", run.finish, self._seconds)


class Step:
    """Makes the run the parent of what is called inside, and takes the time."""

    __slots__ = ("_began", "_run", "_whole")

    def __init__(self, whole: Stepped, run: Run | None) -> None:
        self._whole = whole
        self._run = run
        self._began = 0.0

    def __enter__(self) -> None:
        if self._run is not None:
            self._run.activate()
            self._began = clock()

    def __exit__(self, *_exc: object) -> None:
        if self._run is not None:
            self._whole.took(clock() - self._began)
            self._run.deactivate()


def track_generator(function: Callable[..., Any], site: Site, shape_of_call: ShapeOfCall) -> Callable[..., Any]:
    """Return a generator function that tracks `function`; sent values, thrown errors and the result pass through."""

    def tracked_call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        with Stepped(site, shape_of_call(site, args, kwargs)) as steps:
            resume: Callable[[], Any] = inner.__next__
            while True:
                try:
                    with steps.inside:
                        item = resume()
                except StopIteration as stop:
                    return stop.value
                steps.items += 1
                try:
                    sent = yield item
                except BaseException as error:
                    steps.is_closed = isinstance(error, GeneratorExit)
                    resume = partial(inner.throw, error)
                else:
                    resume = inner.__next__ if sent is None else partial(inner.send, sent)

    return tracked_call


def track_async_generator(function: Callable[..., Any], site: Site, shape_of_call: ShapeOfCall) -> Callable[..., Any]:
    """Return an async generator function that tracks `function`; sent values and thrown errors pass through."""

    async def tracked_call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        with Stepped(site, shape_of_call(site, args, kwargs)) as steps:
            resume: Callable[[], Any] = partial(_first_step, inner)
            while True:
                try:
                    with steps.inside:
                        item = await resume()
                except StopAsyncIteration:
                    return
                steps.items += 1
                try:
                    sent = yield item
                except BaseException as error:
                    steps.is_closed = isinstance(error, GeneratorExit)
                    resume = partial(inner.athrow, error)
                else:
                    resume = inner.__anext__ if sent is None else partial(inner.asend, sent)

    return tracked_call


def _first_step(inner: Any) -> Any:
    """Return the first `__anext__()`, unknown to the event loop: at its end it would close inner and outer at once."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return inner.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)
