"""Forks: children send what is theirs, the parent what is its own, and the host sees no trace of our threads."""

from __future__ import annotations

import pytest

FORKING = """
    import os, sys, threading
    from curio_tracking import feature_tracker, track_feature

    @track_feature("parent")
    def parent(): ...

    @track_feature("child")
    def child(): ...

    parent()
    feature_tracker.flush(60)
    for _ in range(3):
        process = os.fork()
        if not process:
            child()
            sys.exit()
        assert os.waitpid(process, 0)[1] == 0
        parent()
        feature_tracker.flush(60)
"""
POOL = """
    import multiprocessing
    from curio_tracking import feature_tracker, track_feature

    @track_feature("parent")
    def parent(): ...

    @track_feature("child")
    def child(number):
        return number * 2

    if __name__ == "__main__":
        parent()
        feature_tracker.flush(60)
        with multiprocessing.get_context("METHOD").Pool(2) as pool:
            assert pool.map(child, range(8)) == [number * 2 for number in range(8)]
            pool.close()
            pool.join()
"""


def test_every_call_of_parent_and_children_arrives_once(endpoint, run, protocol):
    collector = endpoint(protocol)
    result = run(FORKING, collector.variables, "-W", "always", until=lambda: collector.has_spans(7))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert sorted(span.name for span in collector.spans()) == ["child"] * 3 + ["parent"] * 4


def test_each_process_is_a_resource_of_its_own(endpoint, run, protocol):
    collector = endpoint(protocol)
    run(FORKING, collector.variables, until=lambda: collector.has_spans(7))
    by_process = {(one["process.pid"], one["service.instance.id"]) for one in collector.span_resources()}
    assert len(by_process) == len({process for process, _ in by_process}) == 4


def test_no_thread_of_ours_is_there_when_the_host_forks(endpoint, run, protocol):
    collector = endpoint(protocol)
    source = """
        import os, threading, time

        at_forks = []
        os.register_at_fork(before=lambda: at_forks.append(threading.active_count()))  # the first is called last

        from curio_tracking import feature_tracker, track_feature

        def threads():
            # one that has ended is gone from the kernel a moment later; none begins before the next call
            last_look = time.monotonic() + 60
            while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < last_look:
                time.sleep(0.001)
            return len(os.listdir("/proc/self/task"))

        @track_feature("parent")
        def parent(): ...

        for _ in range(20):
            parent()
            feature_tracker.flush(60)
            process = os.fork()
            if not process:
                os._exit(0)
            print(at_forks[-1], threads())
            os.waitpid(process, 0)
        """
    result = run(source, collector.variables)
    assert result.stdout == "1 1\n" * 20


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_calls_in_a_pool_arrive(endpoint, run, protocol, method):
    collector = endpoint(protocol)
    source = POOL.replace("METHOD", method)
    result = run(source, collector.variables)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert sorted(span.name for span in collector.spans()) == ["child"] * 8 + ["parent"]


def test_forks_go_on_while_the_collector_hangs(endpoint, run, protocol):
    collector = endpoint(protocol, "--delay", "300")
    slow = {"FEATURE_TRACKING_OTEL__TIMEOUT": "600"}
    result = run(FORKING, collector.variables | slow, is_patient=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_nothing_runs_on_after_closing(endpoint, run, protocol):
    collector = endpoint(protocol)
    source = """
        import os, time
        from curio_tracking import FeatureTracker

        for _ in range(5):
            tracker = FeatureTracker(backend="memory")
            with tracker.track("work"):
                pass
            tracker.flush(60)
            tracker.close()
        # gRPC's own threads need a moment to notice
        last_look = time.monotonic() + 60
        while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < last_look:
            time.sleep(0.01)
        print(len(os.listdir("/proc/self/task")))
        """
    assert run(source, collector.variables).stdout == "1\n"
