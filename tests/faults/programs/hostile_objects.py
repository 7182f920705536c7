"""Passes objects through tracked calls whose every method raises, waits or allocates, and tells if one was called."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import enum
import fractions
import pathlib
import sys
import time
import types
from typing import Any

from accounts import account

from curio_tracking import feature_tracker, track, track_feature, tracking_context

called: list[str] = []
FAULT = sys.argv[1]
HAVE_METHODS: Any = (
    *(object, type, str, bytes, bytearray, memoryview, int, float, complex, list, dict, set, range, property, slice),
    *(
        types.GeneratorType,
        types.CoroutineType,
        types.AsyncGeneratorType,
        types.FunctionType,
    ),
    *(collections.defaultdict, contextlib.nullcontext, pathlib.PurePath, fractions.Fraction, enum.EnumType),
)
LEFT_OUT = {"__del__", "__class__", "__new__", "__init__", "__init_subclass__", "__subclasshook__", "__prepare__"}
NAMES = {
    name
    for kind in HAVE_METHODS
    for name in dir(kind)
    if name.startswith("__") and name not in LEFT_OUT and callable(getattr(kind, name, None))
}
assert len(NAMES) > 80
CLASS_NAMES = [
    "__getattribute__",
    "__hash__",
    "__eq__",
    "__instancecheck__",
    "__subclasscheck__",
    "__str__",
    "__repr__",
]


def method(name: str) -> Any:
    """Return a method that is noticed, and does what it should not."""

    def hostile(*_args: object) -> Any:
        called.append(name)
        if FAULT == "raises":
            raise ValueError(name)
        if FAULT == "exits":
            raise SystemExit(name)
        if FAULT == "waits":
            time.sleep(0.001)
        return [bytearray(1_000_000)]

    return hostile


Object = type("Object", (), {name: method(name) for name in NAMES})
Text = type("Text", (str,), {name: method(name) for name in NAMES})
Odd = type("Odd", (Exception,), {name: method(name) for name in NAMES})
Meta = type("Meta", (type,), {name: method(name) for name in CLASS_NAMES})
OfMeta = type.__new__(Meta, "OfMeta", (), {})


@track_feature("same")
def same(value: object, *, keyword: object = None) -> object:
    """Return the value."""
    return value


@track_feature("raises")
def raises(error: BaseException) -> None:
    """Raise what was given."""
    raise error


@track_feature("waits")
async def awaits(value: object) -> object:
    """Return the value."""
    await asyncio.sleep(0)
    return value


@track_feature("yields")
def yields(value: object) -> Any:
    """Yield the value."""
    yield value


class Owner:
    """One whose methods are tracked."""

    __getattr__ = __eq__ = __hash__ = __bool__ = __len__ = method("of the owner")

    @track_feature("method")
    def run(self, value: object) -> object:
        """Return the value."""
        return value


def driven(coroutine: Any) -> Any:
    """Return the result; not by a loop, which looks at results itself."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def passed(value: Any) -> list[bool]:
    """Return whether the very same object comes out, everywhere."""
    found = [same(value) is value, same(1, keyword=value) == 1, driven(awaits(value)) is value]
    found += [next(yields(value)) is value, object.__getattribute__(owner, "run")(value) is value]
    with track("block"), tracking_context(user_id="u"):
        found.append(same(value) is value)
    return found


owner = Owner()
made = 0
for kind in (Object, Text):
    print(kind.__name__, passed(kind.__new__(kind)))
    made += 7
print("called", called)
error = Odd()
try:
    raises(error)
except BaseException as came:
    print("the very exception", came is error, type(came) is Odd)
made += 1
print("called", [name for name in called if name != "__str__"])  # its message is kept
print("of a metaclass", passed(object.__new__(OfMeta)))
made += 7
feature_tracker.flush(60)
account(made)
