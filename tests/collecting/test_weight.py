"""Weight: what custom metadata keeps alive, and what is left of it beyond the bound."""

from __future__ import annotations

from sys import getsizeof
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.collecting.weight import MOST_BYTES, bounded, weight_of

LARGE: dict[str, Any] = {
    "ascii": "x" * 1_000_000,
    "wide": "\N{MUSICAL SYMBOL G CLEF}" * 1_000_000,
    "bytes": bytes(1_000_000),
    "list": [1.5] * 1_000_000,
    "nested": {"rows": [{"cell": "x" * 1_000} for _ in range(1_000)]},
    "keys": {f"key {number}": None for number in range(100_000)},
}


class Hostile:
    """An object of the host that answers nothing."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")

    __len__ = __iter__ = __hash__ = __sizeof__ = __eq__ = __bool__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("kind", LARGE)
def test_large_value_is_cut_or_left_out(kind: str) -> None:
    kept, weight = bounded({"small": 1, kind: LARGE[kind]})
    assert kept["small"] == 1
    assert weight_of(kept) <= MOST_BYTES
    assert weight <= MOST_BYTES


def test_many_values_that_are_too_much_together_are_cut() -> None:
    kept, weight = bounded({f"key {number}": "x" * 100_000 for number in range(50)})
    assert max(weight, weight_of(kept)) <= MOST_BYTES


def test_what_is_within_the_bound_is_left_alone() -> None:
    metadata = {"text": "x" * 10_000, "list": [1, 2, {"a": None}]}
    assert bounded(metadata)[0] is metadata


def test_nothing_is_asked_of_objects_of_the_host() -> None:
    metadata = {"hostile": Hostile(), "large": "x" * 1_000_000}
    assert type(bounded(metadata)[0]["hostile"]) is Hostile


def test_metadata_that_contains_itself_has_a_weight() -> None:
    metadata: dict[str, Any] = {"text": "x" * 300_000}
    metadata["itself"] = [metadata, metadata]
    assert bounded(metadata)[1] <= MOST_BYTES


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=5), st.integers(0, 100_000)),
        max_size=12,
    )
)
def test_texts_never_weigh_more_than_the_bound(metadata: dict[str, Any]) -> None:
    kept, weight = bounded(metadata)
    assert weight <= MOST_BYTES
    assert sum(getsizeof(key) + getsizeof(value) for key, value in kept.items()) <= MOST_BYTES
    assert all(value == "…" or metadata[key].startswith(value) for key, value in kept.items())
