"""The plugin: `curio-tracking export --format parquet`.

The entry point names this module, so every command imports it; pyarrow (0.1 s) comes when the first record is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curio_tracking import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from curio_tracking.hookspecs import RegisterExporter
    from curio_tracking.records import FeatureRecord


@hookimpl
def curio_register_exporters(register: RegisterExporter) -> None:
    """Add the format `parquet`."""
    register("parquet", file_writer=write_file)


def write_file(records: Iterable[FeatureRecord], stream: BinaryIO) -> int:
    """Write the records to an open binary stream and return how many they were; see `writing.write_parquet`."""
    from curio_tracking_parquet.writing import write_parquet  # late: see the module's docstring

    return write_parquet(records, stream)
