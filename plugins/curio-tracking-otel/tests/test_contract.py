"""The suites that every exporter passes, against a real OTLP endpoint and against one that is not there."""

from __future__ import annotations

import pytest

from curio_tracking.settings import load_settings
from curio_tracking.testing import DeliveryContract, OutageContract
from curio_tracking_otel import sender
from curio_tracking_otel.plugin import make


@pytest.fixture
def make_for(monkeypatch, foreign_variables):
    """Return what gives `make_exporter` for an endpoint's variables."""
    for name in foreign_variables:
        monkeypatch.delenv(name)

    def prepare(variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return lambda: make(load_settings({}, strict=True))

    return prepare


class TestDelivery(DeliveryContract):
    # a busy machine must not cost what is sent; that the end comes within a second is for the outages to show
    close_seconds = fork_seconds = 120.0

    @pytest.fixture
    def collector(self, endpoint, protocol, monkeypatch):
        monkeypatch.setattr(sender, "CLOSE_SECONDS", 60.0)
        monkeypatch.setattr(sender, "FORK_SECONDS", 60.0)
        return endpoint(protocol)

    @pytest.fixture
    def make_exporter(self, make_for, collector):
        return make_for(collector.variables)

    @pytest.fixture
    def received(self, collector, values):
        def record_ids():
            # the protocol groups the spans of a request by resource; their order is that of their times
            spans = sorted(collector.spans(), key=lambda span: span.start_time_unix_nano)
            return [values(span.attributes)["curio.record_id"] for span in spans]

        return record_ids


class Outage(OutageContract):
    # a busy machine is no failure: an official exporter by itself would go on trying for a minute, or for ever
    export_seconds, close_seconds = 30.0, 10.0


class TestOutage(Outage):
    @pytest.fixture
    def make_exporter(self, make_for, protocol, nobody, at):
        return make_for(at(nobody, protocol))


class TestHangingEndpoint(Outage):
    @pytest.fixture
    def make_exporter(self, make_for, protocol, deaf, at):
        return make_for(at(deaf, protocol))
