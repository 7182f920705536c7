"""Exporters that each break one promise, and the test that has to notice. `test_exporter_contract` runs it."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from sound_exporter import SoundExporter
from suites import Suites

from curio_tracking.records import FeatureRecord
from curio_tracking.testing import DeliveryContract, OutageContract


def received(tmp_path: Path) -> Any:
    return lambda: (tmp_path / "sent").read_text().splitlines()


DELIVERIES = Suites(
    globals(),
    DeliveryContract,
    lambda broken: {"make_exporter": lambda tmp_path: lambda: broken(tmp_path / "sent"), "received": received},
    fork_seconds=0.5,
)
DELIVERIES.sound(SoundExporter)
caught_by = DELIVERIES.caught_by_test


# -- taking ---------------------------------------------------------------------------------------------------------


@caught_by("test_takes_every_odd_record")
class StrictText(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        json.dumps([record.as_dict() for record in records], ensure_ascii=False).encode()


@caught_by("test_takes_an_empty_batch")
class LooksAtTheFirst(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        assert records[0].feature_name is not None


@caught_by("test_takes_a_large_batch")
class SmallMessages(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        if len(records) > 1000:
            raise OSError("message too long")


@caught_by("test_takes_many_batches")
class OpensAndForgets(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        self.waiting.append("")
        if len(self.waiting) > 100:
            raise OSError("too many open files")


@caught_by("test_leaves_the_records_as_they_are")
class EmptiesMetadata(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        for record in records:
            record.metadata.popitem() if record.metadata else None


@caught_by("test_works_off_the_main_thread")
class TakesSignals(SoundExporter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)


@caught_by("test_second_instance_works_beside_the_first")
class OneOnly(SoundExporter):
    paths: ClassVar[set[Path]] = set()

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        if path in self.paths:
            raise ValueError("registered already")
        self.paths.add(path)


# -- ending ---------------------------------------------------------------------------------------------------------


@caught_by("test_close_ends_in_time")
class ClosesSlowly(SoundExporter):
    def close(self) -> None:
        time.sleep(60)


@caught_by("test_closing_twice_is_no_error")
class ClosesOnce(SoundExporter):
    def close(self) -> None:
        super().close()
        del self.waiting


@caught_by("test_closing_an_unused_exporter_is_no_error")
class ClosesUsedOnly(SoundExporter):
    def close(self) -> None:
        self.path.stat()


class Worker(SoundExporter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_over = threading.Event()
        threading.Thread(target=self.work, args=(os.environ["PYTEST_CURRENT_TEST"],)).start()

    def work(self, test: str) -> None:
        # not for ever: the process that tests this has to end
        while os.environ.get("PYTEST_CURRENT_TEST") == test and not self.is_over.wait(0.05):
            pass


@caught_by("test_holds_up_no_exit")
class WorkerUntilClosed(Worker):
    def close(self) -> None:
        self.is_over.set()


@caught_by("test_close_leaves_no_thread_that_holds_up_an_exit")
class WorkerForEver(Worker):
    pass


# -- manners --------------------------------------------------------------------------------------------------------


@caught_by("test_prints_nothing")
class Prints(SoundExporter):
    def close(self) -> None:
        os.write(2, b"1 record sent\n")


@caught_by("test_forked_child_does_not_hang")
class WaitsForAThread(SoundExporter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.process = os.getpid()

    def export(self, records: Sequence[FeatureRecord]) -> None:
        if os.getpid() != self.process:
            time.sleep(60)


@caught_by("test_parent_of_a_forked_child_goes_on")
class SharesItsEnd(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        if self.path.exists():
            raise OSError("the connection was closed")

    def close(self) -> None:
        self.path.touch()


# -- destinations ---------------------------------------------------------------------------------------------------


@caught_by("test_everything_arrives_once_and_in_order")
class KeepsTheRest(SoundExporter):
    def send(self) -> None:
        if len(self.waiting) >= 150:
            super().send()


@caught_by("test_everything_arrives_once_and_in_order")
class SendsTwice(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        super().export([*records, *records])


@caught_by("test_everything_arrives_once_and_in_order")
class LastFirst(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        super().export(records[::-1])


@caught_by("test_every_odd_record_arrives")
class LeavesOddOnesOut(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        super().export([record for record in records if record.feature_name.isprintable()])


@caught_by("test_what_was_exported_before_a_fork_arrives_once")
class SendsWhenClosed(SoundExporter):
    def export(self, records: Sequence[FeatureRecord]) -> None:
        self.waiting += [record.record_id for record in records]


# -- outages --------------------------------------------------------------------------------------------------------


class PatientExporter(SoundExporter):
    def send(self) -> None:
        self.waiting = self.waiting[-1000:]


OUTAGES = Suites(
    globals(),
    OutageContract,
    lambda broken: {"make_exporter": lambda tmp_path: lambda: broken(tmp_path / "sent")},
    export_seconds=0.5,
)
OUTAGES.sound(PatientExporter)


@OUTAGES.caught_by_test("test_outage_holds_up_no_writer_and_raises_nothing")
class TriesAgainAndAgain(PatientExporter):
    def send(self) -> None:
        time.sleep(10)


@OUTAGES.caught_by_test("test_outage_holds_up_no_writer_and_raises_nothing")
class RaisesInAnOutage(PatientExporter):
    def send(self) -> None:
        raise ConnectionRefusedError


@OUTAGES.caught_by_test("test_outage_holds_up_no_close")
class TriesOnceMore(PatientExporter):
    def close(self) -> None:
        time.sleep(60)


@OUTAGES.caught_by_test("test_outage_prints_nothing")
class Complains(PatientExporter):
    def send(self) -> None:
        print("cannot connect")


CAUGHT_BY = DELIVERIES.caught_by | OUTAGES.caught_by
