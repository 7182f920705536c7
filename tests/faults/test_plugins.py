"""Plugins that raise in every hook, and whose parts raise at every call. Budget: 10 s."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from site_packages import install_module
from twice import Tracked, assert_store_is_as_accounted, run_twice

from curio_tracking.hookspecs import HOOK_NAMES

KINDS: Final = pytest.mark.parametrize(
    "fault",
    [
        "raise RuntimeError('not today')",
        "raise SystemExit(9)",
        "raise KeyboardInterrupt",
        "again = lambda: again(); again()",
    ],
    ids=["raises", "exits", "interrupts", "recurses"],
)
NOT_ASKED: Final = {"curio_register_backends", "curio_register_commands", "curio_register_pages"}
"""Hooks that a host whose settings name a built-in backend has no need of."""
CALLS: Final = 10
PARTS: Final = {
    "filter": "curio_register_filters(register): register('part', lambda settings: Part())",
    "exporter": "curio_register_exporters(register): register('part', lambda settings: Part())",
    "efficiency": "curio_register_efficiency(register): register('part', Part().apply)",
    "instrument": "curio_register_instruments(register): register('part', Part().apply)",
    "factory of a filter": "curio_register_filters(register): register('part', Part().apply)",
    "factory of an exporter": "curio_register_exporters(register): register('part', Part().apply)",
}
"""The hook by which each part comes; of a filter every record goes with it, of the others none."""


def run_with(directory: Path, plugins: dict[str, str]) -> Tracked:
    """Run the program with these plugins, source by name, installed as a third party's would be."""
    site = directory / "site"
    site.mkdir()
    for name, source in plugins.items():
        install_module(site, name, f"from curio_tracking import hookimpl\n\n{source}\n")
    tracked = run_twice("plain.py", directory, warnings=None, variables={"PYTHONPATH": str(site)})
    assert tracked.status == 7
    assert_store_is_as_accounted(tracked)
    return tracked


@KINDS
def test_every_hook_that_raises_changes_nothing_and_is_told_of_once(tmp_path: Path, fault: str) -> None:
    plugins = {hook.replace("_", "-"): f"@hookimpl\ndef {hook}():\n    {fault}" for hook in HOOK_NAMES}
    tracked = run_with(tmp_path, plugins)
    told = Counter(re.match(r'plugin "([^"]+)"', line)[1] for line in tracked.warnings)
    assert told == {name: 1 for name in plugins if name.replace("-", "_") not in NOT_ASKED}
    assert (tracked.calls(), tracked.account().health["dropped"]) == (CALLS, {})


@KINDS
@pytest.mark.parametrize("part", PARTS)
def test_every_part_that_raises_at_work_changes_nothing(tmp_path: Path, part: str, fault: str) -> None:
    source = f"""class Part:
    def apply(self, *arguments):
        {fault}
    export = apply
    def close(self):
        {fault}

@hookimpl
def {PARTS[part]}"""
    tracked = run_with(tmp_path, {"part": source})
    assert tracked.warnings
    closed = part.endswith("filter")
    assert tracked.calls() == (0 if closed else CALLS)
    assert sum(tracked.account().health["dropped"].values()) == (CALLS if closed else 0)
