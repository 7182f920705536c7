"""What the commands' suite runs on: the command, a store of its own, an environment without the machine's settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

import pytest

from curio_tracking.runtime import open_reader
from curio_tracking.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from curio_tracking.records import FeatureRecord

SHIM = "from {module} import curio_register_commands\n"


class CommandStore:
    """The fixtures of the suite, and the attributes that say what kind of a command it is.

    Attributes:
        backend: which backend the store is of.
        plugin_module: the module with the hook, if the plugin is not installed.
        reads_store: whether it opens the store; otherwise it works whatever the backend is called.
        needs_records: whether it asks for something by name, so that it must fail, with code 1, on an empty store.
        writes: whether it may change the store.
    """

    backend: ClassVar[str] = "tinyflux"
    plugin_module: ClassVar[str | None] = None
    reads_store: ClassVar[bool] = True
    needs_records: ClassVar[bool] = False
    writes: ClassVar[bool] = False

    @pytest.fixture
    def arguments(self) -> Sequence[str]:
        """Return what follows the command's name; override it for a command that needs some."""
        return ()

    @pytest.fixture
    def command_line(self, command: str, arguments: Sequence[str]) -> list[str]:
        """Return the command with its arguments, for `main`."""
        return [*command.split(), *arguments]

    @pytest.fixture(autouse=True)
    def store_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Return the data directory, not there yet; keep the machine's own settings, store and terminal away."""
        for name in list(os.environ):
            if name.startswith("FEATURE_TRACKING_") or name in ("DO_NOT_TRACK", "FORCE_COLOR", "PYTHONIOENCODING"):
                monkeypatch.delenv(name)
        work = tmp_path / "contract"
        work.mkdir(mode=0o700)
        monkeypatch.chdir(work)
        # a dumb terminal gets no colours, so that whatever steers it came out of a record
        for name, value in {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "400", "LINES": "200"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(work / "data"))
        monkeypatch.setenv("FEATURE_TRACKING_BACKEND", self.backend)
        if self.plugin_module:
            plugins = work / "plugins"
            plugins.mkdir(mode=0o700)
            (plugins / "command_under_test.py").write_text(SHIM.format(module=self.plugin_module))
            monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(plugins))
        return work / "data"


def fill(records: Sequence[FeatureRecord]) -> None:
    """Keep the records in the store that the environment names, as a tracked application does."""
    reader = open_reader(load_settings(strict=True))
    reader.backend.append(records)
    reader.close()
