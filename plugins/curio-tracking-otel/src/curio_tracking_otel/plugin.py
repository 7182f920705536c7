"""The plugin: offers the exporter "otel" to Curio Tracking.

Every tracked application imports this module when the plugin is installed, so that it knows neither OpenTelemetry nor
gRPC: they come with the exporter, on the writer thread, and only where an endpoint is named.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from curio_tracking import hookimpl
from curio_tracking_otel.options import NAME, Options

if TYPE_CHECKING:
    from curio_tracking.hookspecs import RegisterExporter
    from curio_tracking.interfaces import Exporter
    from curio_tracking.settings import Settings

_log: Final = logging.getLogger("curio_tracking")


@hookimpl
def curio_register_exporters(register: RegisterExporter) -> None:
    """Offer the exporter; without an endpoint it stays out of the way."""
    register(NAME, make, options=Options)


def make(settings: Settings) -> Exporter | None:
    """Return the exporter that the settings and OpenTelemetry's own variables describe; None: nowhere to send to.

    Raises:
        SettingsError: an option or a variable has a value that cannot be used.
    """
    from curio_tracking_otel.environment import choose

    choices = choose(settings.options(NAME, Options), os.environ)
    if not choices.destinations:
        _log.info('"%s" sends nothing: %s', NAME, choices.why_nothing)
        return None
    # late: 150 ms of OpenTelemetry that only those pay who send
    from curio_tracking_otel.exporter import make_exporter

    return make_exporter(choices, is_environment_chosen=settings.sources["environment"] != "default")
