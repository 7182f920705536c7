"""Deferred functions, generators and async ones: a call runs nothing of them, so that nothing is done, in silence.

Looked at wherever a plugin hands over what is to be called. A coroutine that nobody awaits would also make Python print
a warning into the host's output.
"""

from __future__ import annotations

import inspect
from typing import Final

ADVICE: Final = "is a generator or async; write a plain function"


def is_deferred(function: object) -> bool:
    """Say whether a call runs none of the function's body."""
    kinds = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    return any(is_kind(function) for is_kind in kinds)
