"""The entry point: offers the backend `example_part`."""

from curio_tracking import hookimpl
from curio_tracking.hookspecs import RegisterBackend
from curio_tracking.settings import Settings

from example_module.backend import ExamplePart
from example_module.options import Options


def make_backend(settings: Settings) -> ExamplePart:
    """Return the backend for these settings. Called at start-up; it may open nothing yet."""
    options = settings.options("example_part", Options)
    return ExamplePart(options.file or settings.data_dir / "example_part.sqlite")


@hookimpl
def curio_register_backends(register: RegisterBackend) -> None:
    """Offer the backend, and say which options it has."""
    register("example_part", make_backend, options=Options)
