"""What every exporter promises, as tests to inherit.

    class TestMyExporter(ExporterContract):
        @pytest.fixture
        def make_exporter(self, tmp_path):
            return lambda: MyExporter(tmp_path / "sent")

`make_exporter()` returns a new exporter; its destination works. `exporter_destinations` has suites for what arrives
there, and for one that does not answer. Needs pytest; knows no exporter.
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import pytest

from curio_tracking.interfaces import Exporter
from curio_tracking.testing.example_records import make_record, stored_odd_records
from curio_tracking.testing.forked import HUNG, exit_code, fork
from curio_tracking.testing.patience import within

if TYPE_CHECKING:
    from curio_tracking.records import FeatureRecord

MakeExporter: TypeAlias = Callable[[], Exporter]
LARGE_BATCH = 2_000
MANY_BATCHES = 200
POOL = "ThreadPoolExecutor"
"""How threads of the standard library's pools are called: the interpreter ends them before it waits for any thread."""


class ExporterContract:
    """Inherit, name the class `Test...`, add the fixture `make_exporter`.

    Attributes:
        close_seconds: how long `close` may take; the end of an application waits for it.
        fork_seconds: after how long a forked child counts as hanging.
    """

    close_seconds: ClassVar[float] = 1.0
    fork_seconds: ClassVar[float] = 15.0

    @pytest.fixture
    def exporter(self, make_exporter: MakeExporter) -> Iterator[Exporter]:
        """Return one exporter, closed at the end."""
        made = make_exporter()
        yield made
        made.close()

    # -- taking -----------------------------------------------------------------------------------------------------

    def test_takes_every_odd_record(self, exporter: Exporter) -> None:
        for record in stored_odd_records():
            exporter.export([record])

    def test_takes_an_empty_batch(self, exporter: Exporter) -> None:
        exporter.export([])

    def test_takes_a_large_batch(self, exporter: Exporter) -> None:
        exporter.export([make_record(number) for number in range(LARGE_BATCH)])

    def test_takes_many_batches(self, exporter: Exporter) -> None:
        for batch in many_batches():
            exporter.export(batch)

    def test_leaves_the_records_as_they_are(self, exporter: Exporter) -> None:
        # the exporters after this one get the same objects
        batch = stored_odd_records()
        before = deepcopy(batch)
        exporter.export(batch)
        assert batch == before

    def test_works_off_the_main_thread(self, make_exporter: MakeExporter) -> None:
        # an exporter is made, used and closed on the writer's thread
        within(self.fork_seconds, lambda: _use(make_exporter()))

    def test_second_instance_works_beside_the_first(self, make_exporter: MakeExporter) -> None:
        # an application that configures its tracker anew has two for a moment
        first, second = make_exporter(), make_exporter()
        first.export([make_record(1)])
        second.export([make_record(2)])
        first.close()
        second.export([make_record(3)])
        second.close()

    # -- ending -----------------------------------------------------------------------------------------------------

    def test_close_ends_in_time(self, make_exporter: MakeExporter) -> None:
        exporter = make_exporter()
        for batch in many_batches():
            exporter.export(batch)
        within(self.close_seconds, exporter.close)

    def test_closing_twice_is_no_error(self, make_exporter: MakeExporter) -> None:
        exporter = make_exporter()
        exporter.export([make_record(1)])
        exporter.close()
        exporter.close()

    def test_closing_an_unused_exporter_is_no_error(self, make_exporter: MakeExporter) -> None:
        make_exporter().close()

    def test_holds_up_no_exit(self, make_exporter: MakeExporter) -> None:
        # Python waits for threads that are no daemons before anything tells the tracker, and so `close`, of the end
        before = set(threading.enumerate())
        exporter = make_exporter()
        exporter.export([make_record(1)])
        waited_for = [thread.name for thread in _new_threads(before) if not thread.name.startswith(POOL)]
        exporter.close()
        assert waited_for == [], "make the threads daemons"

    def test_close_leaves_no_thread_that_holds_up_an_exit(self, make_exporter: MakeExporter) -> None:
        before = set(threading.enumerate())
        _use(make_exporter())
        assert [thread.name for thread in _new_threads(before)] == []

    # -- manners ----------------------------------------------------------------------------------------------------

    def test_prints_nothing(self, make_exporter: MakeExporter, capfd: pytest.CaptureFixture[str]) -> None:
        capfd.readouterr()
        _use(make_exporter())
        assert tuple(capfd.readouterr()) == ("", ""), "the output is the application's"

    def test_forked_child_does_not_hang(self, exporter: Exporter) -> None:
        # the threads and locks of the parent are not there, or locked for ever; an exception is allowed
        exporter.export([make_record(1)])
        child = fork(partial(_export_and_close, exporter, [make_record(2)]))
        assert exit_code(child, self.fork_seconds) != HUNG

    def test_parent_of_a_forked_child_goes_on(self, exporter: Exporter) -> None:
        exporter.export([make_record(1)])
        exit_code(fork(partial(_export_and_close, exporter, [make_record(2)])), self.fork_seconds)
        exporter.export([make_record(3)])


def many_batches() -> list[list[FeatureRecord]]:
    """Return small batches, as a writer makes them."""
    return [[make_record(number), make_record(number + 1)] for number in range(0, MANY_BATCHES * 2, 2)]


def _use(exporter: Exporter) -> None:
    _export_and_close(exporter, [make_record(1), make_record(2)])


def _export_and_close(exporter: Exporter, batch: list[FeatureRecord]) -> None:
    exporter.export(batch)
    exporter.close()


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return the threads that run since then and that the interpreter would wait for."""
    return [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
