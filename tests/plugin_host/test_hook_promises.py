"""What a plugin was written against stays: hooks, their arguments, and what `register` takes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import pytest

from curio_tracking import hookimpl, hookspecs
from curio_tracking.hookspecs import HOOK_NAMES, HookSpecs
from curio_tracking.plugins.registry import Registry

HOOKS: Mapping[str, frozenset[str]] = {
    "curio_register_backends": frozenset({"register"}),
    "curio_register_filters": frozenset({"register"}),
    "curio_register_exporters": frozenset({"register"}),
    "curio_register_categories": frozenset({"register"}),
    "curio_register_commands": frozenset({"app"}),
    "curio_register_pages": frozenset({"register"}),
    "curio_register_instruments": frozenset({"register"}),
    "curio_register_efficiency": frozenset({"register"}),
    "curio_startup": frozenset({"tracker"}),
    "curio_shutdown": frozenset({"tracker"}),
}
"""The record: every hook that was ever published, and its arguments. Lines are added, never changed or removed."""

REGISTERS: Mapping[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "backend": (("name", "factory"), frozenset({"options"})),
    "filter": (("name", "factory"), frozenset({"order", "leaves_trace", "options"})),
    "exporter": (("name", "factory"), frozenset({"file_writer", "options"})),
    "category": (("name", "description"), frozenset()),
    "instrument": (("name", "install"), frozenset()),
    "efficiency": (("name", "formula"), frozenset()),
    "page": (("slug", "title", "render"), frozenset()),
}
"""The record of what each `register` takes: by place, and by name alone. Kept as the one above."""


def taken_away(specs: type) -> dict[str, set[str]]:
    """Return what is in the record and not in the hooks: an empty name stands for the hook as a whole."""
    gone = {}
    for hook, recorded in HOOKS.items():
        offered = inspect.signature(getattr(specs, hook)).parameters if hasattr(specs, hook) else None
        lacking = {""} if offered is None else set(recorded.difference(offered))
        if lacking:
            gone[hook] = lacking
    return gone


def registers(kind: str) -> tuple[inspect.Signature, inspect.Signature]:
    """Return what `register` is said to take, and what it takes in fact."""
    protocol = getattr(hookspecs, f"Register{kind.capitalize()}").__call__
    method = getattr(Registry, f"register_{kind}")
    return inspect.signature(protocol), inspect.signature(method)


def places(signature: inspect.Signature) -> tuple[str, ...]:
    """Return what may be given by its place, `self` apart."""
    found = [one.name for one in signature.parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
    return tuple(found[1:])


class Renamed(HookSpecs):
    """Hooks of which one has another name for its argument."""

    def curio_startup(self, session: object) -> None:  # type: ignore[override]
        """Take the argument under a new name."""


class Extended(HookSpecs):
    """Hooks of which one has an argument more."""

    def curio_startup(self, tracker: object, session: object) -> None:  # type: ignore[override]
        """Take one more."""


def test_no_argument_of_a_hook_is_ever_taken_away_or_renamed() -> None:
    assert taken_away(HookSpecs) == {}


@pytest.mark.parametrize(
    ("specs", "gone"),
    [
        (Renamed, {"curio_startup": {"tracker"}}),
        (Extended, {}),
        (type("Empty", (), {}), {hook: {""} for hook in HOOKS}),
    ],
)
def test_record_notices_what_goes_and_lets_more_come(specs: type, gone: dict[str, set[str]]) -> None:
    assert taken_away(specs) == gone


def test_what_was_added_to_the_hooks_is_added_to_the_record() -> None:
    offered = {hook: frozenset(inspect.signature(getattr(HookSpecs, hook)).parameters) - {"self"} for hook in HOOKS}
    assert offered == dict(HOOKS), "from now on the promise holds for this argument: add it to the record"
    assert set(HOOK_NAMES) == set(HOOKS), "from now on the promise holds for this hook: add it to the record"


@pytest.mark.parametrize("kind", REGISTERS)
def test_register_goes_on_taking_what_it_took(kind: str) -> None:
    in_place, by_name = REGISTERS[kind]
    for signature in registers(kind):
        assert places(signature)[: len(in_place)] == in_place
        assert by_name <= set(signature.parameters)


@pytest.mark.parametrize("kind", REGISTERS)
def test_what_register_takes_beyond_the_record_may_be_left_out(kind: str) -> None:
    in_place, _by_name = REGISTERS[kind]
    for signature in registers(kind):
        more = [one for name, one in signature.parameters.items() if name not in ("self", *in_place)]
        assert [one.name for one in more if one.default is one.empty] == []


@pytest.mark.parametrize("kind", REGISTERS)
def test_register_takes_what_its_page_says(kind: str) -> None:
    said, in_fact = registers(kind)
    assert list(in_fact.parameters.values()) == list(said.parameters.values())


def test_plugins_are_marked_and_found_under_the_name_of_the_project() -> None:
    assert hookspecs.PROJECT == "curio_tracking"
    assert hookspecs.hookimpl.project_name == hookspecs.hookspec.project_name == "curio_tracking"
    assert hookimpl is hookspecs.hookimpl
    assert (hookspecs.ENTRY_POINT_GROUP, hookspecs.SURFACES_GROUP) == ("curio_tracking", "curio_tracking.surfaces")


def test_every_hook_carries_the_mark_that_pluggy_looks_for() -> None:
    unmarked = [hook for hook in HOOK_NAMES if not hasattr(getattr(HookSpecs, hook), "curio_tracking_spec")]
    assert unmarked == []


def test_plugin_may_take_fewer_arguments_than_a_hook_offers(run: Any, install: Any, host_program: str) -> None:
    install("takes-none", "from curio_tracking import hookimpl\n@hookimpl\ndef curio_startup():\n    print('called')\n")
    result = run(host_program)
    assert sorted(result.stdout.splitlines()) == ["['done', 'done', 'done']", "called"]
    assert result.stderr == ""
