"""What is announced to go is said to the plugins that use it: once each, in the log, and to nobody else."""

from __future__ import annotations

import warnings
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from curio_tracking import hookimpl
from curio_tracking.plugins import PluginHost, PluginState

ANNOUNCING = """
import sys
from curio_tracking.hookspecs import HookSpecs, hookspec

goes = DeprecationWarning("it leaves in 2.0, ask for the session")
hookspec(warn_on_impl_args={"tracker": goes})(HookSpecs.curio_startup)
hookspec(warn_on_impl_args={"tracker": goes})(HookSpecs.curio_shutdown)
hookspec(warn_on_impl=DeprecationWarning("register a filter instead"))(HookSpecs.curio_register_efficiency)
"""
"""Comes before a host's program: what a later version of the hooks may say."""
LISTENS = """
from curio_tracking import hookimpl

@hookimpl
def curio_startup({argument}):
    print("started", flush=True)

@hookimpl
def curio_shutdown({argument}):
    pass
"""
ASKS = LISTENS.format(argument="tracker")
ASKS_FOR_NOTHING = LISTENS.format(argument="")
REPLACES_THE_FORMULA = """
from curio_tracking import hookimpl

@hookimpl
def curio_register_efficiency(register):
    register("half", lambda record, targets: 0.5)
"""


@pytest.fixture
def announcing_program(host_program: str) -> str:
    """Return the path of a host in which arguments are announced to go."""
    program = Path(host_program)
    program.write_text(ANNOUNCING + program.read_text("utf-8"), "utf-8")
    return host_program


# every Python warning is an error there: it would not pass unseen
def test_plugin_that_asks_for_it_is_told_in_one_warning(run: Any, install: Any, announcing_program: str) -> None:
    install("asks", ASKS)
    result = run("-W", "error", announcing_program)
    assert sorted(result.stdout.splitlines()) == ["['done', 'done', 'done']", "started"]
    (line,) = result.stderr.splitlines()
    announcement = "which is announced to go: it leaves in 2.0, ask for the session"
    assert line == (
        f'plugin "asks" (asks 1.5) takes the argument "tracker" of curio_shutdown, {announcement}; '
        f'takes the argument "tracker" of curio_startup, {announcement}; '
        f"{PluginState('asks', 'asks', '1.5', 'curio_tracking').remedy}"
    )


def test_plugin_that_does_not_ask_for_it_is_told_nothing(run: Any, install: Any, announcing_program: str) -> None:
    install("asks-for-nothing", ASKS_FOR_NOTHING)
    result = run("-W", "error", announcing_program)
    assert sorted(result.stdout.splitlines()) == ["['done', 'done', 'done']", "started"]
    assert result.stderr == ""


def test_of_two_plugins_only_the_one_that_asks_is_named(run: Any, install: Any, announcing_program: str) -> None:
    install("asks", ASKS)
    install("asks-for-nothing", ASKS_FOR_NOTHING)
    (line,) = run("-W", "error", announcing_program).stderr.splitlines()
    assert line.startswith('plugin "asks" (asks 1.5) ')


def test_hook_that_is_announced_to_go_still_works(run: Any, install: Any, announcing_program: str) -> None:
    install("half", REPLACES_THE_FORMULA)
    program = Path(announcing_program)
    program.write_text(program.read_text("utf-8") + "print(feature_tracker.stats('work')['avg_efficiency'])\n", "utf-8")
    result = run("-W", "error", announcing_program)
    assert result.stdout == "['done', 'done', 'done']\n0.5\n"
    (line,) = result.stderr.splitlines()
    assert "implements curio_register_efficiency, which is announced to go: register a filter instead; " in line


def test_strict_plugins_do_not_stop_at_an_announcement(run: Any, install: Any, announcing_program: str) -> None:
    install("asks", ASKS)
    result = run(announcing_program, STRICT_PLUGINS="true")
    assert "started" in result.stdout


class WarnsMeanwhile:
    """A plugin during whose registration another thread, as the host has them, warns of something of its own."""

    def __dir__(self) -> list[str]:
        thread = Thread(target=warnings.warn, args=("the host's own",))
        thread.start()
        thread.join()
        return list(super().__dir__())

    @hookimpl
    def curio_startup(self) -> None:
        """Do nothing."""


def test_warning_of_another_thread_is_neither_lost_nor_blamed_on_a_plugin(caplog: pytest.LogCaptureFixture) -> None:
    host = PluginHost(())
    host.register(WarnsMeanwhile(), "warns")
    with pytest.warns(UserWarning, match="the host's own"):
        host.load()
    assert caplog.messages == []
