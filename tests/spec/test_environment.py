"""Each variable of the specification: its default, and what it changes, in a process of its own."""

from __future__ import annotations

import json

import pytest

from curio_tracking.settings import load_settings

DEFAULTS = {
    "enabled": True,
    "failures_only": False,
    "min_duration": 0.0,
    "max_metadata_size": 10240,
    "anonymize": True,
    "exclude": (),
    "flush_interval": 100,
    "max_batch_size": 50,
}

APPLICATION = """
from curio_tracking import track_feature, tracking_context

@track_feature("quick")
def quick():
    pass

@track_feature("refuse")
def refuse():
    raise ValueError("no")

@track_feature("api_keys")
def api_keys():
    pass

with tracking_context(user_id="ada-lovelace", session_id="session-of-monday"):
    quick()
    api_keys()
    try:
        refuse()
    except ValueError:
        pass
"""


def features(world) -> list[str]:
    """Return the features of all records, oldest first."""
    return [record["feature_name"] for record in world.records()]


@pytest.mark.parametrize("name", DEFAULTS)
def test_default_is_that_of_the_specification(name: str) -> None:
    assert getattr(load_settings(strict=True), name) == DEFAULTS[name]


def test_without_variables_every_call_is_recorded(world) -> None:
    world.run(APPLICATION)
    assert features(world) == ["quick", "api_keys", "refuse"]


def test_enabled_false_records_nothing_and_creates_nothing(world) -> None:
    world.run(APPLICATION, ENABLED="false")
    assert not world.data_dir.exists()


def test_failures_only_keeps_failures_alone(world) -> None:
    world.run(APPLICATION, FAILURES_ONLY="true")
    assert features(world) == ["refuse"]


def test_min_duration_drops_quick_successes_and_no_failure(world) -> None:
    world.run(APPLICATION, MIN_DURATION="100")
    assert features(world) == ["refuse"]


LARGE = """
from curio_tracking import track
with track("large", text="word " * 4000, small=1):
    pass
"""


@pytest.mark.parametrize(("variables", "bound"), [({}, 10240), ({"MAX_METADATA_SIZE": "300"}, 300)])
def test_max_metadata_size_bounds_the_json(world, variables: dict[str, str], bound: int) -> None:
    world.run(LARGE, **variables)
    [record] = world.records()
    size = len(json.dumps(record["metadata"], ensure_ascii=False, separators=(",", ":")).encode())
    assert bound / 2 < size <= bound
    assert record["metadata"]["small"] == 1
    assert record["metadata"]["_truncated"]


def test_anonymize_hides_users_by_default(world) -> None:
    world.run(APPLICATION)
    assert b"lovelace" not in world.contents()
    assert b"monday" not in world.contents()
    assert {record["user_id"] for record in world.records()} != {None}


def test_anonymize_false_keeps_users_as_they_are(world) -> None:
    world.run(APPLICATION, ANONYMIZE="false")
    assert {(record["user_id"], record["session_id"]) for record in world.records()} == {
        ("ada-lovelace", "session-of-monday")
    }


def test_exclude_takes_a_comma_list_and_leaves_no_trace(world) -> None:
    world.run(APPLICATION, EXCLUDE="api_keys,passwords")
    assert features(world) == ["quick", "refuse"]
    assert b"api_keys" not in world.contents()


FLUSHING = """
import time
from curio_tracking import feature_tracker, track_feature

@track_feature("step")
def step():
    pass

step()
assert feature_tracker.flush(60)
for _ in range(INTERVAL - 1):
    step()
health = feature_tracker.health()
assert (health["written"], health["pending"]) == (1, INTERVAL - 1), health
step()
step()
deadline = time.monotonic() + 60
while feature_tracker.health()["written"] < INTERVAL + 1:
    assert time.monotonic() < deadline, feature_tracker.health()
    time.sleep(0.01)
"""


@pytest.mark.parametrize(("variables", "interval"), [({}, 100), ({"FLUSH_INTERVAL": "7"}, 7)])
def test_flush_interval_is_how_many_records_trigger_a_flush(world, variables: dict[str, str], interval: int) -> None:
    world.run(FLUSHING.replace("INTERVAL", str(interval)), FLUSH_SECONDS="3600", **variables)


BATCHES = """
from curio_tracking import hookimpl

class Sizes:
    def export(self, records):
        print(len(records))
    def close(self):
        pass

@hookimpl
def curio_register_exporters(register):
    register("sizes", lambda settings: Sizes())
"""

MANY = """
from curio_tracking import feature_tracker, track_feature

@track_feature("step")
def step():
    pass

step()
assert feature_tracker.flush(60)
for _ in range(120):
    step()
"""


@pytest.mark.parametrize(
    ("variables", "sizes"), [({}, [1, 50, 50, 20]), ({"MAX_BATCH_SIZE": "70"}, [1, 70, 50])], ids=["default", "70"]
)
def test_max_batch_size_is_the_most_records_in_one_write(world, variables: dict[str, str], sizes: list[int]) -> None:
    plugins = world.folder / "plugins"
    plugins.mkdir()
    (plugins / "sizes.py").write_text(BATCHES, "utf-8")
    done = world.run(MANY, FLUSH_SECONDS="3600", FLUSH_INTERVAL="1000", PLUGINS_DIR=str(plugins), **variables)
    assert [int(line) for line in done.out.split()] == sizes
