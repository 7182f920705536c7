"""The plugin that registers the built-in pages, as any third party's would; the smallest example of one.

An entry point of the group `curio_tracking.surfaces`, so every command of the CLI imports it: keep it light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.hookspecs import hookimpl

if TYPE_CHECKING:
    from curio_tracking.hookspecs import RegisterPage


# tryfirst: a page of the same name takes no built-in page away; who wants to replace one disables this plugin
@hookimpl(tryfirst=True)
def curio_register_pages(register: RegisterPage) -> None:
    """Add overview, features, performance, calls and health."""
    # late: templates and pages cost 40 ms, and only the dashboard asks for them
    from curio_tracking.dashboard.views import calls, features, health, overview, performance

    register("overview", "Overview", overview.render)
    register("features", "Features", features.render)
    register("performance", "Performance", performance.render)
    register("calls", "Calls", calls.render)
    register("health", "Health", health.render)
