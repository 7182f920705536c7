"""The hot path: what runs around every call of a decorated plain function.

The wrapper is generated once per signature, for two reasons that were measured (docs/explanation/performance.md): a
wrapper with the function's own parameters is called without packing and unpacking `*args, **kwargs`, and the shape of
each parameter is taken by inline code instead of a loop. Together that halves the cost of a call. Everything else is
plain Python, below. Switching tracking off or another capture mode on swaps the wrapper's code object, so the hot path
has no "is it enabled?" in it, and a call with tracking off is one extra call.

Names start with an underscore so that hardly a parameter collides with them; one that does takes the general path.
"""

from __future__ import annotations

from functools import lru_cache
from threading import get_ident
from types import CodeType, FunctionType

from curio_tracking.collecting.capture import MAX_PARAMETERS, SIZED, value_of
from curio_tracking.collecting.clock import clock
from curio_tracking.collecting.context import current
from curio_tracking.collecting.guard import pass_over
from curio_tracking.collecting.outcome import SUCCESS
from curio_tracking.collecting.running import cells, new_cell
from curio_tracking.collecting.tracebacks import leave_out_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from curio_tracking.collecting.site import Site

TRACKED: Final = """
def tracked_call({parameters}):
    try:
        {capture}                     # before the call, which may change its arguments
    except _RecursionError:
        {nothing}
    except _BaseException as _odd:    # a metaclass decides how its types are hashed
        _pass_over(_odd)
        {nothing}
    try:
        _cell = _cells[_get_ident()]  # this thread's running call; a dict is cheaper than threading.local
    except KeyError:
        try:
            _cell = _new_cell()
        except _RecursionError:       # no frame is left but for the function itself
            _cell = [None, 0.0, "0", 0]
    _parent = _cell[0]
    _start = _clock()
    _cell[0] = _start
    if _parent is None:
        _cell[1] = _start             # the outermost call: sampling keeps or drops its whole tree
    try:
        _result = _function({arguments})
    except _BaseException as _error:
        _cell[0] = _parent
        _failed(_site, _start, _clock(), _cell, _parent, ({shape}), _error)
        raise                         # the very same exception, whatever it is
    _end = _clock()
    _cell[0] = _parent
    try:
        _size = _len(_result) if _type(_result) in _SIZED else None
    except _BaseException as _odd:
        _pass_over(_odd)
        _size = None
    if _len(_rows) < _buffer.limit or _buffer.make_room(_site, _SUCCESS, _start, _end):
        # one flat tuple: each further object would cost an allocation and a place in the garbage collector's rounds
        _push((_site, _start, _end, _cell, _parent, _cell[1], _context(), _size, {shape}))
    return _result
"""

IN_FULL: Final = """
def tracked_call({parameters}):
    try:
        {capture}
    except _BaseException as _odd:
        _pass_over(_odd)
        {nothing}
    try:
        return _in_full(_site, _function, ({packed}), {keywords}, ({shape}))
    except BaseException as _error:
        _leave_out(_error)
        raise
"""

OFF: Final = """
def tracked_call({parameters}):
    try:
        return _function({arguments})
    except BaseException as _error:
        _leave_out(_error)
        raise
"""

_TEMPLATES: Final = {"tracked": TRACKED, "full": IN_FULL, "off": OFF}
_CAPTURE: Final = {
    "off": ("", ""),
    "shape": ("_t{0} = _type({1}); _n{0} = _len({1}) if _t{0} in _SIZED else None; ", "_t{0}, _n{0}, "),
    "values": (
        "_t{0} = _type({1}); _n{0} = _len({1}) if _t{0} in _SIZED else None; _v{0} = _value_of({1}); ",
        "_t{0}, _n{0}, _v{0}, ",
    ),
}
_CO_VARARGS: Final = 0x04
_CO_VARKEYWORDS: Final = 0x08


def can_generate(function: FunctionType) -> bool:
    """Whether no parameter has a name that the generated code uses itself."""
    code = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount + 2  # and perhaps *args and **kwargs
    return _own_names().isdisjoint(code.co_varnames[:count])


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    every = tuple(f"p{number}" for number in range(MAX_PARAMETERS))
    codes = [_compile(every, 0, (), ("", ""), (0, frozenset()), every, kind, "values") for kind in _TEMPLATES]
    return frozenset().union(*(code.co_names + code.co_varnames for code in codes)) - frozenset(every)


