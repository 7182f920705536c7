"""What is chosen from our options and OpenTelemetry's variables."""

from __future__ import annotations

import pytest

from curio_tracking.errors import SettingsError
from curio_tracking_otel.environment import choose
from curio_tracking_otel.options import Options

BASE = "http://collector:4318"


def destinations(environ=None, **options):
    return {found.signal: found for found in choose(Options(**options), environ or {}).destinations}


def test_without_an_endpoint_there_is_nowhere_to_send():
    assert choose(Options(), {}).why_nothing == "set FEATURE_TRACKING_OTEL__ENDPOINT"


def test_over_http_each_signal_has_its_path():
    found = destinations(endpoint=f"{BASE}/")
    assert {signal: one.url for signal, one in found.items()} == {
        "traces": f"{BASE}/v1/traces",
        "metrics": f"{BASE}/v1/metrics",
    }


@pytest.mark.parametrize(
    ("endpoint", "protocol"),
    [(BASE, "http/protobuf"), ("http://collector:4317", "grpc"), ("https://collector", "http/protobuf")],
)
def test_the_port_tells_the_protocol(endpoint, protocol):
    assert {one.protocol for one in destinations(endpoint=endpoint).values()} == {protocol}


def test_our_protocol_comes_before_the_port_and_the_variable():
    given = {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    assert destinations(given, endpoint=BASE, protocol="grpc")["traces"].protocol == "grpc"


def test_the_variable_of_the_protocol_comes_before_the_port():
    given = {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    assert destinations(given, endpoint=BASE)["traces"].protocol == "grpc"


def test_our_endpoint_comes_before_the_variables():
    given = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://other/traces", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"}
    assert destinations(given, endpoint=BASE)["traces"].url == f"{BASE}/v1/traces"


def test_the_variable_of_one_signal_is_a_whole_address_and_for_it_alone():
    given = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://other:4318/take/traces"}
    assert {signal: one.url for signal, one in destinations(given).items()} == {
        "traces": "http://other:4318/take/traces"
    }


def test_grpc_takes_an_address_without_a_scheme_from_the_variable():
    found = destinations({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"})["traces"]
    assert (found.protocol, found.url, found.is_insecure) == ("grpc", "collector:4317", None)


@pytest.mark.parametrize(("scheme", "is_insecure"), [("http", True), ("https", False)])
def test_the_scheme_of_our_endpoint_decides_on_tls(scheme, is_insecure):
    assert destinations(endpoint=f"{scheme}://collector:4317")["traces"].is_insecure is is_insecure


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:hunter2@collector:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "udp"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "hunter2"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/hunter2.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/nowhere/hunter2.pem"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_and_not_quoted(variable, value):
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": BASE, variable: value}
    with pytest.raises(SettingsError, match=variable) as caught:
        choose(Options(), given)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("exporters", ["none", "console", "zipkin,console"])
def test_a_signal_that_opentelemetry_is_not_to_export_has_no_destination_of_its(exporters):
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": BASE, "OTEL_TRACES_EXPORTER": exporters}
    assert list(destinations(given)) == ["metrics"]


@pytest.mark.parametrize("exporters", ["", "otlp", "console, otlp", "otlp_proto_http"])
def test_a_signal_that_opentelemetry_is_to_export_over_otlp_has_a_destination(exporters):
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": BASE, "OTEL_TRACES_EXPORTER": exporters}
    assert "traces" in destinations(given)


def test_our_endpoint_counts_whatever_opentelemetry_exports():
    assert len(destinations({"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}, endpoint=BASE)) == 2


def test_headers_of_the_variables_are_left_to_the_variables_endpoint():
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": BASE}
    assert destinations(given)["traces"].headers is None
    assert destinations(given, endpoint=BASE)["traces"].headers == {}


def test_empty_variables_do_not_count():
    given = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "", "OTEL_EXPORTER_OTLP_ENDPOINT": " "}
    assert destinations(given) == {}


def test_headers_do_not_show_in_the_representation():
    assert "hunter2" not in repr(choose(Options(endpoint=BASE, headers="authorization=hunter2"), {}))
