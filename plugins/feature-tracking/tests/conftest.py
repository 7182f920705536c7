"""What every test gets: an empty home, no settings of this machine, and ways to run programs and look at records."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from curio_tracking import FeatureRecord, FeatureTracker
from feature_tracking.integration.candidates import Candidate, parse, survey
from feature_tracking.integration.rewriting import rewrite

Finished = subprocess.CompletedProcess[str]
TIMEOUT_SECONDS = 600


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FEATURE_TRACKING_") or name in ("DO_NOT_TRACK", "NO_COLOR", "FORCE_COLOR", "PYTHONPATH"):
            monkeypatch.delenv(name)
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "share"))
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(tmp_path / "data"))
    # a busy machine may need longer even to load the writer
    monkeypatch.setenv("FEATURE_TRACKING_EXIT_TIMEOUT", "60")
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def python() -> Callable[..., Finished]:
    """Run Python with arguments; extra variables as a mapping."""

    def run(*arguments: str, variables: Mapping[str, str] | None = None) -> Finished:
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, **(variables or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    return run


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[], list[FeatureRecord]]:
    """Return the records that programs of this test have stored."""

    def read() -> list[FeatureRecord]:
        tracker = FeatureTracker(
            data_dir=tmp_path / "data", backend=os.environ.get("FEATURE_TRACKING_BACKEND", "tinyflux")
        )
        try:
            return tracker.records(limit=0)
        finally:
            tracker.close()

    return read


@pytest.fixture
def found() -> Callable[..., list[Candidate]]:
    """Return the functions worth tracking in some source."""

    def look(source: str | bytes, module: str = "app", *, include_all: bool = False) -> list[Candidate]:
        content = source.encode() if isinstance(source, str) else source
        return survey(content, parse(content), module, include_all=include_all).candidates

    return look


@pytest.fixture
def rewritten(found: Callable[..., list[Candidate]]) -> Callable[..., bytes]:
    """Return some source with its functions decorated."""

    def change(source: str | bytes, module: str = "app", *, include_all: bool = True) -> bytes:
        content = source.encode() if isinstance(source, str) else source
        return rewrite(content, parse(content), found(content, module, include_all=include_all))

    return change
