"""A program that kills its own children at random moments: three that write, one that does the upkeep.

python storm.py DATA_DIR ACKNOWLEDGED_DIR SEED KILLS ENOUGH

It kills so often, and goes on until the file ENOUGH is there: whoever watches may be slow. A killed child is followed
by another one at once. Each writing child has a number and a file of that name, which says how many of its records were
acknowledged.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Final

from small_sizes import make_sizes_small

from curio_tracking.errors import StorageError
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import make_record

WRITERS: Final = 3
MOST_PER_BATCH: Final = 12
_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000
_PAUSE_SECONDS: Final = 0.004
_LONGEST_LIFE_SECONDS: Final = 0.2


def write(data_dir: Path, acknowledged: Path, life: int) -> None:
    """Append batches of random sizes over three days until killed."""
    chance = random.Random(life)
    backend = TinyFluxBackend(data_dir)
    count = 0
    with (acknowledged / str(life)).open("wb", buffering=0) as file:
        while True:
            numbers = range(count, count + chance.randint(1, MOST_PER_BATCH))
            backend.append(
                [
                    make_record(
                        number,
                        record_id=f"{life:05d}-{number:06d}",
                        start_us=make_record(number).start_us + chance.randrange(3) * _DAY_US + number % 5 * _HOUR_US,
                        feature_name=f"feature_{number % 3}",
                    )
                    for number in numbers
                ]
            )
            count = numbers.stop
            os.pwrite(file.fileno(), count.to_bytes(8, "little"), 0)
            if chance.random() < 0.05:
                backend.close()
            time.sleep(_PAUSE_SECONDS)


def maintain(data_dir: Path) -> None:
    """Do the upkeep again and again until killed."""
    while True:
        try:
            TinyFluxBackend(data_dir).maintain(lambda _what, _done, _total: None)
        except StorageError:
            # nobody else takes the lock: the store is not there yet
            time.sleep(_PAUSE_SECONDS)


def begin(data_dir: Path, acknowledged: Path, life: int, *, is_writing: bool) -> int:
    """Fork a child and return its process id."""
    child = os.fork()
    if child:
        return child
    try:
        write(data_dir, acknowledged, life) if is_writing else maintain(data_dir)
    finally:
        # only an exception leads here; the parent tells by the status that it was not its kill
        os._exit(1)


def main(data_dir: Path, acknowledged: Path, seed: int, kills: int, enough: Path) -> int:
    """Kill at least so often, and until it is enough; return how many children ended by themselves: none should."""
    make_sizes_small()
    chance = random.Random(seed)
    children = {place: begin(data_dir, acknowledged, place, is_writing=place < WRITERS) for place in range(WRITERS + 1)}
    failed = 0
    for life in itertools.count(WRITERS + 1):
        if life > WRITERS + kills and enough.exists():
            break
        time.sleep(chance.uniform(0.0, _LONGEST_LIFE_SECONDS))
        place = chance.randrange(WRITERS + 1)
        failed += end(children[place])
        children[place] = begin(data_dir, acknowledged, life, is_writing=place < WRITERS)
    return failed + sum(map(end, children.values()))


def end(child: int) -> bool:
    """Kill a child; return whether it was dead already."""
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5])))
