"""A plugin: the built-in backend, but that it fails in the way that FAULT says until the file MENDED is there.

It leaves a file FAILED when it does so."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curio_tracking import hookimpl
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend


def recurse() -> None:
    """Go down without end."""
    recurse()


class FaultyBackend(TinyFluxBackend):
    """What stores nothing, or not soon, before it is mended."""

    def declare(self, features: Any) -> None:
        """Fail, or take the features."""
        self._fail()
        super().declare(features)

    def append(self, records: Sequence[FeatureRecord]) -> None:
        """Fail, or keep the records."""
        self._fail()
        super().append(records)

    def close(self) -> None:
        """Close and fail."""
        super().close()
        self._fail()

    def _fail(self) -> None:
        fault = os.environ["FAULT"]
        if fault == "slow":
            time.sleep(0.05)
        if is_mended():
            return
        Path(os.environ["FAILED"]).touch()
        if fault == "raises":
            raise RuntimeError("not today")
        if fault == "is-down":
            raise OSError("no answer")
        if fault == "exits":
            raise SystemExit(9)
        if fault == "interrupts":
            raise KeyboardInterrupt
        if fault == "recurses":
            recurse()
        if fault == "hangs":
            threading.Event().wait()


def is_mended() -> bool:
    """Whether it works."""
    return Path(os.environ["MENDED"]).exists()


@hookimpl
def curio_register_backends(register: Any) -> None:
    """Offer it."""
    register("faulty", lambda settings: FaultyBackend(settings.data_dir))
