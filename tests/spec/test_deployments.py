"""The three deployments of the specification: development, staging, production."""

from __future__ import annotations

APPLICATION = """
from curio_tracking import feature_tracker, track_feature, tracking_context

@track_feature("begin")
def begin():
    pass

@track_feature("translate")
def translate(text):
    return text.upper()

@track_feature("refuse")
def refuse():
    raise ValueError("no")

begin()
feature_tracker.flush(60)  # from here on the settings are those of the full model
with tracking_context(user_id="ada-lovelace"):
    for _ in range(400):
        translate("bonjour")
        try:
            refuse()
        except ValueError:
            pass
"""


def records_of(world, environment: str | None) -> dict[str, list[dict]]:
    """Run the application in a deployment and return its records by feature."""
    variables = {} if environment is None else {"ENVIRONMENT": environment}
    world.run(APPLICATION, **variables)
    found: dict[str, list[dict]] = {}
    for record in world.records():
        found.setdefault(record["feature_name"], []).append(record)
    return found


def test_development_tracks_everything_in_detail(world) -> None:
    found = records_of(world, "development")
    assert (len(found["translate"]), len(found["refuse"])) == (400, 400)
    record = found["translate"][0]
    assert record["metadata"]["parameters"]["text"]["value"] == "bonjour"
    assert record["cpu_seconds"] is not None
    assert record["environment"] == "development"


def test_staging_samples_successes_and_keeps_totals_and_failures(world) -> None:
    found = records_of(world, "staging")
    assert 0 < len(found["translate"]) < 200
    assert len(found["refuse"]) == 400
    assert {record["sample_weight"] for record in found["translate"]} == {10.0}
    assert {record["environment"] for record in found["refuse"]} == {"staging"}
    figures = world.json("feature-stats", "translate")
    assert figures["total_calls"] == 10 * len(found["translate"])


def test_production_is_the_default_with_privacy_controls(world) -> None:
    found = records_of(world, None)
    assert (len(found["translate"]), len(found["refuse"])) == (400, 400)
    record = found["translate"][0]
    assert record["environment"] == "production"
    assert record["metadata"]["parameters"] == {"text": {"type": "str", "size": 7}}
    assert record["cpu_seconds"] is None
    assert b"lovelace" not in world.contents()
    assert b"bonjour" not in world.contents()
