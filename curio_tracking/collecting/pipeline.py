"""Pipeline: what the writer thread works with. Put together by `runtime`; this module only names its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curio_tracking.collecting.assemble import Assembler
    from curio_tracking.collecting.chain import FilterChain
    from curio_tracking.health_files import HealthFile
    from curio_tracking.interfaces import Exporter, StorageBackend
    from curio_tracking.plugins import PluginHost
    from curio_tracking.settings import Settings


@dataclass(slots=True)
class Pipeline:
    """Everything between a row in the buffer and a record in the store.

    Attributes:
        settings, host: what it was made from.
        assembler: turns what the host's thread left into records.
        chain: the filters, in order.
        backend: where records go. exporters: who sees them afterwards.
        health_file: where the writer tells other processes how it is; None where nobody else could read the store.
    """

    settings: Settings
    host: PluginHost
    assembler: Assembler
    chain: FilterChain
    backend: StorageBackend
    exporters: dict[str, Exporter] = field(default_factory=dict)
    health_file: HealthFile | None = None
