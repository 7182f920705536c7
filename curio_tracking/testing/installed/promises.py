"""The tests that pytest runs on the plugin: one class for the plugin itself, one for each part that has a suite."""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

from curio_tracking.queries import RecordQuery
from curio_tracking.testing import (
    BackendContract,
    CommandContract,
    ExporterContract,
    FileWriterContract,
    FilterContract,
    PageContract,
)
from curio_tracking.testing.installed.subject import current, needs_arguments, settings_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from curio_tracking.testing.installed.subject import SubjectPart

SUBJECT: Final = current()
SECONDS: Final = 60
APPLICATION: Final = """
from curio_tracking import feature_tracker, track_feature

@track_feature("answer")
def answer():
    return 42

print([answer() for _ in range(3)])
feature_tracker.flush(30)
health = feature_tracker.health()
# a filter may drop records: what counts is that none is lost without a count
known = health["written"] + health["folded"] + sum(health["dropped"].values()) + health["pending"]
print(health["recorded"] == known)
"""


class TestPlugin:
    """What every plugin promises, whatever it brings."""

    def test_loads_without_a_warning(self) -> None:
        assert not SUBJECT.warnings, SUBJECT.warnings[0]

    def test_leaves_an_application_alone(self, tmp_path: Path) -> None:
        done = _run_application(tmp_path)
        assert not done.stderr, done.stderr.splitlines()[0]
        assert (done.returncode, done.stdout.splitlines()[:-1]) == (0, ["[42, 42, 42]"])

    def test_loses_no_record_without_a_count(self, tmp_path: Path) -> None:
        assert _run_application(tmp_path).stdout.splitlines()[-1:] == ["True"]


def _run_application(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a tracked program in which the plugin is at work; a backend keeps the records."""
    backends = [part.name for part in SUBJECT.parts if part.kind == "backend"]
    settings = {"FEATURE_TRACKING_DATA_DIR": str(directory / "data")}
    if backends:
        settings["FEATURE_TRACKING_BACKEND"] = backends[0]
    return subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-c", APPLICATION],
        env=os.environ | settings,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def backend_suite(part: SubjectPart) -> type:
    """Return the suite of a backend."""

    class Promises(BackendContract):
        @pytest.fixture
        def make_backend(self, tmp_path: Path) -> Callable[[], Any]:
            settings = settings_in(tmp_path / "data")
            if SUBJECT.has_options:  # then it may keep records elsewhere, and those of the last test are still there
                left = part.made(settings)
                left.delete(RecordQuery())
                left.close()
            return lambda: part.made(settings)

    return Promises


def filter_suite(part: SubjectPart) -> type:
    """Return the suite of a filter."""

    class Promises(FilterContract):
        @pytest.fixture
        def record_filter(self, tmp_path: Path) -> Any:
            return part.made(settings_in(tmp_path / "data"))

    return Promises


def exporter_suite(part: SubjectPart) -> type:
    """Return the suite of an exporter."""

    class Promises(ExporterContract):
        @pytest.fixture
        def make_exporter(self, tmp_path: Path) -> Callable[[], Any]:
            directory = tmp_path / "data"
            directory.mkdir(mode=0o700)  # an exporter comes after the backend, which has made it
            return lambda: part.made(settings_in(directory))

    return Promises


def format_suite(part: SubjectPart) -> type:
    """Return the suite of a writer of an export format."""

    class Promises(FileWriterContract):
        @pytest.fixture
        def file_writer(self) -> Any:
            return part.made

    return Promises


def page_suite(part: SubjectPart) -> type:
    """Return the suite of a page."""

    class Promises(PageContract):
        @pytest.fixture
        def render(self) -> Any:
            return part.made

    return Promises


class _OfAnyCommand(CommandContract):
    """What holds for every command: whether it reads, needs or changes records is known to its author alone."""

    writes = True
    test_unknown_backend_is_said_once = None  # type: ignore[assignment]
    test_empty_store_is_no_error = None  # type: ignore[assignment]
    test_root_options_name_the_store = None  # type: ignore[assignment]
    test_json_of_an_empty_store_is_json = None  # type: ignore[assignment]
    test_reading_an_empty_store_creates_nothing = None  # type: ignore[assignment]
    test_reading_changes_nothing_in_the_store = None  # type: ignore[assignment]


def command_suite(part: SubjectPart) -> type:
    """Return the suite of a command; of one that needs arguments, what can be told without any."""
    settings = {name: value for name, value in os.environ.items() if name.startswith("FEATURE_TRACKING_PLUGINS_")}

    class Promises(_OfAnyCommand):
        @pytest.fixture
        def command(self) -> str:
            return part.name

        @pytest.fixture(autouse=True)
        def plugin_settings(self, store_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG002
            for name, value in settings.items():
                monkeypatch.setenv(name, value)

    if needs_arguments(part.made):
        without = ("help_says", "starts_without", "unknown_option")
        for test in [name for name in dir(Promises) if name.startswith("test_")]:
            if not test.removeprefix("test_").startswith(without):
                setattr(Promises, test, None)
    return Promises


SUITES: Final[dict[str, Callable[[SubjectPart], type]]] = {
    "backend": backend_suite,
    "filter": filter_suite,
    "exporter": exporter_suite,
    "format": format_suite,
    "page": page_suite,
    "command": command_suite,
}


def suites(needed: Sequence[int]) -> Iterator[tuple[str, type]]:
    """Yield the suites of the parts at these places, each with the name of its class."""
    for place in needed:
        yield f"Test{place}", SUITES[SUBJECT.parts[place].kind](SUBJECT.parts[place])


globals().update(suites([place for place, part in enumerate(SUBJECT.parts) if part not in SUBJECT.without_suite]))
