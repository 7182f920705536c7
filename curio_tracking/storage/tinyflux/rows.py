r"""One record as one row of a TinyFlux file, and back.

A row is `time,feature name,tags...,fields...` in TinyFlux's compact form, on one physical line that ends with `\n`; the
time is the start, UTC. Tags hold text, fields numbers (integers stay integers), in the order of the table below:

    tags    t_i record_id     t_c category     t_s status   t_u user_id      t_n session_id   t_p parent_id
            t_h host          t_a app          t_v version  t_e environment  t_x error_type   t_y error_message
            t_r parameters   t_m metadata
    fields  f_d duration      f_i input_size   f_o output_size   f_e efficiency_score   f_n iterations   f_t thread_id
            f_p process_id    f_c cpu_seconds  f_b memory_bytes  f_w sample_weight

- A column at its default is left out: None, no metadata, one iteration, weight 1.
- Text is escaped by `storage.escapes`; the literal text `_none`, which TinyFlux reads as None, is written `\_none`.
- Parameters are the shape that most metadata holds, as `name:type:size;...` (see `shapes`).
- The other metadata is JSON with `;` for `,` (a `;` inside of it is `\u003b`), so that it needs no CSV quoting and the
  row can be split at its commas: `json.loads(point.tags["m"].replace(";", ","))`.

Imports only `records`, `unread` and the storage's shared modules.
"""

from __future__ import annotations

import csv
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.records import FeatureRecord, FeatureStatus
from curio_tracking.storage.days import moment_text
from curio_tracking.storage.escapes import escape, unescape
from curio_tracking.storage.limits import MAX_FIELD_CHARACTERS, are_sound, metadata_text, shorten, sound_whole
from curio_tracking.storage.tinyflux.moments import SECOND_LENGTH, checked_time, moment_us
from curio_tracking.storage.tinyflux.pattern import FIELDS, NONE, TAGS, WHOLE_FIELDS, usual_values
from curio_tracking.storage.tinyflux.shapes import KEY, parse_shape, shape_template, shape_text
from curio_tracking.unread import UnreadRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_UNREADABLE: Final = (ValueError, TypeError, LookupError, OverflowError, RecursionError, StopIteration, csv.Error)
STATUSES: Final[dict[str | None, FeatureStatus]] = {status.value: status for status in FeatureStatus}
_MOST_REMEMBERED: Final = 4096
_LONGEST_REMEMBERED: Final = 256
_decode: Final = json.JSONDecoder().raw_decode


# -- writing --------------------------------------------------------------------------------------------------------


def format_row(record: FeatureRecord) -> str:
    """Return the row with its line break; the first ten characters are the record's day.

    Raises:
        ValueError, TypeError: a number of the record is none, or none that a record has.
    """
    row = _row(record)
    return row if len(row) <= MAX_FIELD_CHARACTERS else _row(shorten(record))


def _row(record: FeatureRecord) -> str:
    """Put the columns together. One long line per part: this is the hot path."""
    if not are_sound(record.duration, record.sample_weight, record.efficiency_score, record.cpu_seconds):
        raise ValueError("its duration, weight, efficiency or CPU time is none that a record can have")
    second, microsecond = divmod(record.start_us, 1_000_000)
    own_id = value if (value := record.record_id).isalnum() else cell(value)
    parent = "" if (text := record.parent_id) is None else f",t_p,{text if text.isalnum() else cell(text)}"
    error = "" if (text := record.error_type) is None else f",t_x,{cell(text)}"
    message = "" if (text := record.error_message) is None else f",t_y,{cell(text)}"
    size_in = "" if (number := record.input_size) is None else f",f_i,{sound_whole(number):d}"
    size_out = "" if (number := record.output_size) is None else f",f_o,{sound_whole(number):d}"
    score = "" if (real := record.efficiency_score) is None else ",f_e,1.0" if real == 1 else f",f_e,{real}"
    rounds = "" if record.iterations == 1 else f",f_n,{sound_whole(record.iterations):d}"
    cpu = "" if (real := record.cpu_seconds) is None else f",f_c,{real}"
    memory = "" if (number := record.memory_bytes) is None else f",f_b,{sound_whole(number):d}"
    weight = "" if record.sample_weight == 1 else f",f_w,{record.sample_weight}"
    return (
        f"{_second(second)}.{microsecond:06d},{_FEATURE[record.feature_name]},t_i,{own_id}"
        f"{_CATEGORY[record.category]}{_STATUS[record.status]}{_USER[record.user_id]}{_SESSION[record.session_id]}"
        f"{parent}{_place(record.host, record.app, record.version, record.environment)}"
        f"{error}{message}{_metadata_cells(record)}"
        f",f_d,{record.duration}{size_in}{size_out}{score}{rounds}{_THREAD[record.thread_id]}"
        f"{_PROCESS[record.process_id]}{cpu}{memory}{weight}\n"
    )


