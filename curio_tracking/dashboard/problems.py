"""Which HTTP status an error is answered with, and the one error that only a surface with addresses needs.

Pages, also those of plugins, raise a `CurioError` for what the visitor can mend; its message is shown as it is.
"""

from __future__ import annotations

from curio_tracking.errors import CurioError, QueryError, SettingsError, StorageError, UnknownNameError


class NotFoundError(UnknownNameError):
    """The address names a feature, call or page that does not exist."""


def http_status(error: CurioError) -> int:
    """Return 404 for what does not exist, 400 for a bad question, 503 for an unreadable store, else 500."""
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, QueryError | UnknownNameError | SettingsError):
        return 400
    return 503 if isinstance(error, StorageError) else 500
