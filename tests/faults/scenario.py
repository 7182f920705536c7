"""The life of a store in some forty steps, always the same, and what must be in the store after each of them.

`workload` lives it and is killed; `test_kills` asks here what has to be there. Days: two old ones in two months, which
retention takes away in the end, and a recent one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureRecord, FeatureStatus, to_microseconds
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

OLD_DAYS: Final = ("2024-03-31", "2024-04-01")
RETENTION_DAYS: Final = 100
USER: Final = "user-to-forget"
FEATURE: Final = "feature_to_drop"
BAD_ROW: Final = b"a damaged row of " + USER.encode() + b"\n"
_TORN_ROW: Final = b"2024-03-31T00:00:00.0000"
_PER_BATCH: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        kind: `append`, `close`, `wreck` (leave what a killed writer leaves, and a row that is no record), `maintain`,
            `retain` (maintain with retention), `forget` (a user), `drop` (a feature).
        numbers: the records that `append` appends.
    """

    kind: str
    numbers: tuple[int, ...] = ()


def steps() -> list[Step]:
    """Return the steps. Records are numbered in the order in which they are appended."""
    numbers = iter(range(10_000))

    def batches(count: int) -> Iterator[Step]:
        for _batch in range(count):
            yield Step("append", tuple(next(numbers) for _record in range(_PER_BATCH)))

    return [
        *batches(9), Step("close"), Step("wreck"), Step("maintain"),
        *batches(3), Step("close"), Step("maintain"),
        Step("forget"), Step("maintain"),
        *batches(2), Step("retain"),
        *batches(2), Step("close"), Step("retain"),
        Step("drop"), Step("retain"),
    ]  # fmt: skip


FIRST_AFTER_FORGETTING: Final = 12 * _PER_BATCH


def day_of(number: int, recent_day: str) -> str:
    """Return the day of a record: two batches each, and every second batch spans two days."""
    days = (*OLD_DAYS, recent_day)
    batch = number // _PER_BATCH
    return days[(batch // 2 + (batch % 2) * (number % 2)) % len(days)]


def user_of(number: int) -> str:
    """Return the user of a record; the one to be forgotten does not come back."""
    return USER if number % 3 == 1 and number < FIRST_AFTER_FORGETTING else f"user-{number % 3}"


def feature_of(number: int) -> str:
    """Return the feature of a record."""
    return FEATURE if number % 5 == 2 else f"feature_{number % 2}"


def record(number: int, recent_day: str) -> FeatureRecord:
    """Return a record."""
    begin = datetime.fromisoformat(f"{day_of(number, recent_day)}T00:00:00+00:00")
    return FeatureRecord(
        record_id=f"record-{number:06d}",
        feature_name=feature_of(number),
        category="other",
        status=FeatureStatus.FAILED if number % 7 == 0 else FeatureStatus.SUCCESS,
        start_us=to_microseconds(begin) + (number % 3) * 3_600_000_000 + number,
        duration=0.001 * (number + 1),
        input_size=number,
        efficiency_score=0.5,
        user_id=user_of(number),
        metadata={"padding": "x" * 120},
    )


def live(data_dir: Path, recent_day: str, acknowledge: object) -> None:
    """Do all steps in `data_dir` and call `acknowledge(number of the step)` after each."""
    assert callable(acknowledge)
    backend = TinyFluxBackend(data_dir)
    for number, step in enumerate(steps()):
        do(backend, step, data_dir, recent_day)
        acknowledge(number)


def do(backend: TinyFluxBackend, step: Step, data_dir: Path, recent_day: str) -> None:
    """Do one step."""
    if step.kind == "append":
        backend.append([record(number, recent_day) for number in step.numbers])
    elif step.kind == "close":
        backend.close()
    elif step.kind == "wreck":
        with min((data_dir / "raw" / OLD_DAYS[0]).glob("*.csv")).open("ab", buffering=0) as segment:
            segment.write(BAD_ROW + _TORN_ROW)
    elif step.kind in ("maintain", "retain"):
        days = RETENTION_DAYS if step.kind == "retain" else 0
        report = TinyFluxBackend(data_dir, retention_days=days).maintain(_nobody)
        assert not report.failed, json.dumps(report.as_dict())
    elif step.kind == "forget":
        backend.delete(RecordQuery(user_ids=frozenset({USER})))
    else:
        backend.delete(RecordQuery(feature_name=FEATURE))


def _nobody(_what: str, _done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be in a store.

    Attributes:
        certain: numbers of records that must be there. possible: those that may be there, and nothing else.
        counted: numbers that the totals must count. countable: those that they may count, and nothing else.
    """

    certain: frozenset[int]
    possible: frozenset[int]
    counted: frozenset[int]
    countable: frozenset[int]


def expect(acknowledged: int, recent_day: str) -> Expectation:
    """Return what must be there when so many steps were acknowledged, and the next one may have begun."""
    plan = steps()
    done, begun = plan[:acknowledged], plan[: acknowledged + 1]
    surely, maybe = _effect(done, recent_day, is_certain=True), _effect(begun, recent_day, is_certain=False)
    appended = frozenset(number for step in done for number in step.numbers)
    may_be_appended = appended | {number for step in begun for number in step.numbers}
    return Expectation(
        certain=appended - surely.gone - maybe.gone,
        possible=may_be_appended - surely.gone,
        counted=appended - surely.uncounted - maybe.uncounted,
        countable=may_be_appended - surely.uncounted,
    )


@dataclass(frozen=True, slots=True)
class _Effect:
    gone: frozenset[int]
    uncounted: frozenset[int]


def _effect(done: list[Step], recent_day: str, *, is_certain: bool) -> _Effect:
    gone: set[int] = set()
    uncounted: set[int] = set()
    there: set[int] = set()
    live_days: set[str] = set()
    for step in done:
        there |= set(step.numbers)
        live_days |= {day_of(number, recent_day) for number in step.numbers}
        if step.kind == "close":
            live_days.clear()
        elif step.kind == "retain":
            # a day that somebody writes to stays, until that is over
            days = {*OLD_DAYS} - (live_days if is_certain else set())
            gone |= {number for number in there if day_of(number, recent_day) in days}
        elif step.kind in ("forget", "drop"):
            deleted = {number for number in there if _is_deleted(step, number)}
            gone |= deleted
            uncounted |= deleted
    return _Effect(frozenset(gone), frozenset(uncounted))


def _is_deleted(step: Step, number: int) -> bool:
    return user_of(number) == USER if step.kind == "forget" else feature_of(number) == FEATURE


def has_begun(kind: str, acknowledged: int) -> bool:
    """Whether a step of this kind may have begun."""
    return any(step.kind == kind for step in steps()[: acknowledged + 1])
