from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from curio_tracking.records import FeatureRecord
from curio_tracking.summaries import STATISTICS, fold

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PATHS = ("/api/overall", "/api/categories", "/api/features", "/api/features/translate", "/api/records")


@pytest.mark.parametrize("path", PATHS)
def test_answer_is_json(shop: Any, client: Any, path: str) -> None:
    answer = client.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json


def test_overall_is_the_summary_of_everything(shop: list[FeatureRecord], client: Any) -> None:
    assert client.ask("/api/overall").json == fold(shop, ())[()].as_dict()


def test_features_are_summaries_most_calls_first_and_uncalled_ones_last(shop: Any, client: Any) -> None:
    rows = client.ask("/api/features").json
    names = [(row["feature_name"], row["total_calls"]) for row in rows]
    assert names == [("translate", 5), ("snapshot", 2), ("import", 1), ("late", 1), ("legacy_export", 0)]
    assert all(tuple(row) == STATISTICS for row in rows)


def test_categories_are_summaries_most_calls_first(shop: Any, client: Any) -> None:
    rows = client.ask("/api/categories").json
    assert [(row["category"], row["total_calls"]) for row in rows] == [
        ("ai_provider", 5),
        ("sysmon", 2),
        ("file_operation", 1),
        ("other", 1),
    ]


def test_one_feature_is_one_object(shop: list[FeatureRecord], client: Any) -> None:
    answer = client.ask("/api/features/translate").json
    assert answer == fold(shop, ("feature_name", "category"))["translate", "ai_provider"].as_dict()


def test_records_read_back_as_they_were_newest_first(shop: list[FeatureRecord], client: Any) -> None:
    rows = client.ask("/api/records").json
    assert [FeatureRecord.from_dict(row) for row in rows] == sorted(shop, key=lambda record: -record.start_us)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("category=sysmon", 2),
        ("status=FAILED", 1),
        ("since=2026-11-02", 1),
        ("until=2026-11-02", 8),
        ("feature_name=translate&status=success", 4),
        ("since=2026-11-01T12:00:05Z&until=2026-11-01T12:00:07Z", 2),
        ("feature_name=nothing", 0),
    ],
)
def test_same_filters_hold_everywhere(shop: Any, client: Any, query: str, count: int) -> None:
    assert len(client.ask(f"/api/records?{query}").json) == count
    assert client.ask(f"/api/overall?{query}").json["total_calls"] == count
    assert sum(row["total_calls"] for row in client.ask(f"/api/features?{query}").json) == count
    assert sum(row["total_calls"] for row in client.ask(f"/api/categories?{query}").json) == count


def test_feature_without_calls_in_scope_has_empty_figures(shop: Any, client: Any) -> None:
    answer = client.ask("/api/features/translate?since=2026-11-02").json
    assert (answer["feature_name"], answer["total_calls"], answer["avg_duration"]) == ("translate", 0, None)


@pytest.mark.parametrize("path", ["/api/features/nothing", "/api/nothing", "/api/", "/api/features/"])
def test_what_does_not_exist_is_a_404_with_a_message(shop: Any, client: Any, path: str) -> None:
    answer = client.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/json")
    assert list(answer.json) == ["error"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", ["since=x", "category=x", "status=x", "categroy=sysmon", "token=x"])
def test_bad_filter_is_a_400_with_a_message(shop: Any, client: Any, path: str, query: str) -> None:
    answer = client.ask(f"{path}?{query}")
    assert (answer.status, list(answer.json)) == (400, ["error"])


def test_limit_is_bounded(backend: Any, record: Callable[..., Any], client: Any) -> None:
    backend.append([record(n, feature_name=f"f{n:04}") for n in range(1100)])
    for path in ("/api/records", "/api/features"):
        shown = {given: client.ask(f"{path}?limit={given}") for given in ("", "7", "1000", "5000", "0")}
        assert {given: len(answer.json) for given, answer in shown.items()} == {
            "": 100,
            "7": 7,
            "1000": 1000,
            "5000": 1000,
            "0": 1000,
        }
        assert shown["0"].headers["x-limit"] == "1000"
        assert client.ask(f"{path}?limit=-1").status == 400


def test_numbers_that_json_lacks_are_null(backend: Any, record: Callable[..., Any], client: Any) -> None:
    backend.append([record(1, metadata={"ratio": float("nan"), "list": [float("inf"), 1.5]})])
    body = client.ask("/api/records").body
    row = json.loads(body, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))[0]
    assert row["metadata"] == {"ratio": None, "list": [None, 1.5]}


def test_thousands_of_parameters_are_refused(shop: Any, client: Any) -> None:
    assert client.ask("/api/overall?" + "&".join(f"a{n}={n}" for n in range(8000))).status == 400


def test_no_other_origin_may_read_the_answer(shop: Any, client: Any) -> None:
    answer = client.ask("/api/records", origin="https://evil.example")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_category_that_only_the_store_has_can_be_asked_for(
    client: Any, backend: Any, record: Callable[..., Any]
) -> None:
    backend.append([record(1, category="billing"), record(2)])
    assert [row["category"] for row in client.ask("/api/records?category=billing").json] == ["billing"]
    assert client.ask("/pages/calls?category=billing").status == 200


def test_category_that_is_nowhere_is_answered_with_the_stored_ones_too(
    client: Any, backend: Any, record: Callable[..., Any]
) -> None:
    backend.append([record(1, category="billing")])
    answer = client.ask("/api/records?category=bilingl")
    assert answer.status == 400
    assert answer.json["error"].endswith('; in the store: billing; did you mean "billing"?')
