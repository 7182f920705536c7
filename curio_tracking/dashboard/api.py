"""JSON under `/api/`: the pages' figures in the vocabulary of `Summary.as_dict` and `FeatureRecord.as_dict`.

The same filters as on the pages. Errors are `{"error": "..."}` with a fitting status. Knows no HTML.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bottle import Bottle, HTTPResponse, request

from curio_tracking.dashboard.answers import json_answer
from curio_tracking.dashboard.problems import http_status
from curio_tracking.dashboard.scope import FILTERS, Scope, read_limit, read_query
from curio_tracking.dashboard.totals import feature_totals
from curio_tracking.errors import CurioError, QueryError

if TYPE_CHECKING:
    from curio_tracking.reader import Reader

_log: Final = logging.getLogger("curio_tracking")
_Query = Mapping[str, str]


def overall(reader: Reader, query: _Query) -> dict[str, Any]:
    """Return the totals of all calls in scope."""
    return reader.overall(Scope.of(query).where(reader)).as_dict()


def categories(reader: Reader, query: _Query) -> list[dict[str, Any]]:
    """Return the totals per category with calls, most calls first."""
    return [part.as_dict() for part in reader.by_category(Scope.of(query).where(reader))]


def features(reader: Reader, query: _Query) -> list[dict[str, Any]]:
    """Return the totals per feature and category, most calls first, those never called last."""
    where = Scope.of(query).where(reader)
    return [part.as_dict() for part in reader.features(where, read_limit(query))]


def feature(reader: Reader, query: _Query, feature_name: str) -> dict[str, Any]:
    """Return the totals of one feature."""
    scope = replace(Scope.of(query), feature_name=feature_name)
    return feature_totals(reader, scope).as_dict()


def records(reader: Reader, query: _Query) -> list[dict[str, Any]]:
    """Return the calls in scope, newest first."""
    return [record.as_dict() for record in reader.records(Scope.of(query).where(reader, read_limit(query)))]


def health(reader: Reader, query: _Query) -> list[dict[str, Any]]:  # noqa: ARG001 - it takes no parameters
    """Return how each process is that tracks into the store, in the vocabulary of `curio_tracking.health`."""
    return reader.processes()


def add_api(app: Bottle, reader: Reader) -> None:
    """Add the routes."""
    rows = {*FILTERS, "feature_name", "limit"}
    app.route("/api/overall", callback=_route(reader, overall, rows - {"limit"}))
    app.route("/api/categories", callback=_route(reader, categories, rows - {"limit"}))
    app.route("/api/features", callback=_route(reader, features, rows))
    # any text, line breaks too: a feature may be called anything
    app.route("/api/features/<feature_name:re:[\\s\\S]+>", callback=_route(reader, feature, set(FILTERS)))
    app.route("/api/records", callback=_route(reader, records, rows))
    app.route("/api/health", callback=_route(reader, health, set()))


def _route(reader: Reader, question: Callable[..., Any], known: set[str]) -> Callable[..., HTTPResponse]:
    def answer(**path: str) -> HTTPResponse:
        try:
            query = read_query(request.query_string)
            _refuse_unknown(query, known)
            found = question(reader, query, **path)
        except CurioError as error:
            return json_answer({"error": str(error)}, http_status(error))
        except Exception:
            _log.exception("/api: %s cannot be answered", question.__name__)
            return json_answer({"error": "the dashboard failed; its log says why"}, 500)
        response = json_answer(found)
        if "limit" in known:
            response.set_header("X-Limit", str(read_limit(query)))
        return response

    return answer


def _refuse_unknown(query: _Query, known: set[str]) -> None:
    # a misspelt filter must not answer with the figures of everything
    unknown = sorted(set(query) - known)
    if unknown:
        raise QueryError(f'unknown parameter "{unknown[0][:80]}"; known: {", ".join(sorted(known)) or "none"}')
