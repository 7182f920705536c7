"""SYSMON: snapshots of the machine, tracked by hand: a start, an end, and a score of our own."""

from __future__ import annotations

import os
import platform
import shutil
import time
from typing import TYPE_CHECKING, Any, Final

from curio_tracking import FeatureCategory, FeatureStatus, feature_tracker, track_feature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from curio_tracking.demo.tally import Tally


def disk_figures(folder: Path) -> dict[str, float]:
    """Return the share of the disk that is used, in percent."""
    usage = shutil.disk_usage(folder)
    return {"disk_used_percent": round(100 * usage.used / usage.total, 1)}


def machine_figures(_folder: Path) -> dict[str, Any]:
    """Return what the machine is."""
    return {"system": platform.system(), "machine": platform.machine(), "processors": os.cpu_count()}


def process_figures(_folder: Path) -> dict[str, float]:
    """Return what this process has used so far."""
    return {"cpu_seconds": round(time.process_time(), 3), "process": os.getpid()}


def sensor_figures(folder: Path) -> dict[str, float]:
    """Return the temperature that a sensor left in a file; the machines of this demo have none.

    Raises:
        FileNotFoundError: there is no sensor.
    """
    return {"celsius": float((folder / "temperature").read_text("utf-8"))}


PROBES: Final[tuple[Callable[[Path], dict[str, Any]], ...]] = (disk_figures, machine_figures, process_figures)


def take_snapshot(folder: Path, probes: tuple[Callable[[Path], dict[str, Any]], ...]) -> dict[str, Any]:
    """Ask every probe; the efficiency is the share of them that answered."""
    record_id = feature_tracker.start_custom_tracking(
        "take_snapshot", FeatureCategory.SYSMON, metadata={"probes": len(probes)}
    )
    figures: dict[str, Any] = {}
    silent: list[str] = []
    for probe in probes:
        try:
            figures |= probe(folder)
        except OSError:
            silent.append(probe.__name__)
    feature_tracker.complete_custom_tracking(
        record_id,
        status=FeatureStatus.PARTIAL if silent else FeatureStatus.SUCCESS,
        input_size=len(probes),
        output_size=len(figures),
        efficiency_score=1 - len(silent) / len(probes),
        iterations=len(probes),
        error_message=f"no answer: {', '.join(silent)}" if silent else None,
    )
    return figures


@track_feature("read_sensor", FeatureCategory.SYSMON)
def read_sensor(folder: Path) -> float:
    """Return the temperature.

    Raises:
        FileNotFoundError: there is no sensor.
    """
    return sensor_figures(folder)["celsius"]


def use(folder: Path, tally: Tally) -> None:
    """Take snapshots, one of them with a probe that cannot answer, and look for the sensor alone."""
    for _ in range(3):
        take_snapshot(folder, PROBES)
        tally.count("take_snapshot")
    take_snapshot(folder, (*PROBES, sensor_figures))
    tally.count("take_snapshot", "partial")
    with tally.failing("read_sensor", FileNotFoundError):
        read_sensor(folder)
