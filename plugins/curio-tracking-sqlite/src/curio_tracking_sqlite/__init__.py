"""The backend `sqlite`: records in one SQLite file that several processes share.

This module is what the entry point names, so it only offers the backend; everything else is imported when the settings
ask for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.hookspecs import hookimpl

if TYPE_CHECKING:
    from curio_tracking.hookspecs import RegisterBackend
    from curio_tracking.interfaces import StorageBackend
    from curio_tracking.settings import Settings

__all__ = ["curio_register_backends"]

NAME = "sqlite"


@hookimpl
def curio_register_backends(register: RegisterBackend) -> None:
    """Offer the backend `sqlite`."""
    # late: whoever stores records elsewhere does not pay for this
    from curio_tracking_sqlite.options import Options

    register(NAME, _make, options=Options)


def _make(settings: Settings) -> StorageBackend:
    from curio_tracking_sqlite.backend import SqliteBackend
    from curio_tracking_sqlite.options import Options

    options = settings.options(NAME, Options)
    return SqliteBackend(
        settings.data_dir / options.path,
        busy_seconds=options.busy_seconds,
        is_durable=settings.durability == "fsync",
        retention_days=settings.retention_days,
    )
