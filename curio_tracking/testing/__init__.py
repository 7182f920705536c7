"""What authors of plugins test with: suites to inherit from, example records, Hypothesis strategies.

For users who test an application there is `pytest_plugin`; the types of its fixtures can be imported from here.

    from curio_tracking.testing import BackendContract, make_record

Names are resolved when they are first used (PEP 562): records need nothing, suites need pytest, strategies and the
suites of stores need hypothesis too. Imported by tests, never by the host.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from curio_tracking.testing.backends import BackendContract
    from curio_tracking.testing.commands import CommandContract
    from curio_tracking.testing.example_records import (
        START_US,
        hostile_records,
        make_record,
        odd_records,
        stored_odd_records,
    )
    from curio_tracking.testing.exporter_destinations import DeliveryContract, OutageContract
    from curio_tracking.testing.exporters import ExporterContract
    from curio_tracking.testing.file_writers import FileWriterContract, RoundTripContract
    from curio_tracking.testing.filters import FilterContract
    from curio_tracking.testing.pages import PageContract
    from curio_tracking.testing.pytest_plugin.clock import ControlledClock
    from curio_tracking.testing.pytest_plugin.tracked import TrackedRecords
    from curio_tracking.testing.strategies import batches, json_texts, metadata, queries, records, texts

__all__ = [
    "START_US",
    "BackendContract",
    "CommandContract",
    "ControlledClock",
    "DeliveryContract",
    "ExporterContract",
    "FileWriterContract",
    "FilterContract",
    "OutageContract",
    "PageContract",
    "RoundTripContract",
    "TrackedRecords",
    "batches",
    "hostile_records",
    "json_texts",
    "make_record",
    "metadata",
    "odd_records",
    "queries",
    "records",
    "stored_odd_records",
    "texts",
]

_HOMES: Final = {
    "START_US": "example_records",
    "BackendContract": "backends",
    "CommandContract": "commands",
    "ControlledClock": "pytest_plugin.clock",
    "DeliveryContract": "exporter_destinations",
    "ExporterContract": "exporters",
    "FileWriterContract": "file_writers",
    "FilterContract": "filters",
    "OutageContract": "exporter_destinations",
    "PageContract": "pages",
    "RoundTripContract": "file_writers",
    "TrackedRecords": "pytest_plugin.tracked",
    "batches": "strategies",
    "hostile_records": "example_records",
    "json_texts": "strategies",
    "make_record": "example_records",
    "metadata": "strategies",
    "odd_records": "example_records",
    "queries": "strategies",
    "records": "strategies",
    "stored_odd_records": "example_records",
    "texts": "strategies",
}
_OPTIONAL: Final = ("hypothesis", "pytest")
_WITH_ASSERTIONS: Final = (
    "backend_deletion",
    "backend_erasure",
    "backend_examples",
    "backend_files",
    "backend_keeping",
    "backend_processes",
    "backend_questions",
    "backend_totals",
    "commands",
    "command_outputs",
    "exporter_destinations",
    "exporters",
    "file_writers",
    "filters",
    "markup",
    "pages",
)

_pytest = sys.modules.get("pytest")
if _pytest is not None:
    # pytest explains a failed assertion only in modules that it was told of before they are imported
    _pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _WITH_ASSERTIONS))


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # late: part of resolving late

    try:
        module = import_module(f"{__name__}.{home}")
    except ModuleNotFoundError as error:
        if error.name not in _OPTIONAL:
            raise
        raise ImportError(
            f'{__name__}.{name} needs {error.name}; install it: pip install "curio-tracking[testing]"', name=error.name
        ) from error
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
