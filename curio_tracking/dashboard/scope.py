"""Scope: which calls a page is about, read from its address and written back into the addresses it links to.

Filters live in the address only, so every view can be bookmarked, shared and gone back to. Shared by pages and JSON;
knows no Bottle.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode

from curio_tracking.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curio_tracking.queries import RecordQuery
    from curio_tracking.reader import Reader

MOST_PARAMETERS: Final = 100
MOST_ROWS: Final = 1000
USUAL_ROWS: Final = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """What the visitor asked for, as typed; empty text means "any".

    Attributes:
        since, until: `7d`, `12h`, `2026-11-01`, ISO 8601.
        category: a known one, or one that the store has. status: one of the known names.
        feature_name: one feature only.
    """

    since: str = ""
    until: str = ""
    category: str = ""
    status: str = ""
    feature_name: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Scope:
        """Return the scope that an address's parameters describe; blanks around the filters do not count."""
        kept = {name: query.get(name, "").strip() for name in FILTERS}
        return cls(**kept, feature_name=query.get("feature_name", ""))

    @property
    def is_filtered(self) -> bool:
        """Whether any filter of the form is set."""
        return any(getattr(self, name) for name in FILTERS)

    def where(self, reader: Reader, limit: int = 0) -> RecordQuery:
        """Return the query to put to the reader.

        Raises:
            QueryError, UnknownNameError: a filter's value cannot be used.
        """
        return reader.where(
            feature_name=self.feature_name,
            category=self.category,
            status=self.status,
            since=self.since,
            until=self.until,
            limit=limit,
        )

    def url(self, path: str, **changes: str) -> str:
        """Return `path` with the filters as its query; `changes` replace, add, or (empty) remove parameters."""
        return with_query(path, {name: getattr(self, name) for name in FILTERS} | changes)


FILTERS: Final = tuple(spec.name for spec in fields(Scope) if spec.name != "feature_name")


def with_query(path: str, parameters: Mapping[str, str]) -> str:
    """Return an address with the non-empty parameters, quoted."""
    given = {name: value for name, value in parameters.items() if value}
    # replace: a lone surrogate in a name has no address, but must not break the page that links to it
    return f"{path}?{urlencode(given, quote_via=quote, safe='', errors='replace')}" if given else path


def page_url(slug: str) -> str:
    """Return the path of a page; the overview is the front page."""
    return "/" if slug == "overview" else f"/pages/{quote(slug, safe='', errors='replace')}"


def read_query(text: str) -> dict[str, str]:
    """Return the parameters of an address's query; of a repeated one the last.

    Raises:
        QueryError: there are too many.
    """
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
    except ValueError:
        raise QueryError(f"the address has too many parameters; {MOST_PARAMETERS} are allowed") from None


def read_limit(query: Mapping[str, str], usual: int = USUAL_ROWS) -> int:
    """Return how many rows `limit` asks for, at most `MOST_ROWS`; 0 asks for that many.

    Raises:
        QueryError: it is not a whole number from 0.
    """
    text = query.get("limit", "").strip()
    if not text:
        return usual
    # isascii: int() would also read other scripts' digits, and isdigit alone allows superscripts
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise QueryError(f'the limit "{text[:40]}" is not a whole number; give 1 to {MOST_ROWS}, or 0 for {MOST_ROWS}')
    return min(int(text) or MOST_ROWS, MOST_ROWS)
