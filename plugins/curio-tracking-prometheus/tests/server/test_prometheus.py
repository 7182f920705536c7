"""Prometheus itself scrapes both ways out; what its query API gives back must be what was tracked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from curio_tracking import FeatureCategory, FeatureTracker
from curio_tracking.records import FeatureStatus
from curio_tracking_prometheus.options import DEFAULT_BUCKETS

TOKEN = "a-token-of-many-characters"
HOSTILE = 'a"} 1\nb{c="\\\x00\x1b[31m\u202e名前'
SHOWN = 'a"} 1\\nb{c="\\\\x00\\x1b[31m\\u202e名前'
TRACKED = f"""
import os, sys, time
from curio_tracking import feature_tracker, track_feature

@track_feature("nap", "sysmon")
def nap(seconds):
    time.sleep(seconds)

@track_feature({HOSTILE!r})
def fail():
    raise ValueError("secret")

for number in range(40):
    nap(0.03 if number < 36 else 0.3)
for number in range(3):
    try: fail()
    except ValueError: pass
assert feature_tracker.flush(60)
"""
LISTEN = """
import os
from prometheus_client import start_http_server
start_http_server(int(os.environ["PORT"]), "127.0.0.1")
"""
LOWER_BOUNDS = dict(zip(DEFAULT_BUCKETS, (0.0, *DEFAULT_BUCKETS), strict=False))


@pytest.fixture
def stored() -> None:
    """A store with 60 calls of a feature, 5 of them failed, and one feature that was never called."""
    tracker = FeatureTracker()
    tracker.track_feature("legacy", FeatureCategory.OTHER)(lambda: None)
    for number in range(60):
        record_id = tracker.start_custom_tracking(
            "import", FeatureCategory.FILE_OPERATION, user_id=f"user {number % 4}"
        )
        status = FeatureStatus.FAILED if number < 5 else FeatureStatus.SUCCESS
        tracker.complete_custom_tracking(record_id, status=status)
    tracker.close()


def _bucket_of(value: float) -> tuple[float, float]:
    upper = next(bound for bound in DEFAULT_BUCKETS if value <= bound)
    return LOWER_BOUNDS[upper], upper


def test_totals_of_the_store_are_read_back(
    stored: None, dashboard: Callable[..., str], prometheus: Callable[..., Any]
) -> None:
    server = prometheus({"store": dashboard()})
    server.until('curio_tracking_store_calls_total{feature="import",status="success"}', 55)
    labels = frozenset({("feature", "import"), ("category", "file_operation")})
    assert server.query('sum(curio_tracking_store_calls_total{status="failed"})') == {frozenset(): 5}
    assert server.query('sum(curio_tracking_store_calls_total{feature="legacy"})') == {frozenset(): 0}
    assert server.query('sum without (__name__) (curio_tracking_store_unique_users{feature="import"})') == {labels: 4}
    assert server.query("sum(curio_tracking_store_call_duration_seconds_count)") == {frozenset(): 60}


def test_counters_of_the_store_rise_with_further_calls(
    stored: None, dashboard: Callable[..., str], prometheus: Callable[..., Any], python: Any
) -> None:
    server = prometheus({"store": dashboard()})
    server.until('curio_tracking_store_calls_total{feature="import",status="success"}', 55)
    python(TRACKED)
    server.until('curio_tracking_store_calls_total{feature="nap",status="success"}', 40)
    assert server.query("sum(curio_tracking_store_calls_total)") == {frozenset(): 103}


def test_dashboard_with_a_token_is_scraped_with_the_token(
    stored: None, dashboard: Callable[..., str], prometheus: Callable[..., Any]
) -> None:
    server = prometheus({"store": dashboard(FEATURE_TRACKING_DASHBOARD_TOKEN=TOKEN)}, token=TOKEN)
    server.until("sum(curio_tracking_store_calls_total)", 60)


def test_dashboard_with_a_token_is_not_scraped_without_it(
    stored: None, dashboard: Callable[..., str], prometheus: Callable[..., Any]
) -> None:
    server = prometheus({"store": dashboard(FEATURE_TRACKING_DASHBOARD_TOKEN=TOKEN)})
    server.until('up{job="store"}', 0)
    assert server.query("curio_tracking_store_calls_total") == {}


def test_executions_of_an_application_are_read_back(
    application: Callable[..., str], prometheus: Callable[..., Any]
) -> None:
    server = prometheus({"app": application(LISTEN + TRACKED)})
    server.until('curio_tracking_calls_total{feature="nap",category="sysmon",status="success"}', 40)
    found = server.query('sum by (feature) (curio_tracking_calls_total{status="failed"} > 0)')
    assert found == {frozenset({("feature", SHOWN)}): 3}


def test_quantiles_are_right_within_their_bucket(
    application: Callable[..., str], dashboard: Callable[..., str], prometheus: Callable[..., Any]
) -> None:
    server = prometheus({"app": application(LISTEN + TRACKED), "store": dashboard()})
    server.until('curio_tracking_call_duration_seconds_count{feature="nap"}', 40)
    server.until('curio_tracking_store_call_duration_seconds_count{feature="nap"}', 40)
    tracker = FeatureTracker()
    statistics = tracker.stats("nap")
    tracker.close()
    for fraction in ("0.5", "0.95"):
        exact = statistics[f"p{fraction[2:].ljust(2, '0')}_duration"]
        lower, upper = _bucket_of(exact)
        for metric in ("curio_tracking_call_duration_seconds", "curio_tracking_store_call_duration_seconds"):
            (found,) = server.query(f'histogram_quantile({fraction}, {metric}_bucket{{feature="nap"}})').values()
            assert lower <= found <= upper, (metric, fraction, exact)


def test_both_ways_out_agree(
    application: Callable[..., str], dashboard: Callable[..., str], prometheus: Callable[..., Any]
) -> None:
    server = prometheus({"app": application(LISTEN + TRACKED), "store": dashboard()})
    server.until("sum(curio_tracking_calls_total)", 43)
    server.until("sum(curio_tracking_store_calls_total)", 43)
    same = "curio_tracking_calls_total == ignoring (job, instance) curio_tracking_store_calls_total"
    assert server.query(f"count({same})") == {frozenset(): 8}


def test_port_of_the_exporter_is_scraped(
    application: Callable[..., str], prometheus: Callable[..., Any], free_port: Callable[[], int]
) -> None:
    port = str(free_port())
    application(TRACKED, FEATURE_TRACKING_PROMETHEUS__PORT=port)
    server = prometheus({"app": f"127.0.0.1:{port}"})
    server.until('curio_tracking_calls_total{feature="nap",status="success"}', 40)


Promtool = Callable[[str], subprocess.CompletedProcess[str]]


def test_linter_has_nothing_to_say_about_the_page(
    stored: None, python: Any, dashboard: Callable[..., str], fetch: Callable[[str], str], promtool: Promtool
) -> None:
    python(TRACKED)
    checked = promtool(fetch(dashboard(FEATURE_TRACKING_PROMETHEUS__MAX_FEATURES="2")))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_linter_has_nothing_to_say_about_the_exporter(
    application: Callable[..., str], fetch: Callable[[str], str], promtool: Promtool
) -> None:
    checked = promtool(fetch(application(LISTEN + TRACKED, FEATURE_TRACKING_PROMETHEUS__MAX_FEATURES="1")))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_linter_does_find_faults(promtool: Promtool) -> None:
    checked = promtool("# HELP calls Calls.\n# TYPE calls counter\ncalls 1\n")
    assert checked.returncode != 0
