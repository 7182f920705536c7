from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from curio_tracking import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PAGES = ("/", "/pages/overview", "/pages/features", "/pages/performance", "/pages/calls")
DASH = "\N{EN DASH}"
VIEWS = (*PAGES, "/pages/features?feature_name=translate", "/pages/calls?record_id=r000004")


@pytest.mark.parametrize("path", VIEWS)
def test_page_is_a_whole_document_that_assistive_programs_can_use(shop: Any, client: Any, path: str) -> None:
    answer = client.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = answer.page
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.all("th"))
    assert all(attributes.get("tabindex") == "0" for attributes in page.all("div") if "role" in attributes)
    assert sum(attributes.get("aria-current") == "page" for attributes in page.all("a")) == 1


@pytest.mark.parametrize("path", VIEWS)
def test_page_needs_no_script_no_inline_style_and_nothing_from_elsewhere(shop: Any, client: Any, path: str) -> None:
    for tag, attributes in client.ask(path).page.tags:
        assert tag not in ("script", "style", "iframe", "object")
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("href", "src", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#"))
            assert not (attributes.get(name) or "/").startswith("//")


@pytest.mark.parametrize("path", PAGES)
def test_every_link_leads_somewhere(shop: Any, client: Any, path: str) -> None:
    links = {link for link in client.ask(path).page.links if not link.startswith("#")}
    assert {link: client.ask(link).status for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize("path", PAGES)
def test_empty_store_is_no_error_and_says_how_to_begin(client: Any, path: str) -> None:
    answer = client.ask(path)
    assert answer.status == 200
    assert "No calls yet" in answer.page.text
    assert "@track_feature" in answer.page.text


def test_overview_shows_the_overall_figures(shop: Any, client: Any) -> None:
    text = client.ask("/").page.text
    assert "Calls 9" in text
    assert "Success rate 66.7%" in text
    assert "Failures 2 1 timed out" in text
    assert "Features used 4 1 not called" in text
    assert "Users 2" in text


def test_overview_shows_categories_features_performance_and_calls(shop: Any, client: Any) -> None:
    text = client.ask("/").page.text
    assert "ai_provider 5 80% sysmon 2 50%" in text
    assert "snapshot 2 min 45 s 1 min 22 s" in text  # 75 s and 90 s: total, then average
    assert "2026-11-01 12:00:07 import file_operation partial 2.00 ms" in text
    assert "ValueError no such language" in text


def test_feature_that_was_declared_and_never_called_is_listed(shop: Any, client: Any) -> None:
    assert (
        f"legacy_export file_operation 0 {DASH} {DASH} {DASH} {DASH} not called"
        in client.ask("/pages/features").page.text
    )
    assert "Never called" in client.ask("/pages/features?feature_name=legacy_export").page.text


def test_averages_over_nothing_are_dashes_not_zeros(shop: Any, client: Any) -> None:
    assert f"Efficiency {DASH}" in client.ask("/pages/features?feature_name=snapshot").page.text


def test_feature_page_shows_statistics_durations_errors_and_calls(shop: Any, client: Any) -> None:
    page = client.ask("/pages/features?feature_name=translate").page
    assert "Calls 5 Success rate 80% Failures 1" in page.text
    assert "Shortest 250 ms" in page.text
    assert "250 ms 5" in page.text  # the one step of the distribution
    assert "Average output size 20" in page.text
    assert "First used 2026-11-01 12:00:00" in page.text
    assert "ValueError 1" in page.text
    assert "2026-11-01 12:00:04 failed 250 ms" in page.text
    assert [attributes.get("class") for attributes in page.all("svg")].count("strip") == 1


def test_errors_of_a_feature_are_counted_by_type_with_the_latest_message(
    backend: Any, record: Callable[..., Any], client: Any
) -> None:
    failed, timed_out = FeatureStatus.FAILED, FeatureStatus.TIMEOUT
    backend.append(
        [
            record(1, status=failed, error_type="KeyError", error_message="old"),
            record(3, status=failed, error_type="KeyError", error_message="new"),
            record(2, status=timed_out, error_type="TimeoutError", error_message="too slow"),
            record(4, status=FeatureStatus.PARTIAL, error_message="2 rows skipped"),
        ]
    )
    text = client.ask("/pages/features?feature_name=translate").page.text
    errors = text.partition("by type of error")[2].partition("Recent calls")[0]
    assert "The latest 3 failures" in text
    assert "KeyError 2" in errors
    assert "new" in errors
    assert "old" not in errors
    assert "TimeoutError 1" in errors
    assert "skipped" not in errors


def test_call_page_shows_every_field_and_the_metadata(shop: Any, client: Any) -> None:
    text = client.ask("/pages/calls?record_id=r000005&start_time=2026-11-01T12:00:05.000000Z").page.text
    assert "2026-11-01 12:00:05.000000" in text
    assert "record_id r000005" in text
    assert '{ "plan": "pro" }' in text


@pytest.mark.parametrize(
    "path",
    [
        "/pages/features?feature_name=nothing",
        "/pages/calls?record_id=nothing",
        "/pages/calls?record_id=r000005&start_time=2020-01-01",
        "/pages/nothing",
        "/nothing",
        "/static/nothing",
        "/static/..%2fapp.py",
        "/pages/",
    ],
)
def test_what_does_not_exist_is_a_404_page_in_the_frame(shop: Any, client: Any, path: str) -> None:
    answer = client.ask(path)
    assert answer.status == 404
    assert "/pages/features" in answer.page.links
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=yesterdayish", "annot read the time"),
        ("since=2026-11-02&until=2026-11-01", "time range is empty"),
        ("category=ai", "nknown category"),
        ("status=ok", "nknown status"),
        ("since=" + "9" * 400 + "d", "annot read the time"),
        ("&".join(f"x{n}={n}" for n in range(8000)), "too many parameters"),
    ],
)
@pytest.mark.parametrize("path", PAGES)
def test_bad_filter_is_a_400_page_with_one_clear_message(
    shop: Any, client: Any, path: str, query: str, words: str
) -> None:
    answer = client.ask(f"{path}?{query}")
    assert answer.status == 400
    assert answer.page.text.count(words) == 1


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "limit=1.5", "limit=%C2%B2", "sort=colour"])
def test_bad_limit_or_order_is_a_400_page(shop: Any, client: Any, query: str) -> None:
    assert client.ask(f"/pages/features?{query}").status == 400


