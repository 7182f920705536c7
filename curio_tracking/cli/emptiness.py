"""Emptiness: what is said when there is nothing to show, which is no error."""

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


def is_empty(session: Session) -> bool:
    """Whether the store holds no record at all."""
    return next(iter(session.reader.records(RecordQuery(limit=1))), None) is None
