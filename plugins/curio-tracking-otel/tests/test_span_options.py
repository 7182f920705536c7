"""What options and OpenTelemetry's variables change about spans, as a real OTLP endpoint sees it."""

from __future__ import annotations

PROGRAM = """
    from curio_tracking import FeatureCategory, track, tracking_context

    with tracking_context(plan="pro"):
        for name in ("half", "whole"):
            with track(name, FeatureCategory.FILE_OPERATION) as run:
                run.add_metadata(rows=10, note="for nobody")
"""


def test_metadata_that_is_named_is_sent(endpoint, run, protocol, values):
    collector = endpoint(protocol)
    run(
        PROGRAM,
        collector.variables | {"FEATURE_TRACKING_OTEL__METADATA": "rows,plan"},
        until=lambda: collector.has_spans(2),
    )
    attributes = values(collector.span("half").attributes)
    assert {key: value for key, value in attributes.items() if "metadata" in key} == {
        "curio.metadata.rows": 10,
        "curio.metadata.plan": "pro",
    }


def test_opentelemetrys_variables_fill_what_the_settings_leave_open(endpoint, run, protocol, values):
    collector = endpoint(protocol)
    given = {
        "OTEL_SERVICE_NAME": "from-otel",
        "OTEL_RESOURCE_ATTRIBUTES": "team=blue,deployment.environment=lab,service.instance.id=i1",
    }
    run(PROGRAM, collector.variables | given, until=lambda: collector.has_spans(2))
    resource = collector.span_resources()[0]
    names = ("service.name", "team", "deployment.environment", "service.instance.id")
    assert [resource[name] for name in names] == ["from-otel", "blue", "lab", "i1"]
    assert "deployment.environment.name" not in resource


def test_spans_can_be_left_out(endpoint, run, protocol):
    collector = endpoint(protocol)
    run(PROGRAM, collector.variables | {"FEATURE_TRACKING_OTEL__SPANS": "false"}, until=collector.metrics)
    assert {request.signal for request in collector.requests()} == {"metrics"}


def test_headers_and_compression_are_used(endpoint, run, protocol):
    collector = endpoint(protocol)
    given = {
        "FEATURE_TRACKING_OTEL__HEADERS": "Authorization=Bearer%20abc,x-tenant=t1",
        "FEATURE_TRACKING_OTEL__COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_HEADERS": "x-other=for-somebody-else",
    }
    run(PROGRAM, collector.variables | given, until=lambda: collector.has_spans(2))
    for request in collector.requests():
        assert (request.headers["authorization"], request.headers["x-tenant"]) == ("Bearer abc", "t1")
        assert "x-other" not in request.headers
    assert len(collector.spans()) == 2


def test_headers_for_another_endpoint_are_not_sent_to_ours(endpoint, run, protocol):
    collector = endpoint(protocol)
    given = {"OTEL_EXPORTER_OTLP_HEADERS": "x-token=theirs", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-token=theirs"}
    run(PROGRAM, collector.variables | given, until=lambda: collector.has_spans(2))
    assert all("x-token" not in request.headers for request in collector.requests())
    assert len(collector.spans()) == 2


def test_the_standard_variables_are_enough(endpoint, run, protocol):
    collector = endpoint(protocol)
    given = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=t2",
        "FEATURE_TRACKING_OTEL__SPAN_INTERVAL": "0.1",
        "FEATURE_TRACKING_OTEL__METRICS_INTERVAL": "0.1",
    }
    run(PROGRAM, given, until=lambda: collector.has_spans(2))
    assert len(collector.spans()) == 2
    assert {request.headers["x-tenant"] for request in collector.requests()} == {"t2"}
