"""Health files of made-up processes, for tests of what shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curio_tracking.health_files import HealthFile

HEALTH: dict[str, Any] = {
    "state": "running",
    "recorded": 1000,
    "written": 900,
    "folded": 40,
    "dropped": {"sampling": 50, "exit": 3},
    "pending": 7,
    "errors": {"backend": 2},
    "quarantined": 0,
    "flushes": 12,
    "last_flush": 0.002,
    "avg_flush": 0.003,
    "p95_flush": 0.004,
    "max_flush": 1.5,
    "current_flush": None,
    "overhead_ns": 640.0,
    "writer_seconds": 0.3,
    "queued_rows": 7,
    "queued_bytes": 1400,
    "queue_size": 10_000,
    "queue_bytes": 33_554_432,
}


def leave_health(data_dir: Path, app: str = "shop", *, flush_seconds: float = 1.0, **health: Any) -> HealthFile:
    """Write the health file of a process; it counts as killed once the returned file is closed, unless it has ended."""
    about = {"app": app, "version": "1.2", "environment": "production", "backend": "tinyflux"}
    file = HealthFile(data_dir, about, retention_days=90, flush_seconds=flush_seconds)
    file.write(HEALTH | health)
    return file
