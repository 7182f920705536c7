"""What a browser makes of what a page returns: a fragment for the dashboard's frame, or content that is sent as it is.

Used by `pages`. Of content it judges what is markup, and whether a program can read it as its media type says.
"""

from __future__ import annotations

import json
from email.message import Message
from typing import Final, TypeAlias

from curio_tracking.hookspecs import PageContent
from curio_tracking.testing.markup import Fault, faults_of

Shown: TypeAlias = str | PageContent
_MARKUP: Final = ("text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml")
"""Types whose elements a browser shows, or runs."""
_JSON: Final = "application/json"


def faults_in(shown: Shown) -> dict[Fault, list[str]]:
    """Return what is wrong with the markup that is shown, by kind; nothing for a good page, and for other content."""
    if isinstance(shown, str):
        return faults_of(shown)
    media_type = _header(shown).get_content_type()
    if media_type not in _MARKUP:
        return {}
    found = faults_of(shown.body.decode(_charset(shown) or "utf-8", "replace"))
    # a document of its own: it may have a head, and XML has other rules for what must be closed
    return {fault: places for fault, places in found.items() if fault is not Fault.STRUCTURE}


def misnomer(shown: Shown) -> str | None:
    """Return why a program cannot read content as its media type says; None if it can."""
    if isinstance(shown, str):
        return None
    header, charset = _header(shown), _charset(shown)
    is_json = header.get_content_type() == _JSON
    if header.get_content_maintype() != "text" and not is_json:
        return None
    if charset is None and not is_json:
        return f"{shown.media_type} names no charset; browsers guess one"
    try:
        text = shown.body.decode(charset or "utf-8")
        if is_json:
            json.loads(text)
    except (LookupError, ValueError) as error:
        return f"it is no {shown.media_type}: {error}"
    return None


def _header(content: PageContent) -> Message:
    header = Message()
    header["Content-Type"] = content.media_type
    return header


def _charset(content: PageContent) -> str | None:
    return _header(content).get_content_charset()
