"""What every page of the dashboard promises, as tests to inherit; the built-in pages pass the same suite.

    class TestMyPage(PageContract):
        @pytest.fixture
        def render(self):
            return my_page

`render(reader, query)` is what the plugin registers; it may return a `PageContent` as well. The suite brings the
stores; it needs pytest, no dashboard.
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from curio_tracking.errors import CurioError
from curio_tracking.reader import Reader
from curio_tracking.records import TEXT_FIELDS, FeatureInfo
from curio_tracking.testing.example_records import make_record, odd_records, stored_odd_records
from curio_tracking.testing.hostile_texts import MARKUP_TEXTS, STORAGE_TEXTS, TERMINAL_TEXTS
from curio_tracking.testing.markup import Fault
from curio_tracking.testing.page_content import Shown, faults_in, misnomer
from curio_tracking.testing.watched_store import LargeBackend, WatchedBackend, reader_of

if TYPE_CHECKING:
    import pytest

    from curio_tracking.records import FeatureRecord

Render: TypeAlias = Callable[[Reader, Mapping[str, str]], Shown]
PARAMETERS: Final = (
    *("feature_name", "category", "status", "user_id", "since", "until"),
    *("limit", "sort", "record_id", "start_time", "unknown"),
)
"""What addresses of the dashboard carry, and one that no page knows."""
VALUES: Final = (*MARKUP_TEXTS, "", "0", "-1", "1e9", "9" * 5_000, "٣", "\ud800", "\x00\x1b[31m", "..", "a" * 20_000)
VISITORS: Final = 4


class PageContract:
    """Inherit, name the class `Test...`, add the fixture `render`.

    Attributes:
        parameters: further parameters that the page reads from its address.
        most_rows: how many records the page may read of a store that has ten times as many; listings without a
            limit are read as a whole.
    """

    parameters: ClassVar[tuple[str, ...]] = ()
    most_rows: ClassVar[int] = 10_000

    # -- showing ----------------------------------------------------------------------------------------------------

    def test_shows_an_empty_store(self, render: Render) -> None:
        assert isinstance(render(reader_of(WatchedBackend()), {}), Shown)

    def test_shows_a_feature_that_was_never_called(self, render: Render) -> None:
        never = WatchedBackend(features=[FeatureInfo("f", "other")])
        called = WatchedBackend([make_record(1, feature_name="f")])
        for query in ({}, {"feature_name": "f"}):
            # a page may take no parameters at all
            assert _is_answered(render, never, query) or not _is_answered(render, called, query)

    def test_shows_odd_records(self, render: Render) -> None:
        for record in stored_odd_records():
            backend = WatchedBackend([record])
            assert isinstance(render(reader_of(backend), {}), Shown)

    def test_shows_many_records_of_all_kinds(self, render: Render) -> None:
        backend = WatchedBackend(record for _oddity, record in odd_records())
        assert isinstance(render(reader_of(backend), {}), Shown)

    # -- what it shows is harmless ----------------------------------------------------------------------------------

    def test_texts_of_records_stay_text(self, render: Render) -> None:
        for text, shown in hostile_pages(render):
            assert faults_in(shown).get(Fault.DATA, []) == [], f"{text!r} is not escaped"

    def test_is_a_well_formed_fragment(self, render: Render) -> None:
        for text, shown in hostile_pages(render):
            assert faults_in(shown).get(Fault.STRUCTURE, []) == [], f"with {text!r}"

    def test_runs_no_script_and_has_no_style_of_its_own(self, render: Render) -> None:
        for text, shown in hostile_pages(render):
            assert faults_in(shown).get(Fault.POLICY, []) == [], f"with {text!r}"

    def test_leads_to_no_other_host(self, render: Render) -> None:
        for text, shown in hostile_pages(render):
            assert faults_in(shown).get(Fault.ADDRESS, []) == [], f"with {text!r}"

    def test_makes_invisible_characters_visible(self, render: Render) -> None:
        # curio_tracking.dashboard.escape_text does, besides escaping markup
        for text, shown in hostile_pages(render):
            assert faults_in(shown).get(Fault.CHARACTER, []) == [], f"with {text!r}"

    def test_content_can_be_read_as_its_type_says(self, render: Render) -> None:
        # of a page that returns a PageContent: programs rely on it
        for text, shown in hostile_pages(render):
            assert misnomer(shown) is None, f"with {text!r}"

    # -- asking -----------------------------------------------------------------------------------------------------

    def test_hostile_addresses_are_answered_or_refused_in_words(self, render: Render) -> None:
        reader = reader_of(WatchedBackend([make_record(1)]))
        for name in (*PARAMETERS, *self.parameters):
            for value in VALUES:
                try:
                    shown = render(reader, {name: value})
                except CurioError:
                    continue  # the dashboard shows its words
                assert faults_in(shown) == {}, f"with {name}={value[:80]!r} in the address"

    def test_several_visitors_may_come_at_once(self, render: Render) -> None:
        readers = [reader_of(WatchedBackend([make_record(1)])) for _visitor in range(VISITORS)]
        with ThreadPoolExecutor(VISITORS) as threads:
            pages = list(threads.map(lambda reader: [render(reader, {}) for _again in range(5)], readers))
        assert [len(shown) for shown in pages] == [5] * VISITORS

    # -- leaving everything as it is --------------------------------------------------------------------------------

    def test_changes_nothing_in_the_store(self, render: Render) -> None:
        backend = WatchedBackend([make_record(1)])
        render(reader_of(backend), {})
        assert backend.changes == []

    def test_leaves_the_records_as_they_are(self, render: Render) -> None:
        batch = stored_odd_records()
        before = deepcopy(batch)
        render(reader_of(WatchedBackend(batch)), {})
        assert batch == before

    def test_reads_few_records_of_a_large_store(self, render: Render) -> None:
        backend = LargeBackend()
        render(reader_of(backend), {})
        assert backend.rows_read <= self.most_rows, "ask for totals, or set a limit"

    def test_prints_nothing(self, render: Render, capfd: pytest.CaptureFixture[str]) -> None:
        capfd.readouterr()
        render(reader_of(WatchedBackend([make_record(1)])), {})
        assert tuple(capfd.readouterr()) == ("", "")


def hostile_pages(render: Render) -> Iterator[tuple[str, Shown]]:
    """Yield (a hostile text, the page of a store in which everything is called so)."""
    for number, text in enumerate((*MARKUP_TEXTS, *TERMINAL_TEXTS, *STORAGE_TEXTS)):
        record = _called(text, number)
        backend = WatchedBackend([record], [FeatureInfo(f"{text}{number}", text, text)])
        reader = reader_of(backend)
        yield text, render(reader, {})
        for query in ({"feature_name": text}, {"record_id": record.record_id}):
            try:
                yield text, render(reader, query)
            except CurioError:
                pass


def _is_answered(render: Render, backend: WatchedBackend, query: Mapping[str, str]) -> bool:
    try:
        return isinstance(render(reader_of(backend), query), Shown)
    except CurioError:
        return False


def _called(text: str, number: int) -> FeatureRecord:
    return make_record(number, **dict.fromkeys(TEXT_FIELDS, text), metadata={text: text})
