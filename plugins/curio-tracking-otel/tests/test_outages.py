"""A collector that is away, slow or refuses: the program gives the same results and ends, and the log says so once."""

from __future__ import annotations

from functools import partial

import pytest

PROGRAM = """
    import sys
    from curio_tracking import feature_tracker, track_feature

    @track_feature("work")
    def work(number):
        return number * 2

    print(work(21))
    feature_tracker.flush(60)
    sys.exit(3)
"""
SLOW = {"FEATURE_TRACKING_OTEL__TIMEOUT": "600"}
WARNING = 'exporter "otel" cannot send '


@pytest.fixture
def run(world):
    """Run programs as they are, not waiting for what never answers."""
    return partial(world.run, is_patient=False)


def assert_unharmed(result):
    """The program is as without us, and its log has at most the one warning."""
    assert (result.returncode, result.stdout) == (3, "42\n")
    lines = result.stderr.splitlines()
    assert len(lines) <= 1, result.stderr
    assert all(line.startswith(WARNING) for line in lines), result.stderr


def test_no_server_leaves_one_warning(run, protocol, nobody, at):
    result = run(PROGRAM, at(nobody, protocol))
    assert_unharmed(result)
    assert result.stderr.startswith(WARNING)


def test_the_warning_names_the_address_and_the_reason(run, protocol, nobody, at):
    # the program stays until it has heard of it: at an early end there may be no other reason than that
    hearing = """
    import logging, threading

    class Hear(logging.StreamHandler):
        def emit(self, record):
            super().emit(record)
            heard.set()

    heard = threading.Event()
    logging.getLogger("curio_tracking").addHandler(Hear())
    """
    source = hearing + PROGRAM.replace("sys.exit(3)", "heard.wait(120)")
    message = run(source, at(nobody, protocol)).stderr
    assert f"127.0.0.1:{nobody}" in message
    # older official gRPC exporters give the status alone
    assert "refused" in message or "UNAVAILABLE" in message


def test_a_server_that_never_answers_does_not_keep_the_program_from_ending(run, protocol, deaf, at):
    assert_unharmed(run(PROGRAM, at(deaf, protocol) | SLOW))


def test_a_server_that_takes_minutes_does_not_keep_the_program_from_ending(run, protocol, endpoint):
    collector = endpoint(protocol, "--delay", "300")
    assert_unharmed(run(PROGRAM, collector.variables | SLOW))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_of_another_protocol_leaves_one_warning(run, endpoint, scheme, at):
    collector = endpoint("http/protobuf")
    assert_unharmed(run(PROGRAM, at(collector.port, "grpc", scheme)))


def test_tls_to_a_server_without_leaves_one_warning(run, protocol, endpoint, at):
    collector = endpoint(protocol)
    assert_unharmed(run(PROGRAM, at(collector.port, protocol, "https")))


def test_records_are_stored_whatever_the_collector_does(run, protocol, nobody, world, at):
    run(PROGRAM, at(nobody, protocol))
    assert list(world.stored()) == ["work"]


def test_refused_data_leaves_one_warning(run, protocol, endpoint):
    collector = endpoint(protocol, "--refuse", "1000")
    result = run(PROGRAM, collector.variables)
    assert_unharmed(result)
    assert result.stderr.startswith(WARNING)


def test_writing_goes_on_while_the_collector_hangs(run, protocol, endpoint, world):
    collector = endpoint(protocol, "--delay", "300")
    source = """
        from curio_tracking import feature_tracker, track_feature

        @track_feature("work")
        def work(): ...

        for _ in range(20):
            for _ in range(200):
                work()
            assert feature_tracker.flush(60)
        print(feature_tracker.health()["written"])
        """
    assert run(source, collector.variables | SLOW).stdout == "4000\n"


def test_what_was_refused_for_a_moment_arrives_later(run, protocol, endpoint):
    collector = endpoint(protocol, "--refuse", "3", "--transient")
    result = run(PROGRAM.replace("sys.exit(3)", ""), collector.variables, until=lambda: collector.has_spans(1))
    assert (result.returncode, result.stdout) == (0, "42\n")
    assert collector.calls() == {("work", "success"): 1.0}


