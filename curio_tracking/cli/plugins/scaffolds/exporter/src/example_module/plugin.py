"""The entry point: offers the exporter `example_part`."""

from curio_tracking import hookimpl
from curio_tracking.hookspecs import RegisterExporter
from curio_tracking.settings import Settings

from example_module.exporter import ExamplePart
from example_module.options import Options


def make_exporter(settings: Settings) -> ExamplePart:
    """Return the exporter for these settings. It could return None: not needed with these."""
    options = settings.options("example_part", Options)
    return ExamplePart(options.file or settings.data_dir / "example_part.jsonl")


@hookimpl
def curio_register_exporters(register: RegisterExporter) -> None:
    """Offer the exporter, and say which options it has."""
    register("example_part", make_exporter, options=Options)
