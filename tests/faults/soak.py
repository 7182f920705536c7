"""A program of eight processes that write, two that read and one that tidies up, all in one store for a while.

python soak.py DATA_DIR SECONDS

The readers check every answer against what the writers say: what was acknowledged before the question must be in it,
what was not begun before its end must not, and no count may ever go backwards. Prints, per writer, how many records it
wrote, and how often the others came round. An exception in any of them ends it with status 1.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from small_sizes import make_sizes_small

from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import START_US, make_record

WRITERS: Final = 8
FEWEST_ROUNDS: Final = 2
"""Of each of the others, however long they take on a busy machine."""
_READERS: Final = 2
_NUMBER_BYTES: Final = 8
_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000
_PAUSE_SECONDS: Final = 0.02
_LIMIT: Final = 200


class Board:
    """Numbers that all processes see.

    Attributes:
        begun, acknowledged: how many records, by writer. rounds: of questions and of upkeep, by process.
    """

    def __init__(self) -> None:
        places = 2 * WRITERS + _READERS + 1
        numbers = memoryview(mmap.mmap(-1, places * _NUMBER_BYTES)).cast("q")
        self.begun, self.acknowledged = numbers[:WRITERS], numbers[WRITERS : 2 * WRITERS]
        self.rounds = numbers[2 * WRITERS :]


def write(data_dir: Path, board: Board, writer: int, deadline: float) -> None:
    """Append batches over three days that are over, so that everything is merged and compressed while it grows."""
    chance = random.Random(writer)
    backend = TinyFluxBackend(data_dir)
    while time.monotonic() < deadline:
        first = board.begun[writer]
        numbers = range(first, first + chance.randint(1, 20))
        records = [
            make_record(
                number,
                record_id=f"{writer}-{number:08d}",
                feature_name=f"writer_{writer}",
                start_us=START_US + chance.randrange(3) * _DAY_US + chance.randrange(4) * _HOUR_US + number,
            )
            for number in numbers
        ]
        board.begun[writer] = numbers.stop
        backend.append(records)
        board.acknowledged[writer] = numbers.stop
        time.sleep(_PAUSE_SECONDS)
    backend.close()


class Reading:
    """One reader: asks, and compares each answer with the board and with the one before."""

    def __init__(self, board: Board, open_store: Callable[[], TinyFluxBackend]) -> None:
        """Args: the board; what returns the instance to ask."""
        self._board = board
        self._open_store = open_store
        self._before: dict[str, Counter[int]] = {}

    def ask_everything(self, turn: int) -> None:
        """Ask one question of each kind."""
        self._check("totals", lambda backend: self._totals(backend, RecordQuery()), range(WRITERS))
        self._check("records", lambda backend: self._records(backend, turn % WRITERS), [turn % WRITERS])
        self._newest()
        # the pieces of hours at its ends come from rows, the hours in between from rollups
        part = RecordQuery(since_us=START_US + 17, until_us=START_US + 2 * _DAY_US + _HOUR_US + 17)
        self._never_less("part", self._totals(self._open_store(), part))

    def _check(self, what: str, ask: Callable[[TinyFluxBackend], Counter[int]], writers: Iterable[int]) -> None:
        least = list(self._board.acknowledged)
        found = ask(self._open_store())
        most = list(self._board.begun)
        for writer in writers:
            facts = f"{what} of writer {writer}: {least[writer]} <= {found[writer]} <= {most[writer]}"
            assert least[writer] <= found[writer] <= most[writer], facts
        self._never_less(what, found)

    def _never_less(self, what: str, found: Counter[int]) -> None:
        before = self._before.setdefault(what, Counter())
        for writer, count in found.items():
            assert count >= before[writer], f"{what} of writer {writer} went from {before[writer]} to {count}"
            before[writer] = count

    def _totals(self, backend: TinyFluxBackend, where: RecordQuery) -> Counter[int]:
        summaries = backend.summaries(SummaryQuery(where, group_by=("feature_name",)))
        return Counter({int(str(one.group["feature_name"])[-1]): round(one.weight) for one in summaries})

    def _records(self, backend: TinyFluxBackend, writer: int) -> Counter[int]:
        ids = [record.record_id for record in backend.records(RecordQuery(feature_name=f"writer_{writer}"))]
        assert len(ids) == len({*ids}), f"records of writer {writer} there twice"
        return Counter({writer: len(ids)})

    def _newest(self) -> None:
        known = sum(self._board.acknowledged)
        found = [(one.start_us, one.record_id) for one in self._open_store().records(RecordQuery(limit=_LIMIT))]
        assert found == sorted(set(found), reverse=True), "the newest records are out of order, or there twice"
        assert len(found) >= min(known, _LIMIT), f"only {len(found)} of {known} records"


def read(data_dir: Path, board: Board, place: int, deadline: float) -> None:
    """Ask until the deadline: the first reader one instance all the time, the other one a new instance each time."""
    warm = TinyFluxBackend(data_dir)
    reading = Reading(board, lambda: warm if place == 0 else TinyFluxBackend(data_dir))
    while time.monotonic() < deadline or board.rounds[place] < FEWEST_ROUNDS:
        reading.ask_everything(board.rounds[place])
        board.rounds[place] += 1


def maintain(data_dir: Path, board: Board, deadline: float) -> None:
    """Do the upkeep until the deadline."""
    while time.monotonic() < deadline or board.rounds[_READERS] < FEWEST_ROUNDS:
        report = TinyFluxBackend(data_dir).maintain(lambda _what, _done, _total: None)
        assert not report.failed, report.failed
        board.rounds[_READERS] += 1


def fork(work: Callable[[], None]) -> int:
    """Do the work in a child, whose process id is returned."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def main(data_dir: Path, seconds: float) -> int:
    """Run all of them; return whether one failed."""
    make_sizes_small(segment_bytes=20_000, block_bytes=4_000, checkpoint_records=40)
    board = Board()
    deadline = time.monotonic() + seconds
    works: list[Callable[[], None]] = [
        *(lambda writer=writer: write(data_dir, board, writer, deadline) for writer in range(WRITERS)),
        *(lambda place=place: read(data_dir, board, place, deadline) for place in range(_READERS)),
        lambda: maintain(data_dir, board, deadline),
    ]
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in [fork(work) for work in works]]
    print(json.dumps({"written": list(board.acknowledged), "rounds": list(board.rounds)}))
    return int(any(statuses))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2])))
