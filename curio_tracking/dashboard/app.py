"""The dashboard's WSGI application: pages, JSON and static files behind one gate.

Made by `server`, and by tests. Every page comes through the hook `curio_register_pages`; the built-in ones have no
privilege but their place in the navigation.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bottle import Bottle, HTTPError, HTTPResponse, request, response

from curio_tracking.dashboard.answers import content_answer, html_answer, json_answer
from curio_tracking.dashboard.api import add_api
from curio_tracking.dashboard.filter_form import filter_form
from curio_tracking.dashboard.gate import Gate
from curio_tracking.dashboard.hosts import AllowedHosts
from curio_tracking.dashboard.problems import NotFoundError, http_status
from curio_tracking.dashboard.rendering import render
from curio_tracking.dashboard.scope import Scope, page_url, read_query
from curio_tracking.dashboard.shared_reader import shared
from curio_tracking.dashboard.tokens import TokenCheck
from curio_tracking.errors import CurioError
from curio_tracking.hookspecs import PageContent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from wsgiref.types import WSGIApplication

    from curio_tracking.plugins import Page
    from curio_tracking.reader import Reader

_log: Final = logging.getLogger("curio_tracking")
_STATIC: Final = Path(__file__).parent / "static"
_MEDIA_TYPES: Final = {"dashboard.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_FIRST: Final = ("overview", "features", "performance", "calls", "health")
"""The order in the navigation; further pages follow."""
_OWN: Final = ("/api/", "/pages/", "/static/")
"""Not for plugins. Under /static/ the gate asks for no token."""
_TITLES: Final = {400: "Check the filters", 404: "Not found", 500: "This page failed", 503: "The store cannot be read"}


def make_app(
    reader: Reader, pages: Sequence[Page], *, host: str = "127.0.0.1", port: int = 8081, token: str | None = None
) -> WSGIApplication:
    """Return the application.

    Args:
        reader: of the store to show; it belongs to the application from now on.
        pages: what plugins registered, the built-in ones among them.
        host: where the server listens; requests under other names are refused.
        port: the same.
        token: what every request must show, None for nothing.
    """
    # no catchall: what Bottle would print, with its own error page, is the gate's to log and answer
    app = Bottle()
    app.config["catchall"] = False
    reader = shared(reader)
    book = _Book(reader, pages)
    app.route("/", callback=book.front)
    app.route("/pages/<slug>", callback=book.page)
    app.route("/static/<name>", callback=_static)
    add_api(app, reader)
    # last: what a plugin chooses must not take the place of an address above
    app.route("/<path:re:[\\s\\S]+>", callback=book.elsewhere)
    app.default_error_handler = book.error
    return Gate(app, AllowedHosts(host, port), TokenCheck(token, port) if token else None)


class _Book:
    """The pages and the frame around them."""

    def __init__(self, reader: Reader, pages: Sequence[Page]) -> None:
        self._reader = reader
        ordered = sorted(pages, key=lambda page: _FIRST.index(page.slug) if page.slug in _FIRST else len(_FIRST))
        self._pages = {page.slug: page for page in ordered}
        self._slugs = {path: page.slug for page in reversed(ordered) if (path := page.path) and _is_free(path)}

    def front(self) -> HTTPResponse:
        """Answer `/` with the first page."""
        return self.page(next(iter(self._pages), ""))

    def page(self, slug: str) -> HTTPResponse:
        """Answer `/pages/<slug>`; a page that fails takes no other along."""
        query: dict[str, str] = {}
        try:
            query = read_query(request.query_string)
            page = self._find(slug)
            content = _checked(page.render(self._reader, query))
        except CurioError as error:
            return self._failed(http_status(error), str(error), slug, query)
        except Exception:
            _log.exception('the page "%s" failed', slug)
            return self._failed(500, "The dashboard's log says why. The other pages work.", slug, query)
        if isinstance(content, PageContent):
            return content_answer(content.body, content.media_type)
        return html_answer(self._frame(page.title, content, slug, query))

    def elsewhere(self, path: str) -> HTTPResponse:
        """Answer an address that a page asked for; every other one does not exist."""
        slug = self._slugs.get(f"/{path}")
        if slug is None:
            raise HTTPError(404)
        return self.page(slug)

    def _find(self, slug: str) -> Page:
        if slug not in self._pages:
            raise NotFoundError("There is no such page.")
        return self._pages[slug]

    def error(self, error: HTTPError) -> bytes:
        """Answer what no route does; called by Bottle, which sends the answer under the error's status."""
        message = (
            "There is nothing at this address." if error.status_code == 404 else HTTPStatus(error.status_code).phrase
        )
        if request.path.startswith("/api/"):
            answer = json_answer({"error": message}, error.status_code)
        else:
            answer = self._failed(error.status_code, message, "", {})
        response.content_type = answer.content_type
        body: bytes = answer.body
        return body

    def _failed(self, status: int, message: str, slug: str, query: Mapping[str, str]) -> HTTPResponse:
        title = _TITLES.get(status, HTTPStatus(status).phrase)
        form = filter_form(self._reader, query, slug) if status == HTTPStatus.BAD_REQUEST else ""
        body = render("error", message=message, form=form)
        return html_answer(self._frame(title, body, slug, query), status)

    def _frame(self, title: str, body: str, slug: str, query: Mapping[str, str]) -> str:
        scope = Scope.of(query)
        links: list[dict[str, Any]] = [
            {"title": page.title, "url": scope.url(page_url(page.slug)), "is_current": page.slug == slug}
            for page in self._pages.values()
            if page.path is None
        ]
        return render("frame", title=title, subject=scope.feature_name, links=links, body=body)


def _checked(content: object) -> str | PageContent:
    if not isinstance(content, str | PageContent):
        raise TypeError(f"render returned {type(content).__name__}, not str or PageContent")
    return content


def _is_free(path: str) -> bool:
    is_free = not path.startswith(_OWN)
    if not is_free:
        _log.warning("the address %s is the dashboard's own; the page is not served there", path)
    return is_free


def _static(name: str) -> HTTPResponse:
    if name not in _MEDIA_TYPES:
        raise HTTPError(404)
    return content_answer((_STATIC / name).read_bytes(), _MEDIA_TYPES[name])
