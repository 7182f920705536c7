"""Backends that get on badly with others, and with the files of others, and the test that has to notice."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from sound_backend import SoundBackend
from suites import Faults

from curio_tracking.interfaces import BaseBackend
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord

AMPLE_SECONDS = 0.05
"""How long something is half done: others come meanwhile, however late they get a processor."""
FAULTS = Faults()
caught_by = FAULTS.caught_by


class RewritesUnlocked(SoundBackend):
    def write(self, lines: list[str]) -> None:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        before = self.path.read_text() if self.path.exists() else ""
        time.sleep(AMPLE_SECONDS)
        self.path.write_text(before + "".join(lines))


caught_by("test_writers_at_once_lose_and_double_nothing")(type("LosesRecordsOfOthers", (RewritesUnlocked,), {}))
caught_by("test_features_declared_at_once_are_all_listed_once")(type("LosesFeatures", (RewritesUnlocked,), {}))


@caught_by("test_writers_at_once_lose_and_double_nothing")
class OwnMemoryOnly(BaseBackend):
    store: ClassVar[dict[Path, list[FeatureRecord]]] = {}

    def __init__(self, path: Path) -> None:
        self.kept = self.store.setdefault(path, [])

    def append(self, records: Sequence[FeatureRecord]) -> None:
        self.kept += records

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        found = [record for record in self.kept if query.matches(record)]
        return iter(sorted(found, key=lambda record: (record.start_us, record.record_id), reverse=True))


@caught_by("test_reader_beside_a_writer_sees_whole_records_in_order")
class WritesInHalves(SoundBackend):
    def write(self, lines: list[str]) -> None:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        text = "".join(lines)
        for part in (text[:200], text[200:]):
            with self.path.open("a") as file:
                file.write(part)
            time.sleep(AMPLE_SECONDS)


@caught_by("test_listing_begun_before_an_append_goes_on")
class ListsByPosition(SoundBackend):
    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        position = 0
        while position < len(found := list(super().records(query))):
            yield found[position]
            position += 1


@caught_by("test_listing_that_is_given_up_holds_up_no_writer")
class ListsUnderALock(SoundBackend):
    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        found = list(super().records(query))
        if found:
            with open(f"{self.path}.lock", "w") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                yield from found

    def write(self, lines: list[str]) -> None:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        with open(f"{self.path}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            super().write(lines)


@caught_by("test_forked_child_does_no_harm_to_its_parent")
class CleansUpWhenClosed(SoundBackend):
    def close(self) -> None:
        self.path.write_text("")


@caught_by("test_user_is_erased_while_another_process_writes")
class DeletesUnlocked(SoundBackend):
    def delete(self, query: RecordQuery) -> int:
        gone = {record.record_id for record in self.matching(query)}
        lines = self.path.read_text().splitlines(keepends=True) if self.path.exists() else []
        time.sleep(20 * AMPLE_SECONDS)
        if gone:
            self.path.write_text("".join(line for line in lines if not any(one in line for one in gone)))
        return len(gone)

    def write(self, lines: list[str]) -> None:
        time.sleep(AMPLE_SECONDS)  # or the writer may be done before the deletion begins
        super().write(lines)


# -- files ----------------------------------------------------------------------------------------------------------


@caught_by("test_constructing_and_asking_create_nothing")
class CreatesItsFile(SoundBackend):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with self.locked():
            pass


@caught_by("test_files_are_for_their_owner_only")
class ReadableForAll(SoundBackend):
    mode = 0o644


@caught_by("test_no_file_holds_the_id_of_an_erased_user")
class KeepsABackup(SoundBackend):
    def delete(self, query: RecordQuery) -> int:
        if self.path.exists():
            self.path.with_suffix(".bak").write_bytes(self.path.read_bytes())
            self.path.with_suffix(".bak").chmod(0o600)
        return super().delete(query)
