"""An application that uses OpenTelemetry itself: its spans, its logs and its providers stay its own."""

from __future__ import annotations

import sys

import pytest

PROGRAM = """
    import os, sys
    from opentelemetry import metrics, trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.instrumentation.grpc import GrpcInstrumentorClient
    from opentelemetry.instrumentation.requests import RequestsInstrumentor

    provider = TracerProvider(resource=Resource.create({"service.name": "theirs"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(os.environ["THEIR_ENDPOINT"])))
    trace.set_tracer_provider(provider)
    RequestsInstrumentor().instrument()
    GrpcInstrumentorClient().instrument()

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


def test_requests_of_ours_are_not_traced_by_the_applications_instrumentation(endpoint, run, protocol):
    theirs, ours = endpoint(), endpoint(protocol)
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


def test_providers_of_the_application_stay_and_get_nothing_of_ours(run, endpoint, protocol):
    collector = endpoint(protocol)
    source = """
        from opentelemetry import metrics, trace
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracer_provider, meter_provider = TracerProvider(), MeterProvider([reader])
        tracer_provider.add_span_processor(SimpleSpanProcessor(spans))
        trace.set_tracer_provider(tracer_provider)
        metrics.set_meter_provider(meter_provider)

        from curio_tracking import feature_tracker, track_feature

        @track_feature("ours")
        def ours(): ...

        ours()
        feature_tracker.flush(60)
        assert trace.get_tracer_provider() is tracer_provider
        assert metrics.get_meter_provider() is meter_provider
        feature_tracker.close()
        print(spans.get_finished_spans(), reader.get_metrics_data())
        """
    result = run(source, collector.variables)
    assert (result.stdout, result.stderr) == ("() None\n", "")
    assert [span.name for span in collector.spans()] == ["ours"]


def test_calls_after_the_application_has_shut_its_providers_down_arrive(both_in_order):
    _, ours = both_in_order("provider.shutdown()", "ours()", "feature_tracker.close()")
    assert [span.name for span in ours.spans()] == ["ours", "ours"]


def test_spans_of_the_application_arrive_after_the_tracker_was_closed(both_in_order):
    theirs, _ = both_in_order("feature_tracker.close()", "trace.get_tracer('app').start_span('late').end()")
    assert [span.name for span in theirs.spans()] == ["theirs", "late"]


@pytest.fixture
def both_in_order(endpoint, run, protocol):
    """Run the program with further lines, and return the application's endpoint and ours."""

    def carry_out(*lines):
        theirs, ours = endpoint(), endpoint(protocol)
        given = {"THEIR_ENDPOINT": f"http://127.0.0.1:{theirs.port}/v1/traces"}
        source = PROGRAM + "".join(f"    {line}\n" for line in lines)
        result = run(source, ours.variables | given)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        return theirs, ours

    return carry_out


def test_under_automatic_instrumentation_both_arrive_once(run, endpoint, protocol):
    collector = endpoint(protocol)
    given = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_SERVICE_NAME": "shop",
        "FEATURE_TRACKING_OTEL__SPAN_INTERVAL": "0.1",
    }
    source = """
        from opentelemetry import trace
        from curio_tracking import feature_tracker, track_feature

        @track_feature("ours")
        def ours(): ...

        with trace.get_tracer("app").start_as_current_span("theirs"):
            ours()
        """
    # what the command `opentelemetry-instrument python program.py` does
    instrument = "from opentelemetry.instrumentation.auto_instrumentation import run; run()"
    result = run(source, given, "-c", instrument, sys.executable)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert sorted(span.name for span in collector.spans()) == ["ours", "theirs"]
    assert {resource["service.name"] for resource in collector.span_resources()} == {"shop"}


def test_a_child_of_an_application_with_a_grpc_exporter_of_its_own_ends(run, endpoint, protocol):
    theirs, ours = endpoint("grpc"), endpoint(protocol)
    source = """
        import os, sys
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor

        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(os.environ["THEIR_ENDPOINT"], insecure=True)))
        provider.get_tracer("app").start_span("theirs").end()

        from curio_tracking import feature_tracker, track_feature

        @track_feature("ours")
        def ours(): ...

        ours()
        feature_tracker.flush(60)
        process = os.fork()
        if not process:
            ours()
            feature_tracker.close()
            os._exit(3)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
        """
    given = {"THEIR_ENDPOINT": f"http://127.0.0.1:{theirs.port}"}
    result = run(source, ours.variables | given)
    assert (result.returncode, result.stdout) == (0, "3\n"), result.stderr


def test_a_span_can_name_the_trace_of_the_application(run, endpoint, protocol, values):
    ours = endpoint(protocol)
    source = """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from curio_tracking import track_feature, tracking_context

        trace.set_tracer_provider(TracerProvider())

        @track_feature("ours")
        def ours(): ...

        with trace.get_tracer("app").start_as_current_span("theirs") as span:
            trace_id = trace.format_trace_id(span.get_span_context().trace_id)
            with tracking_context(trace_id=trace_id):
                ours()
        print(trace_id)
        """
    trace_id = run(source, ours.variables | {"FEATURE_TRACKING_OTEL__METADATA": "trace_id"}).stdout.strip()
    assert values(ours.span("ours").attributes)["curio.metadata.trace_id"] == trace_id


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
    assert "Failed to export traces" in run(source, given, is_patient=False).stderr
