"""Exposition: what `/metrics` answers, in the text format that every version of Prometheus reads.

Between the dashboard and `totals`. Keeps nothing from one scrape to the next: the store is what remembers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import generate_latest
from prometheus_client.registry import Collector

from curio_tracking.errors import QueryError
from curio_tracking.hookspecs import PageContent
from curio_tracking_prometheus.totals import store_metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client import Metric

    from curio_tracking.reader import Reader
    from curio_tracking_prometheus.options import Options

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Of the text format; no other is offered, as nothing else could say more of these metrics."""


class StorePage:
    """Answers scrapes."""

    def __init__(self, options: Options) -> None:
        """Args: how many features and which buckets to show."""
        self._options = options

    def render(self, reader: Reader, query: Mapping[str, str]) -> PageContent:
        """Return the metrics of everything in the store.

        Raises:
            QueryError: the address has parameters; counters over a part of the calls would not only go up.
            StorageError: the store cannot be read.
        """
        if query:
            raise QueryError("/metrics takes no parameters: it shows all calls")
        features = reader.features(reader.where())
        found = store_metrics(features, self._options.max_features, self._options.buckets)
        return PageContent(generate_latest(_Ready(found)), MEDIA_TYPE)


class _Ready(Collector):
    """Metrics that are there already, in the form that the library writes out."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """Return them."""
        return self._metrics