def make_wrapper(
    function: FunctionType, site: Site, in_full: Callable[..., Any], failed: Callable[..., None]
) -> FunctionType:
    """Return a function with the parameters of `function` that tracks its calls; its code still has to be set.

    Args:
        in_full: runs a call that needs more than the fast path takes (resources, `partial_if`).
        failed: records a call that raised.
    """
    collector = site.collector
    buffer = collector.buffer
    names = {
        "_BaseException": BaseException,
        "_RecursionError": RecursionError,
        "_SIZED": SIZED,
        "_SUCCESS": SUCCESS,
        "_buffer": buffer,
        "_cells": cells,
        "_clock": clock,
        "_context": current.get,
        "_dict": dict,
        "_failed": failed,
        "_function": function,
        "_get_ident": get_ident,
        "_in_full": in_full,
        "_leave_out": leave_out_frame,
        "_len": len,
        "_new_cell": new_cell,
        "_pass_over": pass_over,
        "_push": buffer.rows.append,
        "_rows": buffer.rows,
        "_site": site,
        "_type": type,
        "_value_of": value_of,
    }
    wrapper = FunctionType(code_for(function, site.parameters, "off", "off"), names, function.__name__)
    wrapper.__defaults__ = function.__defaults__
    wrapper.__kwdefaults__ = function.__kwdefaults__
    return wrapper


def code_for(function: FunctionType, captured: tuple[str, ...], kind: str, capture: str) -> CodeType:
    """Return a code object of its own for one state of a wrapper.

    Its own, although many wrappers have the same: the interpreter's inline caches live in the code object, and wrappers
    that took turns with one would miss them at every name (measured: twice the cost of a call).

    Args:
        captured: the parameters whose shape is taken. kind: "tracked", "full" or "off".
        capture: "off", "shape" or "values".
    """
    code = function.__code__
    return _compile(
        code.co_varnames[: code.co_argcount],
        code.co_posonlyargcount,
        code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount],
        _collectors(code),
        (len(function.__defaults__ or ()), frozenset(function.__kwdefaults__ or ())),
        captured,
        kind,
        capture,
    ).replace()


def _collectors(code: CodeType) -> tuple[str, str]:
    """Return the names of `*args` and `**kwargs`, empty where there are none."""
    position = code.co_argcount + code.co_kwonlyargcount
    star = double = ""
    if code.co_flags & _CO_VARARGS:
        star = code.co_varnames[position]
        position += 1
    if code.co_flags & _CO_VARKEYWORDS:
        double = code.co_varnames[position]
    return star, double


@lru_cache(maxsize=1024)  # functions with the same parameter names share their code; compiling takes 0.1 ms
def _compile(
    positional: tuple[str, ...],
    positional_only: int,
    keyword_only: tuple[str, ...],
    collectors: tuple[str, str],
    defaults: tuple[int, frozenset[str]],
    captured: tuple[str, ...],
    kind: str,
    capture: str,
) -> CodeType:
    star, double = collectors
    with_default = len(positional) - defaults[0]
    # the defaults here only make the source valid; the wrapper gets the function's own default objects
    parameters = [f"{name}=None" if index >= with_default else name for index, name in enumerate(positional)]
    if positional_only:
        parameters.insert(positional_only, "/")
    if star or keyword_only:
        parameters.append(f"*{star}")
    parameters += [f"{name}=None" if name in defaults[1] else name for name in keyword_only]
    parameters += [f"**{double}"] if double else []
    packed = "".join(f"{name}, " for name in positional) + (f"*{star}, " if star else "")
    keywords = [f"{name}={name}" for name in keyword_only] + ([f"**{double}"] if double else [])
    arguments = [*positional, *([f"*{star}"] if star else []), *keywords]
    take, name_it = _CAPTURE[capture]
    captured = captured[:MAX_PARAMETERS]
    shape = "".join(name_it.format(index) for index in range(len(captured)))
    source = _TEMPLATES[kind].format(
        parameters=", ".join(parameters),
        arguments=", ".join(arguments),
        packed=packed,
        keywords=f"_dict({', '.join(keywords)})" if keywords else "{}",
        capture="".join(take.format(index, name) for index, name in enumerate(captured)) or "pass",
        nothing=f"{shape.replace(', ', ' = ')}None" if shape else "pass",
        shape=shape,
    )
    module = compile(source, "<curio_tracking hot path>", "exec")
    return next(constant for constant in module.co_consts if isinstance(constant, CodeType))