def test_what_waited_while_the_server_was_away_arrives_when_it_is_back(run, protocol, endpoint):
    collector = endpoint(protocol)
    collector.stop()
    started = []

    def come_back():
        if not started:
            started.append(True)
            collector.start()
        return collector.has_spans(1)

    source = PROGRAM.replace("sys.exit(3)", "import time; time.sleep(0.5)")
    run(source, collector.variables, until=come_back)
    assert [span.name for span in collector.spans()] == ["work"]


def test_a_batch_that_nobody_takes_does_not_hold_up_the_next(run, endpoint):
    collector = endpoint("http/protobuf", "--refuse", "3")
    source = f"""
        from curio_tracking import feature_tracker, track_feature
        import os, time

        @track_feature("first")
        def first(): ...

        @track_feature("second")
        def second(): ...

        first()
        feature_tracker.flush(60)
        while not os.path.exists({str(collector.file)!r}):
            time.sleep(0.01)  # until the first batch is on its way, so that the second call is not in it
        second()
        """
    without_metrics = {"FEATURE_TRACKING_OTEL__METRICS": "false"}
    run(source, collector.variables | without_metrics, until=collector.spans)
    assert [span.name for span in collector.spans()] == ["second"]


def test_the_applications_logging_hears_the_warning_and_nothing_of_ours_besides(run, protocol, nobody, at):
    source = """
    import logging
    logging.basicConfig(level=logging.DEBUG, format="%(name)s %(levelname)s")
    """
    result = run(source + PROGRAM, at(nobody, protocol))
    assert result.stderr == "curio_tracking WARNING\n"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ENDPOINT", "collector:4317", "begin with http:// or https://"),
        ("ENDPOINT", "http://user:hunter2hunter2@collector:4317", "credentials"),
        ("PROTOCOL", "carrier-pigeon", "grpc, http/protobuf"),
        ("HEADERS", "hunter2hunter2", "cannot be used"),
        ("TIMEOUT", "0", "not more than 0"),
        ("ENDPIONT", "http://collector", "no such option"),
    ],
)
def test_an_option_that_cannot_be_used_is_one_warning(run, name, value, words):
    good = {"FEATURE_TRACKING_OTEL__ENDPOINT": "http://127.0.0.1:1"}
    result = run(PROGRAM, good | {f"FEATURE_TRACKING_OTEL__{name}": value})
    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (3, "42\n", 1)
    assert f"FEATURE_TRACKING_OTEL__{name}" in result.stderr
    assert words in result.stderr


def test_what_the_official_exporters_say_while_they_are_made_is_not_printed(run):
    source = """
        import os
        from curio_tracking_otel.environment import Destination
        from curio_tracking_otel.official import build
        from curio_tracking_otel.silence import silenced

        os.environ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = "/nowhere.pem"
        with silenced():
            build(Destination("traces", "grpc", "https://localhost:1"), None).shutdown()
        """
    assert run(source).stderr == ""


def test_no_message_shows_a_secret(run, protocol, nobody, at):
    secret = {"FEATURE_TRACKING_OTEL__HEADERS": "authorization=hunter2hunter2"}
    bad = {"FEATURE_TRACKING_OTEL__HEADERS": "authorization hunter2hunter2"}
    # the official exporters quote what they cannot read
    theirs = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{nobody}", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    theirs["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization hunter2hunter2"
    outputs = [run(PROGRAM, at(nobody, protocol) | headers).stderr for headers in (secret, bad)]
    outputs.append(run(PROGRAM, theirs).stderr)
    assert all(output and "hunter2" not in output for output in outputs), outputs


def test_without_an_endpoint_nothing_is_sent_and_nothing_said(run):
    source = """
        import sys
        from curio_tracking import feature_tracker, track_feature

        @track_feature("work")
        def work(): ...

        work()
        feature_tracker.flush(60)
        print(sorted(name for name in sys.modules if name.partition(".")[0] in ("opentelemetry", "grpc", "requests")))
        """
    result = run(source)
    assert (result.returncode, result.stdout, result.stderr) == (0, "[]\n", "")


def test_a_disabled_sdk_sends_nothing(run, endpoint):
    collector = endpoint()
    run(PROGRAM, collector.variables | {"OTEL_SDK_DISABLED": "true"})
    assert collector.requests() == []
