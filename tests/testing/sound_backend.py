"""A small backend that keeps every promise: the one that the broken ones spoil in one place each."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from heapq import nlargest
from pathlib import Path
from typing import Any, TextIO

from curio_tracking.interfaces import BaseBackend
from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureInfo, FeatureRecord, FeatureStatus


class SoundBackend(BaseBackend):
    """Keeps everything in one file of JSON lines, under a lock."""

    mode = 0o600

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[TextIO]:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        with open(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, self.mode), "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    # -- lines ------------------------------------------------------------------------------------------------------

    def line(self, record: FeatureRecord) -> str:
        values = {name: getattr(record, name) for name in FeatureRecord.__slots__ if name != "root_id"}
        return json.dumps(["record", values]) + "\n"

    def entries(self, kind: str) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        with self.locked() as file:
            file.seek(0)
            return [values for found, values in map(json.loads, file) if found == kind]

    def kept(self) -> list[FeatureRecord]:
        entries = self.entries("record")
        return [FeatureRecord(**(values | {"status": FeatureStatus(values["status"])})) for values in entries]

    def write(self, lines: list[str]) -> None:
        with self.locked() as file:
            file.writelines(lines)

    # -- what every backend offers ----------------------------------------------------------------------------------

    def append(self, records: Sequence[FeatureRecord]) -> None:
        self.write([self.line(record) for record in records])

    def matching(self, query: RecordQuery) -> list[FeatureRecord]:
        return [record for record in self.kept() if query.matches(record)]

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        found = self.matching(query)
        yield from nlargest(query.limit or len(found), found, key=lambda record: (record.start_us, record.record_id))

    def declare(self, features: Iterable[FeatureInfo]) -> None:
        self.write([json.dumps(["feature", [info.feature_name, info.category]]) + "\n" for info in features])

    def declared(self) -> list[FeatureInfo]:
        return [FeatureInfo(*values) for values in {tuple(entry) for entry in self.entries("feature")}]

    def delete(self, query: RecordQuery) -> int:
        if not self.path.exists():
            return 0
        gone = {record.record_id for record in self.matching(query)}
        with self.locked() as file:
            file.seek(0)
            stay = [line for line in file if json.loads(line)[0] == "feature" or _id_of(line) not in gone]
            file.truncate(0)
            file.writelines(stay)
        return len(gone)


def _id_of(line: str) -> str:
    return str(json.loads(line)[1]["record_id"])
