"""The entry point: offers the instrument `example_part`."""

from curio_tracking import hookimpl
from curio_tracking.hookspecs import RegisterInstrument

from example_module.instrument import install


@hookimpl
def curio_register_instruments(register: RegisterInstrument) -> None:
    """Offer the instrument; `install` is called once, when a tracker has started."""
    register("example_part", install)
