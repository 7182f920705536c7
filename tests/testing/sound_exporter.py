"""A small exporter that keeps every promise: the one that the broken ones spoil in one place each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curio_tracking.records import FeatureRecord


class SoundExporter:
    """Appends ids to a file when it is closed or has many."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waiting: list[str] = []

    def export(self, records: Sequence[FeatureRecord]) -> None:
        self.waiting += [record.record_id for record in records]
        self.send()

    def send(self) -> None:
        with self.path.open("a") as file:
            file.writelines(f"{record_id}\n" for record_id in self.waiting)
        self.waiting = []

    def close(self) -> None:
        self.send()
