"""The dashboard: pages and JSON about one store, read-only, on this machine unless told otherwise.

`server.serve` runs it, `app.make_app` builds the WSGI application, `pages` registers the built-in views. May not import
collecting, storage or the CLI. Pages of plugins use `escape_text`; it is resolved late (PEP 562), because every start
of the command line imports this package and the templates cost 40 ms.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from curio_tracking.dashboard.rendering import escape_text

__all__ = ["escape_text"]


def __getattr__(name: str) -> object:
    if name != "escape_text":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from curio_tracking.dashboard.rendering import escape_text  # late: see above

    return escape_text
