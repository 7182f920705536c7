"""The part of the backends' suite about erasing a user: while others write, and down to the bytes of the files.

`forget` relies on both. A store elsewhere than in the test's temporary directory has no files to show.
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import os
import select
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from curio_tracking.forgetting.traces import traces_of
from curio_tracking.interfaces import SelfMaintaining, StorageBackend
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.testing.backend_examples import EVERYTHING, MakeBackend, ids
from curio_tracking.testing.backend_processes import ProcessContract
from curio_tracking.testing.example_records import make_record
from curio_tracking.testing.forked import LONGEST_SECONDS, exit_code, fork

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from curio_tracking.records import FeatureRecord

ERASED: Final = frozenset({"1:" + "5a" * 16, "2:" + "c3" * 16})
"""One user under two keys."""
OTHER: Final = "2:" + "0f" * 16
BATCHES: Final = 60
BATCH: Final = 5
PAUSE_SECONDS: Final = 0.002


class ErasureContract(ProcessContract):
    """What holds when somebody is to be forgotten."""

    def test_user_is_erased_while_another_process_writes(self, make_backend: MakeBackend) -> None:
        eraser = make_backend()
        with self._writing_beside(make_backend):
            _await(eraser, len(erased_records()))
            assert eraser.delete(RecordQuery(user_ids=ERASED)) == len(erased_records())
        assert sorted(ids(eraser.records(EVERYTHING))) == sorted(ids(other_records()))
        assert sum(part.total_calls for part in eraser.summaries(SummaryQuery())) == len(other_records())
        eraser.close()

    @contextmanager
    def _writing_beside(self, make_backend: MakeBackend) -> Iterator[None]:
        """Let another process write (or a thread, where there is but one), and await its end."""
        told, tell = os.pipe()
        work = partial(_write_until_told, make_backend, told)
        with ThreadPoolExecutor(1) as threads:
            await_end = (
                partial(exit_code, fork(work)) if self._serves_processes(make_backend) else threads.submit(work).result
            )
            try:
                yield
            finally:
                os.write(tell, b"!")
                ended = await_end()
                os.close(tell)
                os.close(told)
        assert ended in (0, None), "the writer failed or hung"

    def test_no_file_holds_the_id_of_an_erased_user(self, make_backend: MakeBackend, store_directory: Path) -> None:
        backend = make_backend()
        backend.append([*erased_records(), *other_records()[:BATCH]])
        if isinstance(backend, SelfMaintaining):
            backend.maintain(lambda _what, _done, _total: None)
        backend.append([make_record(900, user_id=min(ERASED))])
        backend.delete(RecordQuery(user_ids=ERASED))
        backend.close()
        assert traces_of(ERASED, store_directory) == []
        assert ids(make_backend().records(RecordQuery(limit=1))) == ids(other_records()[BATCH - 1 : BATCH])


def erased_records() -> list[FeatureRecord]:
    """Return the records of the user, under both keys."""
    return [make_record(number, user_id=user) for number, user in enumerate(sorted(ERASED) * BATCH)]


def other_records() -> list[FeatureRecord]:
    """Return the records of somebody else."""
    return [make_record(100 + number, user_id=OTHER) for number in range(BATCHES * BATCH)]


def _write_until_told(make_backend: MakeBackend, told: int) -> None:
    """Write the user's records, then the other ones, with pauses as a writer makes them; then wait to be told."""
    backend = make_backend()
    backend.append(erased_records())
    waiting = other_records()
    deadline = time.monotonic() + LONGEST_SECONDS
    while waiting or (not _is_told(told) and time.monotonic() < deadline):
        if waiting:
            backend.append(waiting[:BATCH])
            del waiting[:BATCH]
        if isinstance(backend, SelfMaintaining):
            backend.rest(lambda: False)
        time.sleep(PAUSE_SECONDS)
    backend.close()


def _is_told(told: int) -> bool:
    return bool(select.select([told], [], [], 0)[0])


def _await(reader: StorageBackend, count: int) -> None:
    """Wait until the user's records can be read."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while len(list(reader.records(RecordQuery(user_ids=ERASED)))) < count and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
