"""Records as a web service leaves them, made fast and always the same: what the benchmarks fill their stores with.

200 features of ten categories, used as Zipf's law has it; sessions of 30 calls, 40 at a time, of 5,000 users;
two versions, four worker processes; thirty days that end at a given moment. Durations, sizes and scores differ from
call to call, so that no store is given values that compress better than real ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, islice
from random import Random
from time import time
from typing import Any, TypeVar

from curio_tracking.efficiency import Targets, blend
from curio_tracking.records import RECORD_FIELDS, FeatureCategory, FeatureRecord, FeatureStatus

FEATURES = 200
USERS = 5_000
DAYS = 30
DAY_US = 86_400_000_000
SESSIONS_AT_A_TIME = 40
CALLS_PER_SESSION = 30
BLOCK = 10_000
FIRST_THREAD = 139_872_367_474_432
STACK = 8_392_704  # what lies between the idents of two threads on Linux
STATUSES = list(FeatureStatus)
STATUS_WEIGHTS = (94, 97, 99, 100)  # cumulated: 94 % success, 3 % failed, 2 % partial, 1 % timeout
WORDS = ("load", "save", "query", "render", "index", "merge", "check", "export", "parse", "send")
# a type and, where it has a size, the largest one
PARAMETERS: dict[str, tuple[str, int]] = {
    "prompt": ("str", 4000),
    "items": ("list", 100),
    "limit": ("int", 0),
    "options": ("dict", 12),
    "path": ("PosixPath", 0),
    "body": ("bytes", 200_000),
    "strict": ("bool", 0),
    "model": ("str", 24),
}
ERRORS: dict[FeatureStatus, tuple[str | None, str]] = {
    FeatureStatus.FAILED: ("ValueError", "cannot read line {} of the answer"),
    FeatureStatus.TIMEOUT: ("TimeoutError", "no answer from the server in {} ms"),
    FeatureStatus.PARTIAL: (None, "{} rows were skipped"),
}
TARGETS = Targets(1.0, 1000.0, 1.0)


class Feature:
    """What the calls of one feature have in common."""

    def __init__(self, number: int, random: Random) -> None:
        category = list(FeatureCategory)[number % len(FeatureCategory)].value
        self.category = category
        self.name = f"{category.split('_')[0]}_{random.choice(WORDS)}_{number}"
        self.parameters = [(name, *PARAMETERS[name]) for name in random.sample(list(PARAMETERS), random.randint(1, 3))]
        self.median_seconds = 10 ** random.uniform(-4, 0)
        self.largest_output = random.choice((0, 1, 50, 2000, 20_000))
        self.tells_plan = random.random() < 0.1


class Session:
    """Calls of one user, served by one thread of one worker process."""

    def __init__(self, user_id: str, session_id: str, worker: int) -> None:
        self.user_id = user_id
        self.session_id = session_id
        self.process = worker % 4
        self.thread = worker
        self.latest_id: str | None = None


class Calls:
    """Makes one record after another."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self._users = [_pseudonym(random) for _ in range(USERS)]
        self._user_weights = list(accumulate(1 / (rank + 10) for rank in range(USERS)))
        self._processes = [f"{random.getrandbits(32):08x}" for _ in range(4)]
        self._open = [self._session() for _ in range(SESSIONS_AT_A_TIME)]

    def _session(self) -> Session:
        random = self.random
        user = random.choices(self._users, cum_weights=self._user_weights)[0]
        return Session(user, _pseudonym(random), random.randrange(32))

    def _next_session(self) -> Session:
        place = int(self.random.random() * SESSIONS_AT_A_TIME)
        if self.random.random() * CALLS_PER_SESSION < 1:
            self._open[place] = self._session()
        return self._open[place]

    def record(self, feature: Feature, status: FeatureStatus, moment_ns: int, version: str) -> FeatureRecord:
        """Return the record of one call."""
        uniform = self.random.random
        session = self._next_session()
        parameters, size = _shape(feature, uniform)
        record = FeatureRecord(
            f"{moment_ns:016x}{self._processes[session.process]}{session.thread:x}",
            feature.name,
            feature.category,
            status,
            moment_ns // 1000,
            round(feature.median_seconds * self.random.lognormvariate(0, 0.8), 9),
            size,
            int(uniform() * feature.largest_output) if feature.largest_output else None,
            None,
            1 if uniform() < 0.95 else int(uniform() * 8) + 1,
            session.user_id,
            session.session_id,
            FIRST_THREAD + session.thread * STACK,
            4711 + session.process,
            "web-1",
            "shop",
            version,
            "production",
            session.latest_id if uniform() < 0.2 else None,
            metadata={"parameters": parameters},
        )
        if status is not FeatureStatus.SUCCESS:
            record.error_type, message = ERRORS[status]
            record.error_message = message.format(int(uniform() * 5000))
        if feature.tells_plan:
            record.metadata["plan"] = "pro"
        record.efficiency_score = blend(record, TARGETS)
        session.latest_id = record.record_id
        return record


def _pseudonym(random: Random) -> str:
    return f"1:{random.getrandbits(128):032x}"


def _shape(feature: Feature, uniform: Callable[[], float]) -> tuple[dict[str, dict[str, Any]], int | None]:
    parameters: dict[str, dict[str, Any]] = {}
    total = None
    for name, kind, largest in feature.parameters:
        if largest:
            size = int(uniform() * largest)
            total = size + (total or 0)
            parameters[name] = {"type": kind, "size": size}
        else:
            parameters[name] = {"type": kind}
    return parameters, total


def last_midnight_us() -> int:
    """Return when the current day (UTC) began: generated records end there, so that retention leaves them alone."""
    return int(time() * 1_000_000) // DAY_US * DAY_US


def records(count: int, end_us: int, days: float = DAYS, seed: int = 1) -> Iterator[FeatureRecord]:
    """Yield records in the order of their starts, spread over the days before `end_us`; equal for equal arguments."""
    shared = Random(0)  # the features are the same for every seed
    features = [Feature(number, shared) for number in range(FEATURES)]
    weights = list(accumulate(1 / (rank + 1) for rank in range(FEATURES)))
    calls = Calls(seed)
    step_ns = days * DAY_US * 1000 / count
    start_ns = end_us * 1000 - int(days * DAY_US) * 1000
    for first in range(0, count, BLOCK):
        # many choices at a time are four times cheaper than one at a time
        size = min(BLOCK, count - first)
        chosen = calls.random.choices(features, cum_weights=weights, k=size)
        statuses = calls.random.choices(STATUSES, cum_weights=STATUS_WEIGHTS, k=size)
        for number, feature, status in zip(range(first, first + size), chosen, statuses, strict=True):
            moment_ns = start_ns + int((number + calls.random.random()) * step_ns)
            yield calls.record(feature, status, moment_ns, "1.1" if number * 2 >= count else "1.0")


COLUMNS = RECORD_FIELDS


def row_of(record: FeatureRecord) -> tuple[Any, ...]:
    """Return the values of a record for a table: every field in its own column, metadata as JSON."""
    values = [getattr(record, name) for name in COLUMNS]
    values[COLUMNS.index("status")] = record.status.value
    values[COLUMNS.index("metadata")] = json.dumps(record.metadata, separators=(",", ":"))
    return tuple(values)


Item = TypeVar("Item")


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of `size` items; the last one may be shorter."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
