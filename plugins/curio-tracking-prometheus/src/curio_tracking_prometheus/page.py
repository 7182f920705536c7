"""The page: `/metrics` of the dashboard, the totals of the whole store for Prometheus.

An entry point of the group `curio_tracking.surfaces`, so every command of the CLI imports it: keep it light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking.hookspecs import hookimpl

if TYPE_CHECKING:
    from curio_tracking.hookspecs import RegisterPage


@hookimpl
def curio_register_pages(register: RegisterPage) -> None:
    """Add `/metrics`. An option that cannot be used leaves it out, and the dashboard says why."""
    # late: the client library costs 40 ms, and only the dashboard asks for the page
    from curio_tracking.settings import load_settings
    from curio_tracking_prometheus.exposition import StorePage
    from curio_tracking_prometheus.options import PLUGIN, Options

    options = load_settings(strict=False).options(PLUGIN, Options)
    register("metrics", "Metrics", StorePage(options).render, path="/metrics")
