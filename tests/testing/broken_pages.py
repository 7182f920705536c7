"""Pages that each break one promise, and the test that has to notice. `test_page_contract` runs it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from html import escape

from suites import Suites

from curio_tracking.dashboard import escape_text
from curio_tracking.errors import QueryError
from curio_tracking.hookspecs import PageContent
from curio_tracking.queries import RecordQuery
from curio_tracking.reader import Reader
from curio_tracking.testing import PageContract

SUITES = Suites(globals(), PageContract, lambda broken: {"render": lambda: broken})
CAUGHT_BY, caught_by = SUITES.caught_by, SUITES.caught_by_test
Query = Mapping[str, str]


@SUITES.sound
def sound_page(reader: Reader, query: Query) -> str:
    found = reader.features(reader.where(since=query.get("since")))
    rows = "".join(
        f"<li><a href='/pages/features' title='{escape_text(part.feature_name or '')}'>"
        f"{escape_text(part.feature_name or '')}</a> {part.total_calls}"
        for part in found
    )
    calls = "".join(
        f"<tr><td>{escape_text(record.error_message or '')}" for record in reader.records(RecordQuery(limit=10))
    )
    return f"<h2>Features</h2><ol>{rows}</ol><br><table>{calls}</table><img src='data:image/png;base64,' alt=''>"


@SUITES.sound
def sound_content(reader: Reader, query: Query) -> PageContent:
    rows = "".join(f"{part.feature_name}\t{part.total_calls}\n" for part in reader.features(RecordQuery()))
    return PageContent(rows.encode("utf-8", "replace"), "text/tab-separated-values; charset=utf-8")


@SUITES.sound
def sound_document(reader: Reader, query: Query) -> PageContent:
    page = f"<!doctype html><html><head><title>Features</title></head><body>{sound_page(reader, query)}</body></html>"
    return PageContent(page.encode(), "text/html; charset=utf-8")


@SUITES.sound
def sound_json(reader: Reader, query: Query) -> PageContent:
    if query:
        raise QueryError("this page takes no parameters")
    return PageContent(names_as_json(reader), "application/json")


def names_as_json(reader: Reader) -> bytes:
    return json.dumps([part.feature_name for part in reader.features(RecordQuery())]).encode()


def names(reader: Reader, show: Callable[[str], str]) -> str:
    return "".join(show(part.feature_name or "") for part in reader.features(RecordQuery()))


# -- showing --------------------------------------------------------------------------------------------------------


@caught_by("test_shows_an_empty_store")
def returns_bytes(reader: Reader, query: Query) -> bytes:
    return sound_page(reader, query).encode()


@caught_by("test_shows_an_empty_store")
def needs_a_record(reader: Reader, query: Query) -> str:
    return str(max(part.total_calls for part in reader.features(RecordQuery())))


@caught_by("test_shows_a_feature_that_was_never_called")
def needs_a_call(reader: Reader, query: Query) -> str:
    return str(sum(1 / part.total_calls for part in reader.features(RecordQuery())))


@caught_by("test_shows_a_feature_that_was_never_called")
def refuses_what_was_not_called(reader: Reader, query: Query) -> str:
    if "feature_name" in query and not list(reader.records(RecordQuery(feature_name=query["feature_name"]))):
        raise QueryError("there is no such feature")
    return ""


@caught_by("test_shows_odd_records")
def needs_ids(reader: Reader, query: Query) -> str:
    return "".join(escape_text(record.user_id) for record in reader.records(RecordQuery()))  # type: ignore[arg-type]


@caught_by("test_shows_many_records_of_all_kinds")
def sorts_metadata(reader: Reader, query: Query) -> str:
    keys = [key for record in reader.records(RecordQuery()) for key in record.metadata]
    return escape_text(" ".join(sorted(keys)))


# -- harmless -------------------------------------------------------------------------------------------------------


@caught_by("test_texts_of_records_stay_text")
def escapes_nothing(reader: Reader, query: Query) -> str:
    return names(reader, lambda name: f"<p>{name}</p>")


@caught_by("test_texts_of_records_stay_text")
def escapes_no_quotes(reader: Reader, query: Query) -> str:
    return names(reader, lambda name: f"<p title='{escape(name, quote=False)}'></p>")


@caught_by("test_texts_of_records_stay_text")
def quotes_no_attributes(reader: Reader, query: Query) -> str:
    return names(reader, lambda name: f"<p title={escape_text(name)}></p>")


@caught_by("test_texts_of_records_stay_text")
def remarks(reader: Reader, query: Query) -> str:
    return names(reader, lambda name: f"<!-- {escape_text(name)} -->")


@caught_by("test_is_a_well_formed_fragment")
def closes_nothing(reader: Reader, query: Query) -> str:
    return names(reader, lambda name: f"<div>{escape_text(name)}")


@caught_by("test_is_a_well_formed_fragment")
def whole_document(reader: Reader, query: Query) -> str:
    return f"<!doctype html><html><body>{sound_page(reader, query)}</body></html>"


@caught_by("test_is_a_well_formed_fragment")
def overlaps(reader: Reader, query: Query) -> str:
    return f"<b><i>{sound_page(reader, query)}</b></i>"


@caught_by("test_is_a_well_formed_fragment")
def ends_early(reader: Reader, query: Query) -> str:
    return sound_page(reader, query) + "<p"


@caught_by("test_runs_no_script_and_has_no_style_of_its_own")
def runs_a_script(reader: Reader, query: Query) -> str:
    return sound_page(reader, query) + "<script>draw()</script>"


@caught_by("test_runs_no_script_and_has_no_style_of_its_own")
def handles_clicks(reader: Reader, query: Query) -> str:
    return "<button onclick='draw()'>Draw</button>"


@caught_by("test_runs_no_script_and_has_no_style_of_its_own")
def has_style(reader: Reader, query: Query) -> str:
    return "<p style='color: red'>red</p>"


@caught_by("test_leads_to_no_other_host")
def shows_a_remote_image(reader: Reader, query: Query) -> str:
    return "<img src='//images.example/logo.png' alt=''>"


@caught_by("test_leads_to_no_other_host")
def links_to_names(reader: Reader, query: Query) -> str:
    return names(reader, lambda name: f"<a href='{escape_text(name)}'>more</a>")


@caught_by("test_makes_invisible_characters_visible")
def escapes_markup_only(reader: Reader, query: Query) -> str:
    return names(reader, lambda name: f"<p>{escape(name)}</p>")


@caught_by("test_texts_of_records_stay_text")
def escapes_nothing_in_a_document(reader: Reader, query: Query) -> PageContent:
    page = names(reader, lambda name: f"<p>{name}</p>")
    return PageContent(page.encode("utf-8", "replace"), "text/html; charset=utf-8")


@caught_by("test_runs_no_script_and_has_no_style_of_its_own")
def runs_a_script_in_a_picture(reader: Reader, query: Query) -> PageContent:
    return PageContent(b"<svg xmlns='http://www.w3.org/2000/svg'><script>draw()</script></svg>", "image/svg+xml")


@caught_by("test_content_can_be_read_as_its_type_says")
def names_another_charset(reader: Reader, query: Query) -> PageContent:
    content = sound_content(reader, query)
    return PageContent(content.body, "text/tab-separated-values; charset=us-ascii")


@caught_by("test_content_can_be_read_as_its_type_says")
def names_no_charset(reader: Reader, query: Query) -> PageContent:
    return PageContent(sound_content(reader, query).body, "text/tab-separated-values")


@caught_by("test_content_can_be_read_as_its_type_says")
def names_an_unknown_charset(reader: Reader, query: Query) -> PageContent:
    return PageContent(sound_content(reader, query).body, "text/plain; charset=utf-eight")


@caught_by("test_content_can_be_read_as_its_type_says")
def tears_json(reader: Reader, query: Query) -> PageContent:
    return PageContent(names_as_json(reader)[:-1], "application/json")


# -- asking ---------------------------------------------------------------------------------------------------------


@caught_by("test_hostile_addresses_are_answered_or_refused_in_words")
def takes_any_limit(reader: Reader, query: Query) -> str:
    return str(int(query.get("limit", "10")))


@caught_by("test_hostile_addresses_are_answered_or_refused_in_words")
def repeats_the_address(reader: Reader, query: Query) -> str:
    return f"<p>{query.get('sort', '')}</p>"


_visitors: list[str] = []


@caught_by("test_several_visitors_may_come_at_once")
def one_visitor_at_a_time(reader: Reader, query: Query) -> str:
    if _visitors:
        raise RuntimeError("somebody is here")
    _visitors.append("")
    time.sleep(0.5)
    _visitors.clear()
    return ""


# -- leaving --------------------------------------------------------------------------------------------------------


@caught_by("test_changes_nothing_in_the_store")
def tidies_up(reader: Reader, query: Query) -> str:
    return str(reader.backend.delete(RecordQuery(until_us=0)))


@caught_by("test_leaves_the_records_as_they_are")
def changes_records(reader: Reader, query: Query) -> str:
    for record in reader.records(RecordQuery()):
        record.metadata["seen"] = True
    return ""


@caught_by("test_reads_few_records_of_a_large_store")
def counts_by_hand(reader: Reader, query: Query) -> str:
    return str(sum(1 for _record in reader.records(RecordQuery())))


@caught_by("test_prints_nothing")
def prints(reader: Reader, query: Query) -> str:
    print("somebody looks")
    return ""
