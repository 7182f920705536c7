"""The entry point: offers the filter `example_part`."""

from curio_tracking import hookimpl
from curio_tracking.hookspecs import RegisterFilter
from curio_tracking.settings import Settings

from example_module.filter import ExamplePart
from example_module.options import Options


def make_filter(settings: Settings) -> ExamplePart:
    """Return the filter for these settings. It could return None: not needed with these."""
    return ExamplePart(settings.options("example_part", Options).length)


@hookimpl
def curio_register_filters(register: RegisterFilter) -> None:
    """Offer the filter, and say which options it has. `order=` would say where in the chain it stands."""
    register("example_part", make_filter, options=Options)
