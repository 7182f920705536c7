"""The exporter: counts every written batch in the metrics of the tracked process.

An entry point of the group `curio_tracking`. Light to import: the client library comes with the first tracker that
exports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.hookspecs import hookimpl
from curio_tracking_prometheus.multiprocess import check_directory
from curio_tracking_prometheus.options import PLUGIN, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curio_tracking.hookspecs import RegisterExporter
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings
    from curio_tracking_prometheus.registration import ProcessMetrics


@hookimpl
def curio_register_exporters(register: RegisterExporter) -> None:
    """Offer the exporter."""
    register(PLUGIN, make_exporter, options=Options)


def make_exporter(settings: Settings) -> PrometheusExporter | None:
    """Return the exporter that the options ask for, None if they ask for none.

    Raises:
        SettingsError: an option cannot be used. PluginError: the client library cannot count.
    """
    options = settings.options(PLUGIN, Options)
    if not options.exporter or not settings.enabled:
        return None
    check_directory()
    # late: 40 ms, which a host whose exporter is switched off should not pay
    from curio_tracking_prometheus.registration import process_metrics

    return PrometheusExporter(process_metrics(options), options)


class PrometheusExporter:
    """Counts the batches of one tracker."""

    def __init__(self, metrics: ProcessMetrics, options: Options) -> None:
        """Args: where to count; the options, for the port to listen on."""
        self._metrics = metrics
        self._listener = None if options.port is None else metrics.listeners.join(options.address, options.port)

    def export(self, records: Sequence[FeatureRecord]) -> None:
        """Count the batch."""
        self._metrics.add(records)
        if self._listener is not None:
            self._metrics.listeners.open(self._listener)

    def close(self) -> None:
        """Stop listening; what was counted stays and goes on with the next tracker. Closing twice is no error."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._metrics.listeners.leave(listener)
