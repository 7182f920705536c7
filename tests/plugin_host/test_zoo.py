"""Whatever a plugin does while it is loaded, the host gets its results, its exit code and one line to read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from zoo import ASKED_BY_THE_HOST, HOOK_FAULTS, ZOO, hook_source

HOST = """
import sys
from curio_tracking import feature_tracker, track_feature

@track_feature("work")
def work(number):
    if number == 2:
        raise ValueError("its own")
    return number

print([work(0), work(1)])
try:
    work(2)
except ValueError as error:
    print("ValueError", error)
print(feature_tracker.flush(60))
health = feature_tracker.health()
balance = health["written"] + health["folded"] + sum(health["dropped"].values()) + health["pending"]
print(health["recorded"], balance)
sys.exit(7)
"""
OUTPUT = "[0, 1]\nValueError its own\nTrue\n3 3\n"


@pytest.fixture
def host(tmp_path: Path) -> str:
    """Return the path of a program with results, an exception and an exit code of its own."""
    program = tmp_path / "host.py"
    program.write_text(HOST, "utf-8")
    return str(program)


@pytest.mark.parametrize("name", ZOO)
def test_host_goes_on_with_one_warning_at_most(run: Any, install: Any, host: str, name: str) -> None:
    hook, source = ZOO[name]
    install(name, source)
    result = run(host)
    assert (result.returncode, result.stdout) == (7, OUTPUT)
    lines = result.stderr.splitlines()
    if name.startswith("coroutine-"):
        # a coroutine that nobody awaits does nothing; Python may remark on it, in words of its own
        return
    if hook not in ASKED_BY_THE_HOST:
        # a plugin that is not needed is not even imported; the exception: a source that does not tell what is in it
        assert len(lines) <= 1
    else:
        assert len(lines) == 1
    for line in lines:
        assert line.startswith(f'plugin "{name}" ({name} 1.5) ')
        assert f'run "curio-tracking plugins uninstall {name}"' in line
        assert line.endswith(f'or set FEATURE_TRACKING_PLUGINS_DISABLED="{name}"')


def test_all_of_them_at_once_leave_the_host_alone(run: Any, install: Any, host: str) -> None:
    for name, (_hook, source) in ZOO.items():
        install(name, source)
    result = run(host)
    assert (result.returncode, result.stdout) == (7, OUTPUT)
    warned = re.findall(r'^plugin "([^"]+)"', result.stderr, re.MULTILINE)
    assert len(warned) == len(set(warned))


RECOVERY = (
    ("plugins", "list"),
    ("plugins", "list", "--all", "--format", "json"),
    ("plugins", "list", "--load"),
    ("config",),
    ("--help",),
    ("list-features",),
)


@pytest.mark.parametrize("command", RECOVERY, ids=" ".join)
@pytest.mark.parametrize("group", ["curio_tracking", "curio_tracking.surfaces"])
def test_commands_work_when_every_plugin_is_broken(run: Any, install: Any, command: Any, group: str) -> None:
    for name, (_hook, source) in ZOO.items():
        install(name, source, group)
    result = run("-m", "curio_tracking", *command)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


def test_list_with_load_tells_what_is_wrong_with_each(run: Any, install: Any) -> None:
    silent = [name for name in ZOO if name.startswith(("coroutine-", "hook-"))]
    loud = [name for name in ZOO if name not in silent]
    for name in loud:
        install(name, ZOO[name][1])
    result = run("-m", "curio_tracking", "plugins", "list", "--load", "--format", "json")
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert {rows[name]["state"] for name in loud} == {"broken"}
    assert all(rows[name]["error"] for name in loud)


@pytest.mark.parametrize("fault", HOOK_FAULTS)
def test_strict_plugins_stop_a_command_with_code_2(run: Any, install: Any, fault: str) -> None:
    install("bad", hook_source("curio_register_filters", HOOK_FAULTS[fault]))
    result = run("-m", "curio_tracking", "list-features", STRICT_PLUGINS="true")
    assert result.returncode == 2
    assert result.stderr.startswith('error: plugin "bad" (bad 1.5) curio_register_filters raised ')
    assert "Traceback" not in result.stderr
