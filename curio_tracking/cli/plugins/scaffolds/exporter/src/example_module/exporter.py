"""The exporter: sees every batch of records after the backend has stored it, on the writer's thread."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from curio_tracking import FeatureRecord


class ExamplePart:
    """Appends each record to a file, as a line of JSON."""

    def __init__(self, path: Path) -> None:
        """Args: the file, which comes into being with the first batch."""
        self._path = path

    def export(self, records: Sequence[FeatureRecord]) -> None:
        """Send a batch on. An exception would be counted and logged; the batch does not come again."""
        lines = "".join(f"{json.dumps(record.as_dict())}\n" for record in records)
        # nobody else may read what was recorded
        with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as stream:
            stream.write(lines)

    def close(self) -> None:
        """Finish within a second: the program ends. Here nothing is open."""
