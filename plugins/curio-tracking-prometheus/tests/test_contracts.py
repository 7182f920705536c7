"""The exporter and the page keep what every exporter and every page promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from curio_tracking.hookspecs import PageRenderer
from curio_tracking.testing import ExporterContract, PageContract
from curio_tracking.testing.exporters import MakeExporter
from curio_tracking_prometheus.exporter import PrometheusExporter
from curio_tracking_prometheus.exposition import StorePage
from curio_tracking_prometheus.options import Options
from curio_tracking_prometheus.registration import process_metrics


def exporters_in(registry: CollectorRegistry, **options: Any) -> MakeExporter:
    chosen = Options(**options)
    return lambda: PrometheusExporter(process_metrics(chosen, registry), chosen)


class Exporter(ExporterContract):
    close_seconds = 10.0  # a busy machine is no failure


class TestExporter(Exporter):
    @pytest.fixture
    def make_exporter(self, registry: CollectorRegistry) -> MakeExporter:
        return exporters_in(registry)


class TestExporterThatListens(Exporter):
    @pytest.fixture
    def make_exporter(self, registry: CollectorRegistry, free_port: Callable[[], int]) -> MakeExporter:
        return exporters_in(registry, port=free_port())


class TestPage(PageContract):
    @pytest.fixture
    def render(self) -> PageRenderer:
        return StorePage(Options()).render