class _Cells(dict[Any, str]):
    """The texts of one column that come again and again, as they stand in a row; None stands for no column."""

    def __init__(self, key: str, form: Callable[[Any], str | None]) -> None:
        self._start = f",{key}," if key else ""
        self._form = form

    def __missing__(self, value: Any) -> str:
        made = "" if value is None else f"{self._start}{self._form(value)}"
        if len(made) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[value] = made
        return made


def cell(text: str | None) -> str | None:
    """Return the text as it stands in a row: escaped, and in quotes if it holds a comma or a quote."""
    if text is None:
        return None
    text = "\\" + NONE if text == NONE else escape(text)
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


_FEATURE: Final = _Cells("", cell)
_CATEGORY: Final = _Cells("t_c", cell)
_STATUS: Final = _Cells("t_s", str)
_USER: Final = _Cells("t_u", cell)
_SESSION: Final = _Cells("t_n", cell)
_THREAD: Final = _Cells("f_t", lambda number: f"{sound_whole(number):d}")
_PROCESS: Final = _Cells("f_p", lambda number: f"{sound_whole(number):d}")


@lru_cache(maxsize=256)
def _place(host: str | None, app: str | None, version: str | None, environment: str | None) -> str:
    values = {"t_h": host, "t_a": app, "t_v": version, "t_e": environment}
    return "".join(f",{key},{cell(value)}" for key, value in values.items() if value is not None)


@lru_cache(maxsize=256)
def _second(second: int) -> str:
    return moment_text(second * 1_000_000)[:SECOND_LENGTH]  # what no calendar holds comes with a fraction


def _metadata_cells(record: FeatureRecord) -> str:
    if type(record) is UnreadRecord:
        signature, sizes, custom = record.unread
        template = shape_template(signature)
        if template is not None:
            return f",t_r,{template % sizes}{_json_cell(custom) if custom else ''}"
    metadata = record.metadata
    shape = shape_text(metadata.get(KEY))
    if shape is None:
        return _json_cell(metadata) if metadata else ""
    if len(metadata) == 1:
        return ",t_r," + shape
    return f",t_r,{shape}{_json_cell({key: value for key, value in metadata.items() if key != KEY})}"


def _json_cell(metadata: dict[str, Any]) -> str:
    return ",t_m," + metadata_text(metadata).replace(";", "\\u003b").replace(",", ";")


# -- reading --------------------------------------------------------------------------------------------------------


def parse_row(line: bytes) -> FeatureRecord | None:
    """Return the record of a row (without its line break), or None if the row is none of ours."""
    try:
        text = line.decode()
        return _record(usual_values(text) or other_values(text))
    except _UNREADABLE:
        return None


def other_values(text: str) -> list[Any]:
    """Return the same as `usual_values` for a row that has quotes, escapes or None in it, or that stock TinyFlux wrote.

    Stock TinyFlux makes floats of integers.
    """
    parts: list[Any] = next(csv.reader([text]))
    found = {key: _value(key, value) for key, value in zip(parts[2::2], parts[3::2], strict=True)}
    name = "" if parts[1] == NONE else unescape(parts[1])
    return [checked_time(parts[0]), name, *map(found.get, TAGS + FIELDS)]


def _value(key: str, text: str) -> str | None:
    if text == NONE:
        return None
    if key in WHOLE_FIELDS:
        return f"{sound_whole(int(text.removesuffix('.0')))}"
    return unescape(text) if key in TAGS and key != "t_m" else text


def _record(values: Sequence[Any]) -> FeatureRecord:
    (time, name, record_id, category, status, user, session, parent, host, app, version, environment, error, message,
     shape, more, duration, size_in, size_out, score, rounds, thread, process, cpu, memory,
     weight) = values  # fmt: skip
    if record_id is None or category is None:
        raise ValueError("no id or no category")
    seconds, calls = float(duration), 1.0 if weight is None else float(weight)
    efficiency, cpu_seconds = None if score is None else float(score), None if cpu is None else float(cpu)
    if not are_sound(seconds, calls, efficiency, cpu_seconds):
        raise ValueError("a number that no record has")
    return FeatureRecord(
        record_id,
        name,
        category,
        STATUSES[status],
        moment_us(time),
        seconds,
        None if size_in is None else int(size_in),
        None if size_out is None else int(size_out),
        efficiency,
        1 if rounds is None else int(rounds),
        user,
        session,
        None if thread is None else int(thread),
        None if process is None else int(process),
        host,
        app,
        version,
        environment,
        parent,
        cpu_seconds,
        None if memory is None else int(memory),
        error,
        message,
        metadata_of(shape, more),
        calls,
    )


def metadata_of(shape: str | None, text: str | None) -> dict[str, Any]:
    """Return the metadata that stands in the columns `t_r` and `t_m`.

    Raises:
        ValueError, RecursionError: it is none.
    """
    metadata: dict[str, Any] = {} if shape is None else {KEY: parse_shape(shape)}
    if text is not None:
        text = text.replace(";", ",")
        more, end = _decode(text)
        if end != len(text) or not isinstance(more, dict):
            raise ValueError("metadata is no JSON object")
        metadata |= more
    return metadata
