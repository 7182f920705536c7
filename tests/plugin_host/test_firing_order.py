"""In which order hooks run, and which plugins are imported for them."""

from __future__ import annotations

from typing import Any

import pytest

from curio_tracking import hookimpl
from curio_tracking.plugins import PluginHost

TELLS = """
from curio_tracking import hookimpl

@hookimpl{mark}
def curio_startup(tracker):
    print(__name__, flush=True)
"""
OFFERS_A_BACKEND = """
from curio_tracking import hookimpl
from curio_tracking.storage.memory import MemoryBackend

print("imported", __name__, flush=True)

@hookimpl
def curio_register_backends(register):
    register("{name}", lambda settings: MemoryBackend("here"))
"""


def test_plugins_run_by_name_unless_they_ask_for_another_place(run: Any, install: Any, host_program: str) -> None:
    for name, mark in (("b", ""), ("d", "(tryfirst=True)"), ("a", "(trylast=True)"), ("c", "")):
        install(name, TELLS.format(mark=mark))
    told = [line for line in run(host_program).stdout.splitlines() if len(line) == 1]
    assert told == ["d", "b", "c", "a"]


TAKES_FIRST = """
from curio_tracking import hookimpl

@hookimpl(tryfirst=True)
def curio_register_filters(register):
    register("redact", lambda settings: None)
"""


def test_plugin_that_asks_to_be_first_takes_no_built_in_name(run: Any, install: Any, host_program: str) -> None:
    install("takes-first", TAKES_FIRST)
    (line,) = run(host_program).stderr.splitlines()
    assert line.startswith('plugin "takes-first" (takes-first 1.5) curio_register_filters raised ')
    assert 'the filter "redact" is registered already, by plugin "redact" (curio-tracking ' in line


def test_built_in_filters_keep_their_order() -> None:
    host = PluginHost()
    host.load()
    ordered = sorted(host.filters.values(), key=lambda part: part.order)
    assert [part.name for part in ordered] == [
        "exclude",
        "redact",
        "anonymize",
        "failures_only",
        "min_duration",
        "sampling",
        "size",
    ]


def test_application_imports_only_the_backend_that_its_settings_name(run: Any, install: Any, host_program: str) -> None:
    names = [f"store{number}" for number in range(10)]
    for name in names:
        install(name, OFFERS_A_BACKEND.format(name=name))
    result = run(host_program, BACKEND="store3")
    assert sorted(result.stdout.splitlines()) == ["['done', 'done', 'done']", "imported store3"]
    assert result.stderr == ""


def test_backend_of_another_name_than_its_plugin_is_found(run: Any, install: Any, host_program: str) -> None:
    install("shelf", OFFERS_A_BACKEND.format(name="stock"))
    result = run(host_program, BACKEND="stock")
    assert sorted(result.stdout.splitlines()) == ["['done', 'done', 'done']", "imported shelf"]
    assert result.stderr == ""


def test_metadata_that_cannot_be_read_hides_no_other_plugin(
    install: Any, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("good", OFFERS_A_BACKEND.format(name="good"))
    install("torn", OFFERS_A_BACKEND.format(name="torn"))
    (site / "torn-1.5.dist-info" / "entry_points.txt").write_text("[curio_tracking]\nno equals sign\n")
    monkeypatch.syspath_prepend(str(site))
    states = {state.name: state.state for state in PluginHost().plugins() if not state.is_built_in}
    assert states == {"good": "installed", "torn": "broken"}


class Fails:
    """Raises in its start-up hook, every time."""

    def __init__(self) -> None:
        self.calls = 0

    @hookimpl
    def curio_startup(self, tracker: object) -> None:
        self.calls += 1
        raise RuntimeError("not today")


def test_hook_that_failed_five_times_is_called_no_more(caplog: pytest.LogCaptureFixture) -> None:
    plugin, host = Fails(), PluginHost(())
    host.register(plugin, "fails")
    host.load()
    for _ in range(8):
        host.started(None)  # type: ignore[arg-type]
    assert plugin.calls == 5
    assert host.plugins()[0].state == "broken"
    assert len(caplog.records) == 1
