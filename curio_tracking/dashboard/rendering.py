"""Templates: SimpleTemplate files of this package, with everything escaped and control characters made visible.

Between the pages and `templates/`. Only this package's folder is searched, never the working directory.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

from bottle import SimpleTemplate

from curio_tracking import __version__
from curio_tracking.control_characters import visible
from curio_tracking.dashboard import charts, figures
from curio_tracking.dashboard.scope import page_url

_FOLDER: Final = Path(__file__).parent / "templates"
_TOOLS: Final[dict[str, Any]] = {
    "bar": charts.bar,
    "share": charts.share,
    "strip": charts.strip,
    "count_text": figures.count_text,
    "percent_text": figures.percent_text,
    "score_text": figures.score_text,
    "duration_text": figures.duration_text,
    "mark_text": figures.mark_text,
    "time_text": figures.time_text,
    "age_text": figures.age_text,
    "page_url": page_url,
    "product_version": __version__,
}


def escape_text(text: str) -> str:
    """Return text fit for HTML, in an element as in a quoted attribute."""
    # tabs and line breaks are blanks in HTML, and keep what is copied as it was
    return escape(visible(text, keep="\t\n"), quote=True)


class _Template(SimpleTemplate):  # type: ignore[misc] # bottle has no types
    # as class settings, so that included templates escape in the same way
    settings = {"escape_func": escape_text}  # noqa: RUF012 - bottle copies it per instance


@cache
def _template(name: str) -> _Template:
    return _Template(name=f"{name}.tpl", lookup=[str(_FOLDER)])


def render(name: str, /, **values: Any) -> str:
    """Return the HTML of `templates/<name>.tpl`; `{{value}}` is escaped, `{{!value}}` is HTML made by us."""
    return str(_template(name).render(_TOOLS, **values))
