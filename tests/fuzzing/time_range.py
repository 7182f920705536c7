"""Target: the times that a person types (`--since 7d`, `--until 2026-11-01`), read and then asked of a store.

The input is UTF-8 text of two lines, since and until. The laws:

- the parser answers with a moment, or raises `QueryError`;
- an age of four digits at most is that long ago, a date is its midnight in UTC;
- a moment's own ISO text names that moment;
- blanks around a text change nothing;
- a store answers every range that can be had with exactly the records in it.
"""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from campaign import SetAttribute, fuzz, instrumented

with instrumented(__name__):
    from curio_tracking import queries
    from curio_tracking.errors import QueryError
    from curio_tracking.queries import RecordQuery, parse_time, time_range
    from curio_tracking.records import FeatureRecord
    from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
    from curio_tracking.testing import START_US, make_record

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
HOUR_US = 3_600_000_000
_AGE = re.compile(r"([0-9]{1,4})([smhdw])")
_DATE = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-([01][0-9])")


def check(data: bytes) -> None:
    """Hold the parser and a store to the laws."""
    since, _, until = data.decode("utf-8", "replace").partition("\n")
    for text in (since, until):
        check_text(text)
    with suppress(QueryError):
        check_store(RecordQuery(None, None, None, None, *time_range(since, until, NOW)))


def check_text(text: str) -> None:
    """Hold the answer to one text to the laws."""
    moment = moment_of(text)
    assert moment_of(f" {text}\t") == moment, text
    age, date = _AGE.fullmatch(text), _DATE.fullmatch(text)
    if age:
        assert moment == NOW - timedelta(seconds=int(age[1]) * SECONDS[age[2]]), text
    elif date and int(date[3]) and int(date[1]):
        year, month, day = map(int, date.groups())
        assert moment == datetime(year, month, day, tzinfo=UTC), text
    if moment is not None:
        assert moment_of(moment.isoformat()) == moment, text


def moment_of(text: str) -> datetime | None:
    """Return the moment that a text names; None where the parser says that it names none."""
    with suppress(QueryError):
        moment = parse_time(text, NOW)
        assert moment.tzinfo is not None
        return moment
    return None


def check_store(where: RecordQuery) -> None:
    """Compare what a store answers with the plain filter."""
    backend, records = store()
    expected = [record for record in records if where.matches(record)]
    assert list(backend.records(where)) == expected, where
    totals = backend.summaries(queries.SummaryQuery(where, ()))
    assert sum(total.total_calls for total in totals) == len(expected), where


@cache
def store() -> tuple[TinyFluxBackend, list[FeatureRecord]]:
    """Return a small store of four days, and its records, newest first."""
    folder = tempfile.TemporaryDirectory(prefix="fuzzed-times-")
    starts = [START_US + hours * HOUR_US for hours in (0, 1, 23, 24, 71)]
    records = [make_record(number, start_us=start) for number, start in enumerate(starts)]
    backend = TinyFluxBackend(Path(folder.name))
    backend.append(records)
    backend.close()
    backend.__dict__["_folder"] = folder  # lives as long as the store
    return backend, records[::-1]


def plant(set_attribute: SetAttribute) -> None:
    """Let an age of weeks be one of days."""
    set_attribute(queries, "_UNITS", queries._UNITS | {"w": "days"})


if __name__ == "__main__":
    fuzz("time_range", check, plant)
