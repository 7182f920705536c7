"""The README names everything that can be set and everything that is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from curio_tracking.records import FeatureStatus
from curio_tracking.testing import make_record
from curio_tracking_otel.attributes import LONGEST_TEXT
from curio_tracking_otel.durations import BOUNDS
from curio_tracking_otel.options import Options
from curio_tracking_otel.places import Places
from curio_tracking_otel.spans import make_span

README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
FULL = make_record(
    output_size=1,
    efficiency_score=0.5,
    cpu_seconds=0.1,
    memory_bytes=1,
    thread_id=1,
    app="shop",
    version="1",
    environment="staging",
    host="h",
    process_id=1,
    parent_id="p",
    error_type="E",
    error_message="m",
    status=FeatureStatus.FAILED,
    sample_weight=7.0,
    metadata={"_folded": 7},
)


@pytest.mark.parametrize("name", Options.model_fields)
def test_every_option_is_explained_with_its_default(name):
    row = next(line for line in README.splitlines() if line.startswith(f"| `FEATURE_TRACKING_OTEL__{name.upper()}` "))
    default = Options.model_fields[name].default
    if default is None or default == ():
        assert "`OTEL_" in row.split("|")[2] or "none" in row.split("|")[2]
    else:
        assert f"`{float(default):g}`" in row or f"`{default}`".lower() in row


def test_every_attribute_of_spans_and_resources_is_explained():
    span = make_span(FULL, Places(is_environment_chosen=True), ())
    events = [name for event in span.events for name in event.attributes]
    missing = [name for name in [*span.attributes, *span.resource.attributes, *events] if f"`{name}`" not in README]
    assert missing == []


def test_bounds_and_lengths_are_those_of_the_code():
    assert ", ".join(f"{bound:g}" for bound in BOUNDS) in README.replace("\n", " ")
    assert f"cut after {LONGEST_TEXT} bytes" in README
