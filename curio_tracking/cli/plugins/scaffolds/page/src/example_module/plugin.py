"""The entry point: adds the page `example-part` to the dashboard."""

from curio_tracking import hookimpl
from curio_tracking.hookspecs import RegisterPage

from example_module.page import render


@hookimpl
def curio_register_pages(register: RegisterPage) -> None:
    """Add the page, with its title in the navigation."""
    register("example-part", "Example part", render)
