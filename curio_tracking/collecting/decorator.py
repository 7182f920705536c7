"""`track_feature`: makes a tracked callable out of a function, coroutine function, generator or async generator.

Each kind stays what it was (`inspect.iscoroutinefunction`, signature, name, `__wrapped__`). Plain functions take the
generated fast path (`hotpath`), the others a `Run`, because they can be suspended (generators: `generators`).
"""

from __future__ import annotations

import functools
from types import CodeType, FunctionType

from curio_tracking.collecting.capture import bound_values, shape_of
from curio_tracking.collecting.generators import track_async_generator, track_generator
from curio_tracking.collecting.hotpath import can_generate, make_wrapper
from curio_tracking.collecting.outcome import Failure
from curio_tracking.collecting.run import Run
from curio_tracking.collecting.tracebacks import leave_out_frame
from curio_tracking.logbook import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from curio_tracking.collecting.capture import Shape
    from curio_tracking.collecting.running import Cell
    from curio_tracking.collecting.site import Site

_GENERATOR: Final = 0x20
_COROUTINE: Final = 0x80
_ASYNC_GENERATOR: Final = 0x200
_ITERABLE_COROUTINE: Final = 0x100
_CACHE_METHODS: Final = ("cache_info", "cache_clear", "cache_parameters")
_SUSPENDABLE: Final = _GENERATOR | _COROUTINE | _ASYNC_GENERATOR


def decorate(function: Any, site: Site, ignore: tuple[str, ...]) -> Any:
    """Return `function` tracked under `site`; what cannot be tracked comes back as it is, with one warning."""
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(decorate(function.__func__, site, ignore))
    if isinstance(function, (type, property)) or not callable(function):
        warn(f'"{site.feature_name}" is a {type(function).__name__}, which cannot be tracked; decorate its methods')
        return function
    if _flags(function) & _ITERABLE_COROUTINE:
        warn(f'"{site.feature_name}" is a generator-based coroutine, which cannot be tracked')
        return function
    site.describe(function, ignore)
    site.location = f"{getattr(function, '__module__', '?')}:{getattr(function, '__qualname__', '?')}"
    is_fast = type(function) is FunctionType and not _flags(function) & _SUSPENDABLE and can_generate(function)
    wrapper = make_wrapper(function, site, call_in_full, push_failure) if is_fast else _wrapper_for(function, site)
    functools.update_wrapper(wrapper, function)
    for name in _CACHE_METHODS:  # functools.lru_cache keeps these outside of __dict__
        if hasattr(function, name) and type(function).__module__ == "functools":
            setattr(wrapper, name, getattr(function, name))
    site.collector.register(site, wrapper if is_fast else None)
    return wrapper


def _wrapper_for(function: Any, site: Site) -> Callable[..., Any]:
    flags = _flags(function)
    if flags & _COROUTINE:
        return _coroutine(function, site)
    if flags & _ASYNC_GENERATOR:
        return track_async_generator(function, site, shape_of_call)
    if flags & _GENERATOR:
        return track_generator(function, site, shape_of_call)
    return _plain(function, site)


def _flags(function: Any) -> int:
    """Return the code flags, looking through `functools.partial` and to `__call__` of objects."""
    while isinstance(function, functools.partial):
        function = function.func
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return code.co_flags if isinstance(code, CodeType) else 0


# -- plain functions ------------------------------------------------------------------------------------------------


def push_failure(
    site: Site, start: float, end: float, cell: Cell, parent: float | None, shape: Shape, error: BaseException
) -> None:
    """Hand over a call of the fast path that raised; off the hot path, so it may take its time."""
    collector = site.collector
    try:
        leave_out_frame(error)
        failure = Failure(error)
        row = (site, start, end, cell, parent, cell[1], collector.context(), failure, *shape)
        collector.guard.own("tracked call", collector.buffer.add, row, site, failure.status, start, end)
    except RecursionError:
        # the host's own exception goes on, though there is no room to look at it
        collector.buffer.overflowed += 1


def call_in_full(
    site: Site, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], shape: Shape
) -> Any:
    """Return `function(*args, **kwargs)`, tracked with a `Run`."""
    run = Run(site, shape)
    run.begin()
    cell = run.cell
    outer_start, outer_root = cell[0], cell[1]
    # the running plain call of this thread, as on the hot path: a plain function cannot be suspended
    cell[0] = run.start
    if outer_start is None:
        cell[1] = run.start
    try:
        result = function(*args, **kwargs)
        run.returned(result)
        return result
    except BaseException as error:
        leave_out_frame(error)
        run.failed(error)
        raise
    finally:
        cell[0], cell[1] = outer_start, outer_root
        site.collector.guard.own("tracked call", run.finish)


def _plain(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    def tracked_call(*args: Any, **kwargs: Any) -> Any:
        try:
            if not site.collector.switches.enabled:
                return function(*args, **kwargs)
            return call_in_full(site, function, args, kwargs, shape_of_call(site, args, kwargs))
        except BaseException as error:
            leave_out_frame(error)
            raise

    return tracked_call


def shape_of_call(site: Site, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Shape:
    """Return the shape of the captured parameters of a call that came as `*args, **kwargs`."""
    capture = site.collector.switches.capture_args
    if capture == "off" or not site.parameters:
        return ()
    values = bound_values(site.positional, site.parameters, site.defaults, args, kwargs)
    return shape_of(values, with_values=capture == "values")


# -- coroutines -----------------------------------------------------------------------------------------------------


def _coroutine(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    async def tracked_call(*args: Any, **kwargs: Any) -> Any:
        try:
            if not site.collector.switches.enabled:
                return await function(*args, **kwargs)
            async with Run(site, shape_of_call(site, args, kwargs)) as run:
                result = await function(*args, **kwargs)
                run.returned(result)
            return result
        except BaseException as error:
            leave_out_frame(error)
            raise

    return tracked_call
