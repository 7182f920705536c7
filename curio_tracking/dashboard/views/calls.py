"""The calls page: single calls, newest first; with `record_id` in the address, one of them in full."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from curio_tracking.dashboard.filter_form import filter_form
from curio_tracking.dashboard.problems import NotFoundError
from curio_tracking.dashboard.rendering import render as render_template
from curio_tracking.dashboard.scope import MOST_ROWS, Scope, page_url, read_limit
from curio_tracking.dashboard.views.rows import call_rows
from curio_tracking.queries import RecordQuery, parse_time
from curio_tracking.records import FeatureRecord, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.reader import Reader


def render(reader: Reader, query: Mapping[str, str]) -> str:
    """Return the body of the page."""
    return _one(reader, query) if query.get("record_id") else _all(reader, query)


def _all(reader: Reader, query: Mapping[str, str]) -> str:
    scope = Scope.of(query)
    limit = read_limit(query)
    # one more than shown tells whether there are more
    found = list(reader.records(scope.where(reader, limit + 1)))
    path = page_url("calls")
    more_url = scope.url(path, feature_name=scope.feature_name, limit="0")
    return render_template(
        "calls",
        form=filter_form(reader, query, "calls"),
        is_filtered=scope.is_filtered or bool(scope.feature_name),
        feature_name=scope.feature_name,
        rows=call_rows(found[:limit], scope),
        all_url=scope.url(path),
        feature_url=scope.url(page_url("features"), feature_name=scope.feature_name),
        has_more=len(found) > limit,
        more_url=more_url if limit < MOST_ROWS else None,
        most_rows=MOST_ROWS,
    )


def _one(reader: Reader, query: Mapping[str, str]) -> str:
    where = RecordQuery(record_ids=frozenset({query["record_id"]}), limit=1)
    if query.get("start_time"):
        start_us = to_microseconds(parse_time(query["start_time"], datetime.now(UTC)))
        where = replace(where, since_us=start_us, until_us=start_us + 1)
    record = next(iter(reader.records(where)), None)
    if record is None:
        raise NotFoundError("There is no such call; it may have been removed since, as old calls are.")
    scope = Scope.of(query)
    return render_template(
        "call",
        row=call_rows([record], scope)[0],
        others=_other_fields(record),
        metadata=json.dumps(record.metadata, indent=2, ensure_ascii=False, default=str) if record.metadata else "",
        all_url=scope.url(page_url("calls")),
    )


def _other_fields(record: FeatureRecord) -> list[tuple[str, str]]:
    """Return what the call's page does not show elsewhere, under the names of the record's fields."""
    shown = {"feature_name", "category", "status", "start_time", "duration", "error_type", "error_message", "metadata"}
    return [(name, str(value)) for name, value in record.as_dict().items() if name not in shown and value is not None]
