"""The `tinyflux` backend, the default: registration only; `backend` is where to start reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.hookspecs import hookimpl
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

if TYPE_CHECKING:
    from curio_tracking.hookspecs import RegisterBackend
    from curio_tracking.settings import Settings


def _make(settings: Settings) -> TinyFluxBackend:
    return TinyFluxBackend(
        settings.data_dir, durable=settings.durability == "fsync", retention_days=settings.retention_days
    )


@hookimpl
def curio_register_backends(register: RegisterBackend) -> None:
    """Offer the `tinyflux` backend."""
    register("tinyflux", _make)
