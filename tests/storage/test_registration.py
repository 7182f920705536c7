"""The built-in backends are found by name, like a plugin's, and take their settings from the one model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curio_tracking.interfaces import StorageBackend
from curio_tracking.plugins import PluginHost
from curio_tracking.runtime import make_backend
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record

NAMES = ("csv", "memory", "tinyflux")


def backend_named(name: str, data_dir: Path, **settings: str) -> StorageBackend:
    loaded = load_settings({"data_dir": data_dir, "backend": name, **settings}, strict=True)
    return make_backend(loaded, PluginHost.for_settings(loaded))


@pytest.mark.parametrize("name", NAMES)
def test_backend_is_made_by_name_and_touches_nothing(name: str, data_dir: Path) -> None:
    backend = backend_named(name, data_dir)
    assert isinstance(backend, StorageBackend)
    backend.close()
    assert not data_dir.exists()


@pytest.mark.parametrize("name", ["csv", "tinyflux"])
@pytest.mark.parametrize(("durability", "is_synced"), [("os", False), ("fsync", True)])
def test_durability_setting_reaches_the_disk(
    name: str, durability: str, is_synced: bool, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(file) or fsync(file))
    backend = backend_named(name, data_dir, durability=durability)
    backend.append([make_record(1)])
    backend.close()
    assert bool(synced) == is_synced


@pytest.mark.parametrize("name", NAMES)
def test_backend_imports_no_surface_and_no_engine_it_does_not_need(name: str) -> None:
    module = f"curio_tracking.storage.{name}"
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert module in loaded
    assert not {"tinyflux", "typer", "bottle", "rich", "hypothesis", "pytest", "sqlite3"} & set(loaded)


def test_storage_can_be_imported_where_there_are_no_locks() -> None:
    code = (
        "import sys, os, pydantic.fields, random; sys.modules['fcntl'] = None; del os.register_at_fork;"
        "import curio_tracking.storage.csv, curio_tracking.storage.memory, curio_tracking.storage.tinyflux"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
