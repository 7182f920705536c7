"""Importing gRPC in somebody else's process: quietly, and also while the interpreter is shutting down.

A program of a few lines has ended before its writer thread makes the exporter. Two modules then refuse to be imported:
one wants to register with `threading`, the other starts a thread. Neither is needed for what is done here.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERBOSITY: Final = "GRPC_VERBOSITY"


def import_grpc() -> None:
    """Import gRPC and what the official exporters import with it."""
    try:
        import concurrent.futures.thread
    except RuntimeError:
        # it cannot register what waits for the threads of executors: there are none of ours
        with _replaced(vars(threading), "_register_atexit", lambda *_: None):
            import concurrent.futures.thread  # noqa: F401
    with _quiet_core():
        import grpc  # type: ignore[import-untyped]  # noqa: F401
    try:
        import opentelemetry.sdk._logs
    except RuntimeError:
        # it describes this machine while it is imported, with an executor; our resources come from `places`
        with _replaced(vars(resources), "get_aggregated_resources", lambda _, initial, *__: initial):
            import opentelemetry.sdk._logs  # noqa: F401


@contextmanager
def _quiet_core() -> Iterator[None]:
    """Keep gRPC's core from printing, past Python, to stderr that a handshake failed.

    It reads its variable once, while it is imported. Where the application has imported it, or has set the variable,
    nothing is changed.
    """
    if "grpc" in sys.modules or _VERBOSITY in os.environ:
        yield
        return
    os.environ[_VERBOSITY] = "ERROR"
    try:
        yield
    finally:
        os.environ.pop(_VERBOSITY, None)


@contextmanager
def _replaced(names: dict[str, Any], name: str, value: object) -> Iterator[None]:
    before = names[name]
    names[name] = value
    try:
        yield
    finally:
        names[name] = before
