"""A WSGI application that is loaded before its server forks, with what gunicorn calls at the end of each process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from accounts import account

from curio_tracking import feature_tracker, track_feature

if os.environ["FEATURE_TRACKING_ENABLED"] == "true":
    feature_tracker.configure(app="site")
counting = threading.Lock()
made = {os.getpid(): 0}


def count() -> None:
    """Count one call of this process."""
    with counting:
        made[os.getpid()] = made.get(os.getpid(), 0) + 1


@track_feature("page")
def page(number: int) -> bytes:
    """Return a page, or fail for every tenth."""
    time.sleep(0.002)
    if number % 10 == 9:
        raise ValueError(number)
    return b"page %d" % number


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    count()
    try:
        body = page(int(environ["QUERY_STRING"]))
    except ValueError as error:
        start_response("500 Failed", [])
        return [f"failed {error}".encode()]
    start_response("200 OK", [])
    return [body]


def worker_exit(_server: object, _worker: object) -> None:
    """Give account of a worker that ends."""
    account(made.get(os.getpid(), 0))


count()
page(0)
