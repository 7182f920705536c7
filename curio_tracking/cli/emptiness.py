"""Emptiness: what is said on stderr beside an answer: that there is none, which is no error, or what it costs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from curio_tracking.cli.output import is_for_people, note
from curio_tracking.queries import RecordQuery

if TYPE_CHECKING:
    from curio_tracking.cli.session import Session

HOW_TO_START = "call a function marked @track_feature, or try curio-tracking demo"


def explain_nothing(session: Session, where: RecordQuery, format_name: str) -> None:
    """Say on stderr, where people read along, why nothing was found: an empty store, or filters that nothing passes."""
    if is_for_people(format_name):
        has_filters = replace(where, limit=0) != RecordQuery()
        if has_filters and not is_empty(session):
            note("no records match")
        else:
            note(f"no records yet in {session.settings.data_dir}; {HOW_TO_START}")


def explain_cost(session: Session, where: RecordQuery, format_name: str) -> None:
    """Say on stderr, where people read along, what makes the totals of `where` slow or inexact, if anything does."""
    if is_for_people(format_name):
        for remark in session.reader.remarks(where):
            note(remark)


def is_empty(session: Session) -> bool:
    """Whether the store holds nothing at all: no record, and no totals of records that are gone."""
    if next(iter(session.reader.records(RecordQuery(limit=1))), None) is not None:
        return False
    return not session.reader.overall(RecordQuery()).weight
