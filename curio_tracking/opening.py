"""Opening: how every file of ours is opened, whoever does it. Imports nothing of the project."""

from __future__ import annotations

import os
from typing import Final

SAFELY: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Flags for `os.open`: no symlink is followed, no child inherits the descriptor, no line break is changed."""
