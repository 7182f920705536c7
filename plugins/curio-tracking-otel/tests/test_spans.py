"""Spans, as a real OTLP endpoint gets them from a program that is run as a user runs it."""

from __future__ import annotations

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from curio_tracking_otel.identity import span_id

PROGRAM = """
    from curio_tracking import FeatureCategory, track, track_feature, tracking_context

    @track_feature("inner", FeatureCategory.DATABASE_OPERATION)
    def inner(rows):
        return rows * 2

    @track_feature("outer", FeatureCategory.AI_PROVIDER)
    def outer(rows):
        return inner(rows) + inner(rows)

    @track_feature("broken")
    def broken():
        raise ValueError("no such file, password=hunter2hunter2")

    @track_feature("late")
    def late():
        raise TimeoutError("too slow")

    with tracking_context(user_id="alice@example.org", session_id="session-4711", plan="pro"):
        outer("abc")
        with track("half", FeatureCategory.FILE_OPERATION) as run:
            run.iterations = 3
            run.output_size = 10_000
            run.add_metadata(rows=10, note="for nobody")
            run.partial("2 rows skipped")
        for failing in (broken, late):
            try:
                failing()
            except Exception:
                pass
"""


@pytest.fixture(scope="module")
def got(shared_world, protocol):
    """The endpoint after one run of the program."""
    collector = shared_world.endpoint(protocol)
    given = {
        "FEATURE_TRACKING_APP": "shop",
        "FEATURE_TRACKING_VERSION": "1.2",
        "FEATURE_TRACKING_DATA_DIR": str(collector.data_dir),
    }
    result = shared_world.run(PROGRAM, collector.variables | given, until=lambda: collector.has_spans(6))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return collector


@pytest.fixture(scope="module")
def records(shared_world, got):
    """What that run has stored."""
    return shared_world.stored(got.data_dir)


def test_every_record_becomes_one_span(got):
    assert sorted(span.name for span in got.spans()) == ["broken", "half", "inner", "inner", "late", "outer"]


def test_times_are_those_of_the_records(got, records):
    for name in ("outer", "half", "broken", "late"):
        span, record = got.span(name), records[name]
        assert span.start_time_unix_nano == record.start_us * 1000
        assert span.end_time_unix_nano - span.start_time_unix_nano == round(record.duration * 1e9)


def test_span_ids_can_be_computed_from_record_ids(got, records):
    assert got.span("outer").span_id == span_id(records["outer"].record_id).to_bytes(8, "big")


def test_nested_calls_form_one_trace(got):
    outer = got.span("outer")
    inner = [span for span in got.spans() if span.name == "inner"]
    assert [(span.trace_id, span.parent_span_id) for span in inner] == [(outer.trace_id, outer.span_id)] * 2


def test_calls_side_by_side_are_traces_of_their_own(got):
    outermost = [span for span in got.spans() if not span.parent_span_id]
    assert len({span.trace_id for span in outermost}) == len(outermost) == 4


def test_three_levels_are_one_trace(endpoint, run, protocol):
    collector = endpoint(protocol)
    run(
        """
        import asyncio
        from curio_tracking import track, track_feature

        @track_feature("leaf")
        def leaf(): ...

        @track_feature("middle")
        async def middle():
            await asyncio.sleep(0)
            leaf()

        async def main():
            with track("top"):
                await middle()

        asyncio.run(main())
        """,
        collector.variables,
        until=lambda: collector.has_spans(3),
    )
    top, middle, leaf = (collector.span(name) for name in ("top", "middle", "leaf"))
    assert (middle.parent_span_id, leaf.parent_span_id) == (top.span_id, middle.span_id)
    assert len({top.trace_id, middle.trace_id, leaf.trace_id}) == 1


@pytest.mark.parametrize(("name", "message"), [("late", "too slow")])
def test_failures_have_the_status_error_and_the_message(got, name, message):
    assert (got.span(name).status.code, got.span(name).status.message) == (Status.STATUS_CODE_ERROR, message)


def test_messages_are_scrubbed_before_they_leave(got):
    assert all(b"hunter2hunter2" not in request.body for request in got.requests())


def test_exceptions_are_events_at_the_end_of_the_span(got, values):
    span = got.span("late")
    (event,) = span.events
    assert (event.name, event.time_unix_nano) == ("exception", span.end_time_unix_nano)
    assert values(event.attributes) == {"exception.type": "TimeoutError", "exception.message": "too slow"}


def test_successes_and_partial_results_leave_the_status_unset(got):
    assert {got.span(name).status.code for name in ("outer", "half")} == {Status.STATUS_CODE_UNSET}


def test_attributes_are_those_of_the_record(got, records, values):
    record = records["half"]
    assert values(got.span("half").attributes) == {
        "curio.feature_name": "half",
        "curio.category": "file_operation",
        "curio.status": "partial",
        "curio.record_id": record.record_id,
        "curio.iterations": 3,
        "curio.output_size": 10_000,
        "curio.efficiency_score": record.efficiency_score,
        "curio.sample_weight": 1.0,
        "thread.id": record.thread_id,
    }


def test_the_type_of_an_error_is_an_attribute(got, values):
    assert values(got.span("broken").attributes)["error.type"] == "ValueError"


def test_spans_are_internal(got):
    assert {span.kind for span in got.spans()} == {Span.SPAN_KIND_INTERNAL}


def test_no_user_session_or_metadata_leaves_the_machine(got, records):
    record = records["half"]
    bodies = b"".join(request.body for request in got.requests())
    for secret in ("alice", "session-4711", record.user_id, record.session_id, "for nobody", "plan", "parameters"):
        assert secret.encode() not in bodies, secret


def test_the_resource_says_where_the_calls_were(got, records, values):
    record = records["outer"]
    resources = got.span_resources()
    expected = {
        "service.name": "shop",
        "service.version": "1.2",
        "deployment.environment.name": "production",
        "deployment.environment": "production",
        "host.name": record.host,
        "process.pid": record.process_id,
    }
    assert all(expected.items() <= resource.items() for resource in resources)


def test_a_folded_record_says_how_many_calls_it_stands_for(endpoint, run, protocol, values):
    collector = endpoint(protocol)
    source = """
        from curio_tracking import track_feature

        @track_feature("often")
        def often(): ...

        for _ in range(30_000):
            often()
        """
    run(
        source,
        collector.variables | {"FEATURE_TRACKING_OTEL__QUEUE_SIZE": "100000"},
        until=lambda: collector.has_spans(10_001),
    )
    found = [values(span.attributes) for span in collector.spans()]
    folded = {attributes["curio.folded_calls"] for attributes in found if "curio.folded_calls" in attributes}
    assert folded == {attributes["curio.sample_weight"] for attributes in found} - {1.0} != set()


def test_a_program_of_one_call_sends_it_when_it_ends(endpoint, run, protocol):
    collector = endpoint(protocol)
    source = """
        from curio_tracking import track_feature

        @track_feature("once")
        def once(): ...

        once()
        """
    variables = collector.variables
    result = run(source, variables | {name: "3600" for name in variables if name.endswith("INTERVAL")})
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert [span.name for span in collector.spans()] == ["once"]
    assert collector.calls() == {("once", "success"): 1.0}
