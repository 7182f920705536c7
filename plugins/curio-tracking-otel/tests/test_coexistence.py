"""An application that uses OpenTelemetry itself: its spans, its logs and its providers stay its own."""

from __future__ import annotations

import pytest

PROGRAM = """
    import os, sys
    from opentelemetry import metrics, trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor

    provider = TracerProvider(resource=Resource.create({"service.name": "theirs"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(os.environ["THEIR_ENDPOINT"])))
    trace.set_tracer_provider(provider)
    RequestsInstrumentor().instrument()

    from curio_tracking import feature_tracker, track_feature

    @track_feature("ours")
    def ours(): ...

    with trace.get_tracer("app").start_as_current_span("theirs"):
        ours()
    feature_tracker.flush(60)
"""


@pytest.fixture(scope="module")
def both(shared_world, protocol):
    """The application's endpoint and ours, after one run."""
    theirs, ours = shared_world.endpoint(), shared_world.endpoint(protocol)
    given = {
        "THEIR_ENDPOINT": f"http://127.0.0.1:{theirs.port}/v1/traces",
        "FEATURE_TRACKING_APP": "ours",
        "FEATURE_TRACKING_DATA_DIR": str(ours.data_dir),
    }
    result = shared_world.run(PROGRAM, ours.variables | given, until=lambda: ours.has_spans(1))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return theirs, ours


def test_the_applications_spans_arrive_at_its_endpoint_alone(both):
    theirs, _ = both
    assert [span.name for span in theirs.spans()] == ["theirs"]


def test_ours_arrive_at_our_endpoint_alone(both):
    _, ours = both
    assert [span.name for span in ours.spans()] == ["ours"]


def test_each_has_its_own_resource(both):
    assert [{resource["service.name"] for resource in end.span_resources()} for end in both] == [{"theirs"}, {"ours"}]


def test_requests_of_ours_are_not_traced_by_the_applications_instrumentation(endpoint, run):
    theirs, ours = endpoint(), endpoint("http/protobuf")
    given = {"THEIR_ENDPOINT": f"http://127.0.0.1:{theirs.port}/v1/traces"}
    run(PROGRAM, ours.variables | given, until=lambda: ours.has_spans(1) and len(ours.requests()) > 4)
    assert [span.name for span in theirs.spans()] == ["theirs"]


def test_requests_of_the_application_are_still_traced(endpoint, run):
    theirs, ours = endpoint(), endpoint("http/protobuf")
    given = {"THEIR_ENDPOINT": f"http://127.0.0.1:{theirs.port}/v1/traces"}
    source = PROGRAM + f"    import requests; requests.get('http://127.0.0.1:{ours.port}/elsewhere')\n"
    run(source, ours.variables | given, until=lambda: ours.has_spans(1))
    assert sorted(span.name for span in theirs.spans()) == ["GET", "theirs"]


def test_no_global_provider_is_set(run, endpoint, protocol):
    collector = endpoint(protocol)
    source = """
        from curio_tracking import feature_tracker, track_feature

        @track_feature("ours")
        def ours(): ...

        ours()
        feature_tracker.flush(60)
        from opentelemetry import metrics, trace
        print(type(trace.get_tracer_provider()).__name__, type(metrics.get_meter_provider()).__name__)
        """
    result = run(source, collector.variables, until=lambda: collector.has_spans(1))
    assert result.stdout == "ProxyTracerProvider _ProxyMeterProvider\n"


def test_failures_of_the_applications_own_exporter_are_still_logged(run, endpoint, protocol):
    ours = endpoint(protocol)
    given = {"THEIR_ENDPOINT": f"http://127.0.0.1:{ours.port}/no-such-path"}
    result = run(PROGRAM, ours.variables | given, until=lambda: ours.has_spans(1))
    assert "Failed to export span" in result.stderr


def test_failures_of_ours_do_not_hide_those_of_the_application(run, protocol):
    """OpenTelemetry drops what its exporter says twice in some seconds; what we held back must not count."""
    nobody = "http://127.0.0.1:1"
    given = {
        "FEATURE_TRACKING_OTEL__ENDPOINT": nobody,
        "FEATURE_TRACKING_OTEL__PROTOCOL": "grpc",
        "FEATURE_TRACKING_OTEL__SPAN_INTERVAL": "0.1",
        "FEATURE_TRACKING_OTEL__TIMEOUT": "0.5",
    }
    source = """
        import logging, time
        from curio_tracking import feature_tracker, track_feature

        warned = []

        class Hear(logging.Handler):
            def emit(self, record):
                warned.append(record)

        logging.getLogger("curio_tracking").addHandler(Hear())

        @track_feature("ours")
        def ours(): ...

        ours()
        feature_tracker.flush(60)
        while not warned:
            time.sleep(0.01)

        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        OTLPSpanExporter("http://127.0.0.1:1", timeout=0.5).export([])
        """
    assert "Failed to export traces" in run(source, given).stderr
