"""What a part of a plugin does while the host runs costs the host nothing but counted records."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

# not by a function that takes *arguments: Python 3.13 does not limit the recursion of those
FAULTS = {
    "raises": "raise RuntimeError('not today')",
    "exits": "raise SystemExit(3)",
    "interrupts": "raise KeyboardInterrupt",
    "recurses": "again = lambda: again()\n        again()",
}
PART = """
from curio_tracking import hookimpl

class Part:
    calls = 0

    def fault(self, *_):
        {fault}

    def count(self, *_):
        Part.calls += 1
        self.fault()

    {method} = count

    def close(self):
        print("calls", Part.calls, flush=True)

part = Part()

@hookimpl
def {hook}(register):
    {register}

@hookimpl
def curio_shutdown(tracker):
    print("asked", Part.calls, flush=True)
"""
PROGRAM = """
import json
from curio_tracking import feature_tracker, track_feature

work = track_feature("work")(lambda number: number)
print([work(number) for number in range(20)])
print(feature_tracker.flush(60))
print(json.dumps(feature_tracker.health()))
"""
CALLS = str(list(range(20)))


@pytest.fixture
def install_part(install: Any) -> Callable[..., None]:
    """Return what installs a plugin "bad" whose part fails whenever it is asked."""

    def make(fault: str, hook: str, register: str, *, method: str = "apply") -> None:
        install("bad", PART.format(fault=FAULTS[fault], method=method, hook=hook, register=register))

    return make


@pytest.fixture
def program(tmp_path: Any) -> str:
    """Return the path of a program that tracks twenty calls and prints its health."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, "utf-8")
    return str(path)


def health_of(result: Any) -> dict[str, Any]:
    """Check that the host got what is its own, and return its health."""
    lines = result.stdout.splitlines()
    assert result.returncode == 0
    assert lines[:2] == [CALLS, "True"]
    health: dict[str, Any] = json.loads(lines[2])
    assert health["recorded"] == 20
    assert health["written"] + health["folded"] + sum(health["dropped"].values()) + health["pending"] == 20
    return health


@pytest.mark.parametrize("fault", FAULTS)
def test_filter_that_fails_drops_records_and_is_asked_five_times(
    run: Any, install_part: Any, program: str, fault: str
) -> None:
    install_part(fault, "curio_register_filters", "register('bad', lambda settings: part)")
    result = run(program)
    assert health_of(result)["dropped"] == {"bad_error": 20}
    assert "asked 5" in result.stdout
    assert result.stderr.startswith('filter "bad" raised ')
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_exporter_that_fails_costs_no_record(run: Any, install_part: Any, program: str, fault: str) -> None:
    install_part(fault, "curio_register_exporters", "register('bad', lambda settings: part)", method="export")
    result = run(program, MAX_BATCH_SIZE="1")
    assert health_of(result)["written"] == 20
    assert "asked 5" in result.stdout
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_formula_that_fails_gives_way_to_the_built_in_one(
    run: Any, install_part: Any, program: str, fault: str
) -> None:
    install_part(fault, "curio_register_efficiency", "register('bad', part.apply)")
    result = run(program)
    assert health_of(result)["written"] == 20
    assert "asked 5" in result.stdout
    listed = run("-m", "curio_tracking", "list-records", "--format", "json", PLUGINS_DISABLED="bad")
    assert [row["efficiency_score"] for row in json.loads(listed.stdout)].count(None) == 5


@pytest.mark.parametrize("fault", FAULTS)
def test_factory_that_fails_leaves_the_default_backend(run: Any, install_part: Any, program: str, fault: str) -> None:
    install_part(fault, "curio_register_backends", "register('bad', lambda settings: part.fault())")
    result = run(program, BACKEND="bad")
    assert health_of(result)["written"] == 20
    (line,) = result.stderr.splitlines()
    assert line.startswith('plugin "bad" (bad 1.5) cannot make its backend: ')
    assert line.endswith("using the default tinyflux")


def test_filter_that_settings_name_and_that_is_broken_drops_records(run: Any, install: Any, program: str) -> None:
    install("mask", "raise RuntimeError('not today')")
    result = run(program, FILTERS="mask")
    assert health_of(result)["dropped"] == {"mask": 20}
    assert 'filter "mask" is broken, so records are dropped' in result.stderr


@pytest.mark.parametrize("order", [50, 950])
@pytest.mark.parametrize("given", ["[record]", "record.as_dict()", "True"])
def test_filter_that_returns_no_record_is_the_one_that_is_named(
    run: Any, install: Any, program: str, given: str, order: int
) -> None:
    apply = f"type('F', (), {{'apply': lambda self, record: {given}}})()"
    install(
        "bad",
        "from curio_tracking import hookimpl\n@hookimpl\ndef curio_register_filters(register):\n"
        f"    register('bad', lambda settings: {apply}, order={order})\n",
    )
    result = run(program)
    assert health_of(result)["dropped"] == {"bad_error": 20}
    first, second = result.stderr.splitlines()
    assert first.startswith('filter "bad" returned a ')
    assert first.endswith("which is no record; the record was dropped")
    assert second.startswith('filter "bad" has failed 5 times in a row')


def test_filter_that_makes_a_name_no_text_ends_no_writer(run: Any, install: Any, program: str) -> None:
    install(
        "bad",
        """
        from curio_tracking import hookimpl

        class Lists:
            def apply(self, record):
                record.feature_name = [record.feature_name]
                return record

        @hookimpl
        def curio_register_filters(register):
            register("bad", lambda settings: Lists(), order=950)
        """,
    )
    result = run(program)
    assert health_of(result)["dropped"] == {"rejected": 20}
    assert "Traceback" not in result.stderr


def test_backend_that_cannot_declare_features_is_said_to_do_so(run: Any, install: Any, program: str) -> None:
    install(
        "terse",
        """
        from curio_tracking import hookimpl
        from curio_tracking.interfaces import BaseBackend

        class Terse(BaseBackend):
            def append(self, records): pass
            def delete(self, query): return 0
            def declare(self, features): raise ValueError

        @hookimpl
        def curio_register_backends(register):
            register("terse", lambda settings: Terse())
        """,
    )
    result = run(program, BACKEND="terse")
    assert health_of(result)["written"] == 20
    assert result.stderr == "cannot declare features for now, will try again: ValueError\n"
