"""Forking: no thread and no connection of ours is there while the host forks.

The child makes an exporter of its own with its first call; the one it inherits stays untouched, and is never taken
apart there: that would close what belongs to the parent.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from curio_tracking_otel import silence

if TYPE_CHECKING:
    from curio_tracking_otel.sender import Sender

_senders: Final[WeakSet[Sender]] = WeakSet()
_inherited: Final[list[Sender]] = []


def watch(sender: Sender) -> None:
    """Pause the sender at every fork from now on."""
    _senders.add(sender)


def _before() -> None:
    for sender in list(_senders):
        sender.pause()


def _after_in_parent() -> None:
    for sender in list(_senders):
        sender.resume()


def _after_in_child() -> None:
    silence.forget_all()
    for sender in list(_senders):
        sender.disown()
        _inherited.append(sender)
    _senders.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
