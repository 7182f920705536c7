"""What exporters promise about the other end: everything arrives, once and in order; an outage harms nobody.

class TestMyExporter(DeliveryContract):                     # it is an ExporterContract
@pytest.fixture
def make_exporter(self, server): ...
@pytest.fixture
def received(self, server):
return lambda: [document["record_id"] for document in server.documents]

class TestMyExporterInAnOutage(OutageContract):
@pytest.fixture
def make_exporter(self):
return lambda: MyExporter("http://127.0.0.1:9")     # nobody listens there
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from curio_tracking.records import FeatureRecord
from curio_tracking.testing.example_records import make_record, stored_odd_records
from curio_tracking.testing.exporters import ExporterContract, MakeExporter, many_batches
from curio_tracking.testing.patience import within

if TYPE_CHECKING:
    import pytest

    from curio_tracking.interfaces import Exporter

Received: TypeAlias = Callable[[], Sequence[FeatureRecord | str]]
A_FEW = 20


class DeliveryContract(ExporterContract):
    """For an exporter whose destination can be asked: add the fixtures `make_exporter` and `received`.

    `received()` returns what has arrived so far, records or their ids; it is called after `close`.
    """

    def test_everything_arrives_once_and_in_order(self, make_exporter: MakeExporter, received: Received) -> None:
        exporter = make_exporter()
        for batch in many_batches():
            exporter.export(batch)
        exporter.close()
        assert _ids(received()) == [record.record_id for batch in many_batches() for record in batch]

    def test_every_odd_record_arrives(self, make_exporter: MakeExporter, received: Received) -> None:
        exporter = make_exporter()
        for record in stored_odd_records():
            exporter.export([record])
        exporter.close()
        assert _ids(received()) == _ids(stored_odd_records())

    def test_what_was_exported_before_a_fork_arrives_once(
        self, make_exporter: MakeExporter, received: Received
    ) -> None:
        self.test_parent_of_a_forked_child_goes_on(exporter := make_exporter())
        exporter.close()
        arrived = _ids(received())
        assert [record_id for record_id in arrived if record_id != make_record(2).record_id] == [
            make_record(1).record_id,
            make_record(3).record_id,
        ]


class OutageContract:
    """For an exporter whose destination does not answer: the fixture `make_exporter` makes such ones.

    Five exceptions switch an exporter off for good, so an outage must raise none.

    Attributes:
        export_seconds: how long `A_FEW` batches may take; the writing of further records waits for them.
        close_seconds: how long `close` may take.
    """

    export_seconds: ClassVar[float] = 5.0
    close_seconds: ClassVar[float] = 1.0

    def test_outage_holds_up_no_writer_and_raises_nothing(self, make_exporter: MakeExporter) -> None:
        exporter = make_exporter()
        within(self.export_seconds, lambda: _export_a_few(exporter))
        exporter.close()

    def test_outage_holds_up_no_close(self, make_exporter: MakeExporter) -> None:
        exporter = make_exporter()
        _export_a_few(exporter)
        within(self.close_seconds, exporter.close)

    def test_outage_prints_nothing(self, make_exporter: MakeExporter, capfd: pytest.CaptureFixture[str]) -> None:
        capfd.readouterr()
        exporter = make_exporter()
        _export_a_few(exporter)
        exporter.close()
        assert tuple(capfd.readouterr()) == ("", ""), "the output is the application's"


def _export_a_few(exporter: Exporter) -> None:
    for batch in many_batches()[:A_FEW]:
        exporter.export(batch)


def _ids(arrived: Sequence[FeatureRecord | str]) -> list[str]:
    return [one.record_id if isinstance(one, FeatureRecord) else one for one in arrived]
