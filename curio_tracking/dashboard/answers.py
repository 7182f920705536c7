"""The kinds of answers the dashboard gives: a page, JSON, and content that is ready as it is.

Between the routes and Bottle. Security headers are added to all of them by `gate`.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from bottle import HTTPResponse


def html_answer(html: str, status: int = 200) -> HTTPResponse:
    """Return a page."""
    # replace: half a surrogate pair has no UTF-8, and must not cost the whole page
    return _answer(html.encode("utf-8", "replace"), "text/html; charset=utf-8", status)


def json_answer(value: Any, status: int = 200) -> HTTPResponse:
    """Return JSON-ready values; numbers that JSON lacks become null."""
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), allow_nan=False)
    return _answer(text.encode("ascii"), "application/json", status)


def content_answer(content: bytes, media_type: str) -> HTTPResponse:
    """Return bytes of any type: a file, or what a page made for programs."""
    return _answer(content, media_type, 200)


def _answer(body: bytes, media_type: str, status: int) -> HTTPResponse:
    return HTTPResponse(body, status, **{"Content-Type": media_type, "Content-Length": str(len(body))})


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