def test_400_page_keeps_what_was_typed_for_correction(shop: Any, client: Any) -> None:
    page = client.ask("/pages/calls?since=lastweek&category=nonsense").page
    assert [field["value"] for field in page.all("input") if field["name"] == "since"] == ["lastweek"]
    assert {"value": "nonsense", "selected": None} in page.all("option")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("category=sysmon", 2),
        ("category=SYSMON", 2),
        ("status=failed", 1),
        ("since=2026-11-02", 1),
        ("until=2026-11-02", 8),
        ("since=2026-11-01T12:00:05&until=2026-11-01T12:00:07", 2),
        ("since=2026-11-01T12%3A00%3A05%2B00%3A00&category=sysmon&status=timeout", 1),
        ("feature_name=translate", 5),
    ],
)
def test_filters_choose_the_calls(shop: Any, client: Any, query: str, count: int) -> None:
    page = client.ask(f"/pages/calls?{query}").page
    assert sum(link.startswith("/pages/calls?record_id=") for link in page.links) == count


def test_filters_that_leave_nothing_are_said_to(shop: Any, client: Any) -> None:
    for path in PAGES:
        assert "No calls match these filters" in client.ask(f"{path}?status=failed&category=sysmon").page.text


def test_feature_whose_calls_are_all_filtered_out_still_has_its_page(shop: Any, client: Any) -> None:
    answer = client.ask("/pages/features?feature_name=snapshot&status=failed")
    assert answer.status == 200
    assert "No calls match these filters" in answer.page.text


def test_filters_stay_in_the_links_of_the_page(shop: Any, client: Any) -> None:
    page = client.ask("/?since=2026-11-01&until=2026-12-01&category=ai_provider&status=success").page
    kept = "since=2026-11-01&until=2026-12-01&category=ai_provider&status=success"
    for path in ("/", "/pages/features", "/pages/performance", "/pages/calls"):
        assert f"{path}?{kept}" in page.links
    assert f"/pages/features?{kept}&feature_name=translate" in page.links


def test_filter_form_is_a_plain_get_form_with_labels_that_keeps_the_feature(shop: Any, client: Any) -> None:
    page = client.ask("/pages/features?feature_name=translate&since=2026-10-01").page
    assert [(form["method"], form["action"]) for form in page.all("form")] == [("get", "/pages/features")]
    fields = {field["name"]: field["value"] for field in page.all("input")}
    assert fields == {"feature_name": "translate", "since": "2026-10-01", "until": ""}
    shown = [field for field in page.all("input") if field.get("type") != "hidden"]
    assert len(page.all("label")) == len(shown) + len(page.all("select"))


def test_title_names_the_feature(shop: Any, client: Any) -> None:
    assert (
        f"translate {DASH} Features {DASH} Curio Tracking" in client.ask("/pages/features?feature_name=translate").html
    )


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("total_calls", "translate"),
        ("feature_name", "import"),
        ("success_rate", "import"),
        ("avg_duration", "snapshot"),
        ("last_used", "late"),
    ],
)
def test_features_are_sorted_as_asked_and_uncalled_ones_come_last_by_figures(
    shop: Any, client: Any, sort: str, first: str
) -> None:
    page = client.ask(f"/pages/features?sort={sort}").page
    names = [parse_qs(urlsplit(link).query)["feature_name"][0] for link in page.links if "feature_name=" in link]
    assert names[0] == first
    assert sort == "feature_name" or names[-1] == "legacy_export"
    assert sum("aria-sort" in attributes for attributes in page.all("th")) == 1


def test_long_lists_are_cut_and_say_so(backend: Any, record: Callable[..., Any], client: Any) -> None:
    backend.append([record(n, feature_name=f"f{n:04}") for n in range(1100)])
    for path, kind in (("/pages/features", "feature_name="), ("/pages/calls", "record_id=")):
        short, long = client.ask(path).page, client.ask(f"{path}?limit=0").page
        rows = [sum(link.startswith(f"{path}?{kind}") for link in page.links) for page in (short, long)]
        assert rows == [100, 1000]
        assert any("limit=0" in link for link in short.links)


def test_sampled_calls_count_with_their_weight(backend: Any, record: Callable[..., Any], client: Any) -> None:
    backend.append([record(1, sample_weight=10.0), record(2, status=FeatureStatus.FAILED)])
    text = client.ask("/").page.text
    assert "Calls 11 Success rate 90.9%" in text


def test_calls_of_a_real_tracker_are_on_the_page(make_tracker: Callable[..., Any], backend: Any, client: Any) -> None:
    tracker = make_tracker()

    @tracker.track_feature("convert", "file_operation")
    def convert(number: int) -> float:
        return 10 / number

    convert(2)
    with pytest.raises(ZeroDivisionError):
        convert(0)
    assert tracker.flush(timeout=30)
    text = client.ask("/pages/features?feature_name=convert").page.text
    assert "Calls 2 Success rate 50%" in text
    assert "ZeroDivisionError" in text
