"""Deletion: what is deleted stands in no page of the file either."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from curio_tracking.forgetting.traces import traces_of
from curio_tracking.queries import RecordQuery
from curio_tracking.testing import make_record
from curio_tracking_sqlite.backend import SqliteBackend

ERASED, OTHER = "1:" + "5a" * 16, "1:" + "0f" * 16
SIZES = 120


@pytest.mark.parametrize("seed", range(4))
def test_erased_user_stands_in_no_page_of_the_file(backend: SqliteBackend, path: Path, seed: int) -> None:
    """Rows of uneven length move between pages, and leave copies of themselves that no row owns."""
    chance = random.Random(seed)
    for first in range(0, 4000, 50):
        backend.append(
            [
                make_record(
                    number, user_id=chance.choice([ERASED, OTHER]), metadata={"k": "v" * chance.randrange(SIZES)}
                )
                for number in range(first, first + 50)
            ]
        )
    backend.delete(RecordQuery(user_ids=frozenset({ERASED})))
    backend.close()
    assert traces_of([ERASED], path.parent) == []
