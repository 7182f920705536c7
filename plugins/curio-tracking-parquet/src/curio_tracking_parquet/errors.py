"""What this distribution raises on purpose; the command line prints the message and ends with `exit_code`."""

from __future__ import annotations

from curio_tracking.errors import CurioError


class MissingExtraError(CurioError, ImportError):
    """A data frame was asked for whose library is not installed; the message says how to install it."""

    exit_code = 2


class UnwritableRecordError(CurioError):
    """A record holds a value that its column cannot hold; the message names the record, the column and the value."""
