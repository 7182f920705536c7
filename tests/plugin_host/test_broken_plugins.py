"""One broken plugin disturbs neither the host nor the other plugins; it is named once, with what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

IMPORTS_NOTHING = "import a_module_that_does_not_exist"
TAKES_A_NAME = """
    from curio_tracking import hookimpl

    @hookimpl
    def curio_register_filters(register):
        register("kept_out", lambda settings: None)
        register("redact", lambda settings: None)
"""


def total_calls(run: Any) -> int:
    result = run("-m", "curio_tracking", "list-features", "--format", "json")
    assert result.returncode == 0, result.stderr
    return sum(row["total_calls"] for row in json.loads(result.stdout))


def test_name_that_is_taken_breaks_the_plugin_that_came_later(run: Any, install: Any, host_program: str) -> None:
    install("takes-a-name", TAKES_A_NAME)
    result = run(host_program, FILTERS="kept_out")
    assert (result.returncode, result.stdout) == (0, "['done', 'done', 'done']\n")
    first, second = result.stderr.splitlines()
    assert 'the filter "redact" is registered already, by plugin "redact" (curio-tracking ' in first
    # what it registered before is gone, too
    assert 'unknown filter "kept_out"' in second
    assert total_calls(run) == 3


def test_strict_plugins_stops_a_command_with_exit_code_2(run: Any, install: Any) -> None:
    install("fails-to-import", IMPORTS_NOTHING)
    result = run("-m", "curio_tracking", "list-features", STRICT_PLUGINS="true")
    assert result.returncode == 2
    assert 'plugin "fails-to-import" (fails-to-import 1.5) cannot be loaded' in result.stderr
    assert "Traceback" not in result.stderr


def test_strict_plugins_never_raises_in_a_host_without_arguments(run: Any, install: Any, host_program: str) -> None:
    install("fails-to-import", IMPORTS_NOTHING)
    program = Path(host_program)
    program.write_text(program.read_text().replace("feature_tracker.flush", "print(feature_tracker.flush") + ")\n")
    result = run(host_program, STRICT_PLUGINS="true")
    assert (result.returncode, result.stdout) == (0, "['done', 'done', 'done']\nFalse\n")
    assert result.stderr.count("\n") == 1


def test_disabled_plugin_is_not_imported(run: Any, install: Any, host_program: str) -> None:
    install("fails-to-import", IMPORTS_NOTHING)
    result = run(host_program, PLUGINS_DISABLED="fails-to-import")
    assert result.stderr == ""


@pytest.mark.parametrize("names", ["curio-tracking", "Curio_Tracking,another-one"])
def test_plugins_only_leaves_others_out(run: Any, install: Any, host_program: str, names: str) -> None:
    install("fails-to-import", IMPORTS_NOTHING)
    result = run(host_program, PLUGINS_ONLY=names)
    assert (result.returncode, result.stderr) == (0, "")
    assert total_calls(run) == 3


def test_plugins_only_holds_for_built_in_plugins(run: Any, host_program: str) -> None:
    result = run(host_program, PLUGINS_ONLY="another-one")
    assert (result.returncode, result.stdout) == (0, "['done', 'done', 'done']\n")
    (line,) = result.stderr.splitlines()
    assert 'backend "tinyflux" (from default) is disabled' in line
    assert '"curio-tracking"' in line


def test_plugins_are_disabled_by_the_name_of_their_distribution(run: Any, install: Any, host_program: str) -> None:
    install("fails-to-import", IMPORTS_NOTHING)
    result = run(host_program, PLUGINS_DISABLED="FAILS_to.import")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("missing", ["anonymize", "redact"])
def test_disabled_privacy_filter_fails_closed(run: Any, site: Any, data_dir: Any, tmp_path: Any, missing: str) -> None:
    program = tmp_path / "private.py"
    program.write_text(
        "from curio_tracking import track_feature, tracking_context, feature_tracker\n"
        "@track_feature('login')\n"
        "def login(password): raise ValueError('secret=hunter2hunter2')\n"
        "try:\n"
        "    with tracking_context(user_id='ann@example.org', note='hunter2hunter2'): login('hunter2hunter2')\n"
        "except ValueError: pass\n"
        "feature_tracker.flush(60)\n",
        encoding="utf-8",
    )
    result = run(str(program), PLUGINS_DISABLED=missing, CAPTURE_ARGS="values")
    assert result.returncode == 0
    written = b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    assert b"login" in written
    assert b"ann@example.org" not in written
    if missing == "redact":
        assert b"hunter2" not in written


def test_third_party_filter_runs_and_what_it_adds_is_redacted(run: Any, install: Any, tmp_path: Any) -> None:
    install(
        "adds-a-secret",
        """
        from curio_tracking import hookimpl

        class Adds:
            def apply(self, record):
                record.metadata["branch"] = "main"
                record.metadata["api_key"] = "0123456789abcdef"
                return record

        @hookimpl
        def curio_register_filters(register):
            register("adds", lambda settings: Adds())
        """,
    )
    program = tmp_path / "host.py"
    program.write_text(
        "from curio_tracking import track_feature, feature_tracker\n"
        "track_feature('f')(lambda: None)()\n"
        "feature_tracker.flush(60)\n"
        "print(feature_tracker.records('f')[0].metadata)\n",
        encoding="utf-8",
    )
    result = run(str(program))
    assert result.stdout == "{'branch': 'main', 'api_key': '[redacted]'}\n", result.stderr


def test_single_file_plugin_from_plugins_dir(run: Any, tmp_path: Any) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "places.py").write_text(
        "from curio_tracking import hookimpl\n"
        "@hookimpl\n"
        "def curio_register_categories(register): register('billing', 'Money')\n",
        encoding="utf-8",
    )
    program = tmp_path / "host.py"
    program.write_text(
        "from curio_tracking import track_feature, feature_tracker\n"
        "track_feature('pay', 'billing')(lambda: None)()\n"
        "feature_tracker.flush(60)\n"
        "print(feature_tracker.records('pay')[0].category)\n",
        encoding="utf-8",
    )
    result = run(str(program), PLUGINS_DIR=str(folder))
    assert (result.stdout, result.stderr) == ("billing\n", "")
    result = run("-m", "curio_tracking", "list-records", "--category", "billing", "--format", "json",
                 PLUGINS_DIR=str(folder))  # fmt: skip
    assert [row["feature_name"] for row in json.loads(result.stdout)] == ["pay"]


def test_startup_and_shutdown_hooks_get_the_tracker(run: Any, install: Any, host_program: str) -> None:
    install(
        "listens",
        """
        from curio_tracking import hookimpl

        @hookimpl
        def curio_startup(tracker):
            print("startup", type(tracker).__name__, flush=True)

        @hookimpl
        def curio_shutdown(tracker):
            print("shutdown", tracker.health()["written"], flush=True)
        """,
    )
    result = run(host_program)
    assert sorted(result.stdout.splitlines()) == ["['done', 'done', 'done']", "shutdown 3", "startup FeatureTracker"]


def test_plugin_may_replace_the_efficiency_formula(run: Any, install: Any, tmp_path: Any) -> None:
    install(
        "formula",
        """
        from curio_tracking import hookimpl

        @hookimpl
        def curio_register_efficiency(register):
            register("constant", lambda record, targets: 0.25)
        """,
    )
    program = tmp_path / "host.py"
    program.write_text(
        "from curio_tracking import track_feature, feature_tracker\n"
        "track_feature('f')(lambda: None)()\n"
        "feature_tracker.flush(60)\n"
        "print(feature_tracker.stats('f')['avg_efficiency'])\n",
        encoding="utf-8",
    )
    assert run(str(program)).stdout == "0.25\n"


def test_instrument_wraps_another_library(run: Any, install: Any, tmp_path: Any) -> None:
    install(
        "instruments-json",
        """
        import json
        from curio_tracking import hookimpl

        def install(tracker):
            json.dumps = tracker.track_feature("json.dumps")(json.dumps)

        @hookimpl
        def curio_register_instruments(register):
            register("json", install)
        """,
    )
    program = tmp_path / "host.py"
    program.write_text(
        "import json\n"
        "from curio_tracking import track_feature, feature_tracker\n"
        "track_feature('f')(lambda: None)()\n"
        "feature_tracker.flush(60)\n"
        "print(json.dumps([1]))\n"
        "print(len(feature_tracker.records('json.dumps')))\n",
        encoding="utf-8",
    )
    assert run(str(program)).stdout == "[1]\n1\n"


def test_unknown_hook_name_is_reported(run: Any, install: Any, host_program: str) -> None:
    install(
        "misspelt",
        """
        from curio_tracking import hookimpl

        @hookimpl
        def curio_register_backend(register):
            pass
        """,
    )
    result = run(host_program)
    assert result.stdout == "['done', 'done', 'done']\n"
    assert 'plugin "misspelt" (misspelt 1.5) implements an unknown hook: curio_register_backend' in result.stderr


def test_filter_whose_order_is_no_number_leaves_the_others_running(run: Any, install: Any, host_program: str) -> None:
    install(
        "early",
        """
        from curio_tracking import hookimpl

        @hookimpl
        def curio_register_filters(register):
            register("early", lambda settings: None, order="first")
        """,
    )
    result = run(host_program)
    assert result.stdout == "['done', 'done', 'done']\n"
    (line,) = result.stderr.splitlines()
    assert 'plugin "early" (early 1.5)' in line
    assert "the filter \"early\" is registered with order='first'; give a whole number" in line
    assert '"total_calls": 3' in run("-m", "curio_tracking", "list-features", "--format", "json").stdout


@pytest.mark.parametrize(
    "hook",
    [
        "def curio_register_filters(register): yield",
        "async def curio_register_filters(register): pass",
        "async def curio_register_filters(register): yield",
    ],
)
def test_hook_whose_body_would_never_run_is_refused(run: Any, install: Any, host_program: str, hook: str) -> None:
    install("deferred", f"from curio_tracking import hookimpl\n@hookimpl\n{hook}\n")
    result = run(host_program)
    assert result.stdout == "['done', 'done', 'done']\n"
    (line,) = result.stderr.splitlines()
    assert "curio_register_filters is a generator or async; write a plain function" in line


SAID: dict[str, tuple[str, str]] = {
    "filter that is a number": (
        'def curio_register_filters(register): register("five", lambda settings: 5)',
        'cannot make its filter "five", so records are dropped: TypeError: made a int, which has no method apply; ',
    ),
    "exporter that is a plain object": (
        'def curio_register_exporters(register): register("thing", lambda settings: object())',
        'cannot make its exporter "thing": TypeError: made a object, which has no method export; update',
    ),
    "name that no variable can hold": (
        'def curio_register_filters(register): register("My Filter.x", lambda settings: None)',
        "the name of the filter is 'My Filter.x', which no variable can name; give letters and digits, with single",
    ),
    "name with the end of a name in it": (
        'def curio_register_exporters(register): register("post__box", lambda settings: None)',
        "the name of the exporter is 'post__box', which no variable can name; give letters and digits, with single",
    ),
    "options that are a dict": (
        'def curio_register_filters(register): register("f", lambda settings: None, options={"a": 1})',
        'the options of "f" are a dict; give a class, a pydantic model',
    ),
    "options that are another class": (
        'def curio_register_filters(register): register("f", lambda settings: None, options=dict)',
        'the options of "f" are the class dict; give a class, a pydantic model',
    ),
    "argument of another name": (
        "def curio_register_filters(reg): pass",
        "{'reg'} are declared in the hookimpl but can not be found in the hookspec; it takes (register), or fewer",
    ),
    "list instead of calls": (
        "def curio_register_filters(register): return [5]",
        "curio_register_filters returned a list, which does nothing: give parts to register(...)",
    ),
    "filter that is async": (
        (
            "def curio_register_filters(register):\n"
            "    async def apply(self, record): return record\n"
            "    register('f', lambda settings: type('F', (), {'apply': apply})())"
        ),
        "TypeError: made a F, whose apply is a generator or async; write a plain function",
    ),
    "exporter that is a generator": (
        (
            "def curio_register_exporters(register):\n"
            "    def export(self, records): yield records\n"
            "    register('f', lambda settings: type('F', (), {'export': export, 'close': print})())"
        ),
        "TypeError: made a F, whose export is a generator or async; write a plain function",
    ),
    "formula that is async": (
        (
            "def curio_register_efficiency(register):\n"
            "    async def formula(record, targets): return 0.5\n"
            "    register('f', formula)"
        ),
        'what the efficiency formula "f" is registered with is a generator or async; write a plain function',
    ),
    "instrument that is async": (
        ("def curio_register_instruments(register):\n    async def install(tracker): pass\n    register('f', install)"),
        'what the instrument "f" is registered with is a generator or async; write a plain function',
    ),
    "factory that is async": (
        ("def curio_register_filters(register):\n    async def make(settings): pass\n    register('f', make)"),
        'what the filter "f" is registered with is a generator or async; write a plain function',
    ),
    "instrument that is nothing": (
        'def curio_register_instruments(register): register("none", None)',
        'the instrument "none" is registered with None, which cannot be called',
    ),
}


@pytest.mark.parametrize("fault", SAID)
def test_message_says_whose_fault_it_is_and_what_to_do(run: Any, install: Any, host_program: str, fault: str) -> None:
    source, words = SAID[fault]
    install("careless", f"from curio_tracking import hookimpl\n@hookimpl\n{source}\n")
    result = run(host_program)
    assert result.stdout == "['done', 'done', 'done']\n"
    (line,) = result.stderr.splitlines()
    assert 'plugin "careless" (careless 1.5)' in line
    assert words in line
    assert 'run "curio-tracking plugins uninstall careless"' in line


@pytest.mark.parametrize("given", ["'fast'", "float('nan')"])
def test_formula_that_gives_no_number_is_said_to_do_so(run: Any, install: Any, host_program: str, given: str) -> None:
    install(
        "formula",
        "from curio_tracking import hookimpl\n@hookimpl\n"
        f"def curio_register_efficiency(register): register('f', lambda record, targets: {given})\n",
    )
    result = run(host_program, EFFICIENCY="f")
    assert "the efficiency formula returned a " in result.stderr
    assert "that is no number; give one from 0 to 1" in result.stderr
    assert total_calls(run) == 3


@pytest.mark.parametrize(
    ("hook", "body"),
    [
        ("curio_register_categories(register=None)", 'register("given", "x")'),
        ("curio_register_commands(app=None)", 'app.command("given")(lambda: None)'),
        ("curio_startup(tracker=None)", 'assert tracker is not None, "no tracker"'),
    ],
)
def test_hook_whose_argument_has_a_default_stops_nothing(
    run: Any, install: Any, host_program: str, hook: str, body: str
) -> None:
    install("defaults", f"from curio_tracking import hookimpl\n@hookimpl\ndef {hook}:\n    {body}\n")
    result = run(host_program)
    assert "start-up:" not in result.stderr
    assert total_calls(run) == 3
    assert run("-m", "curio_tracking", "plugins", "list", "--load").returncode == 0


@pytest.mark.parametrize("append", ["async def append(self, records): pass", "def append(self, records): yield"])
def test_backend_that_would_keep_nothing_gives_way_to_the_default(
    run: Any, install: Any, host_program: str, append: str
) -> None:
    install(
        "lazy",
        f"""
        from curio_tracking import hookimpl
        from curio_tracking.interfaces import BaseBackend

        class Lazy(BaseBackend):
            {append}
            def delete(self, query): return 0

        @hookimpl
        def curio_register_backends(register):
            register("lazy", lambda settings: Lazy())
        """,
    )
    result = run(host_program, BACKEND="lazy")
    (line,) = result.stderr.splitlines()
    assert "made a Lazy, whose append is a generator or async; write a plain function" in line
    assert line.endswith("using the default tinyflux")
    assert total_calls(run) == 3


def test_part_that_is_registered_when_it_is_too_late_is_said_to_be(run: Any, install: Any, host_program: str) -> None:
    install(
        "late",
        """
        from curio_tracking import hookimpl

        kept = []

        @hookimpl
        def curio_register_filters(register):
            kept.append(register)

        @hookimpl
        def curio_startup(tracker):
            kept[0]("late", lambda settings: None)
        """,
    )
    result = run(host_program)
    (line,) = result.stderr.splitlines()
    assert "curio_startup raised PluginError: register works only while the hook runs; call it there" in line
    assert total_calls(run) == 3
