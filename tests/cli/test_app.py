from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Run = Callable[..., Any]

SCRIPT = Path(sys.executable).with_name("curio-tracking")
COMMANDS = ("config", "dashboard", "demo", "export", "feature-stats", "list-features", "list-records", "plugins")
FAILING = """
import typer
from curio_tracking import hookimpl

@hookimpl
def curio_register_commands(app):
    for command in (bug, silent_bug, interrupt, abort, leave, system_exit):
        app.command()(command)

def bug(): raise ValueError("first line\\nsecond [red]line[/red]")
def silent_bug(): assert False
def interrupt(): raise KeyboardInterrupt
def abort(): raise typer.Abort
def leave(): raise typer.Exit(7)
def system_exit(): raise SystemExit(8)
"""


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin whose commands fail in every way."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "failing.py").write_text(FAILING)
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(tmp_path / "plugins"))


@pytest.mark.parametrize("program", [[str(SCRIPT)], [sys.executable, "-m", "curio_tracking"]])
def test_script_and_module_are_the_same_program(program: list[str], shop: list[Any]) -> None:
    done = subprocess.run(
        [*program, "list-records", "--limit", "1", "--format", "json"], capture_output=True, check=True
    )
    assert [row["record_id"] for row in json.loads(done.stdout)] == ["r000007"]
    done = subprocess.run([*program, "--version"], capture_output=True, check=True, text=True)
    assert done.stdout == f"curio-tracking {version('curio-tracking')}\n"


def test_help_lists_the_commands_of_every_plugin(run: Run) -> None:
    result = run("--help")
    assert (result.code, result.err) == (0, "")
    listed = result.out[result.out.index("Commands:") :]
    assert [name for name in COMMANDS if f"\n  {name} " not in listed] == []
    assert "curio-tracking feature-stats my_feature --category ai_provider\n" in result.out


def test_every_command_of_our_own_has_an_entry_point() -> None:
    ours = {
        entry.name for entry in entry_points(group="curio_tracking.surfaces") if entry.dist.name == "curio-tracking"
    }
    assert {name.replace("-", "_") for name in COMMANDS} <= ours


@pytest.mark.parametrize("command", [(name,) for name in COMMANDS if name != "plugins"] + [("plugins", "list")])
def test_help_of_a_command_has_examples_and_describes_every_option(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.code == 0
    assert "Examples:" in result.out
    assert f"    curio-tracking {' '.join(command)}" in result.out or "curio-tracking --" in result.out
    options = result.out[result.out.index("Options:") : result.out.index("Examples:")].splitlines()
    assert [line for line in options if line.startswith("  --") and len(line.split()) < 2] == []


def test_no_command_shows_the_help_and_is_a_usage_error(run: Run) -> None:
    result = run()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: curio-tracking [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list-feature",), "error: no such command 'list-feature'. Did you mean 'list-features'"),
        (("--frobnicate", "list-features"), 'error: no such option: --frobnicate; see "curio-tracking --help"\n'),
        (("--data-dir",), "error: option '--data-dir' requires an argument; see"),
        (("list-features", "--data-dir", "x"), "error: no such option: --data-dir; this one stands before the command"),
        (("--backend", "tinyflx", "list-records"), 'error: unknown backend "tinyflx"'),
    ],
)
def test_usage_error_is_one_line(run: Run, arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(message)
    assert result.err.count("\n") == 1


def test_control_characters_in_arguments_are_visible_in_messages(run: Run) -> None:
    for arguments in (
        ("\x1b[2J",),
        ("list-records", "--\x1b[2J"),
        ("feature-stats", "\x1b[2J"),
        ("export", "--format", "\x1b"),
    ):
        result = run(*arguments)
        assert "\x1b" not in result.err
        assert result.err.startswith("error: ")


def test_data_dir_option_wins_over_the_environment(run: Run, shop: list[Any], tmp_path: Path) -> None:
    assert json.loads(run("--data-dir", str(tmp_path / "other"), "list-records", "--format", "json").out) == []
    os.environ["FEATURE_TRACKING_DATA_DIR"], here = str(tmp_path / "other"), os.environ["FEATURE_TRACKING_DATA_DIR"]
    assert len(json.loads(run("--data-dir", here, "list-records", "--format", "json").out)) == 8


def test_backend_option_chooses_the_store(run: Run, shop: list[Any], store: Callable[..., None], record: Any) -> None:
    store([record(1, feature_name="in_csv")], backend="csv")
    out = run("--backend", "csv", "list-records", "--format", "json").out
    assert [row["feature_name"] for row in json.loads(out)] == ["in_csv"]


def test_bug_is_one_line_and_exit_code_1(run: Run, failing: None) -> None:
    result = run("bug")
    assert result.code == 1
    assert result.err == (
        "error: this is a bug in curio-tracking or a plugin: ValueError: first line second [red]line[/red]; "
        "curio-tracking --traceback COMMAND shows where\n"
    )
    assert "bug in curio-tracking or a plugin: AssertionError; " in run("silent-bug").err


def test_traceback_is_shown_on_request(run: Run, failing: None) -> None:
    err = run("--traceback", "bug").err
    assert "Traceback (most recent call last):" in err
    assert "failing.py" in err
    assert err.endswith(
        "error: this is a bug in curio-tracking or a plugin: ValueError: first line second [red]line[/red]\n"
    )


def test_user_mistake_has_no_traceback_even_then(run: Run) -> None:
    assert "Traceback" not in run("--traceback", "list-records", "--status", "x").err


@pytest.mark.parametrize(("command", "code"), [("interrupt", 130), ("abort", 130), ("leave", 7)])
def test_command_may_end_early(run: Run, failing: None, command: str, code: int) -> None:
    result = run(command)
    assert (result.code, result.out, result.err) == (code, "", "")


def test_exit_code_of_a_plugin_s_sys_exit_stands(spawn: Callable[..., Any], failing: None) -> None:
    assert spawn("system-exit").returncode == 8


@pytest.fixture
def many(store: Callable[..., None], record: Callable[..., Any]) -> None:
    """More records than any pipe holds."""
    store([record(n) for n in range(3000)])


@pytest.mark.parametrize("format_name", [None, "table", "json", "jsonl", "csv", "md"])
def test_closed_pipe_is_no_error(many: None, format_name: str | None) -> None:
    extra = [] if format_name is None else ["--format", format_name]
    program = subprocess.Popen(
        [sys.executable, "-m", "curio_tracking", "list-records", "--limit", "0", *extra],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    assert program.stdout.readline().endswith(b"\n")
    program.stdout.close()
    assert program.stderr.read() == b""
    assert program.wait(180) == 0


@pytest.mark.parametrize(
    "arguments", [("list-records",), ("--help",), ("list-records", "--help"), ("export",), ("--version",)]
)
def test_pipe_closed_before_the_last_flush_is_no_error(shop: list[Any], arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "curio_tracking", *arguments], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "command",
    ["list-records", "list-features", "privacy scan --canary translate", "privacy preview", "privacy preview --sample"],
)
def test_limit_beyond_what_can_be_counted_shows_all(run: Run, shop: list[Any], command: str) -> None:
    given = [*command.split(), "--format", "json", "--limit"]
    most, everything = run(*given, str(10**20)), run(*given, "0")
    assert (most.code, most.err) == (0, "")
    # previews invent ids anew each time
    assert len(json.loads(most.out)) == len(json.loads(everything.out)) > 0


@pytest.mark.parametrize("arguments", [("list-records",), ("export",), ("--help",)])
def test_full_disk_behind_stdout_is_a_failure(shop: list[Any], arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "curio_tracking", *arguments], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"error: the output: No space left on device\n")


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(shop: list[Any], closing: str) -> None:
    done = subprocess.run(
        f'exec "{sys.executable}" -m curio_tracking list-features --limit 1 {closing}',
        shell=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"--limit 0 shows all" not in done.stdout


@pytest.fixture(params=["closed pipe", "full disk"])
def deaf(request: pytest.FixtureRequest) -> Iterator[int]:
    """A descriptor that takes nothing."""
    if request.param == "full disk":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    else:
        read, descriptor = os.pipe()
        os.close(read)
    yield descriptor
    os.close(descriptor)


def test_remarks_that_nobody_takes_do_not_end_the_work(
    spawn: Callable[..., Any], data_dir: Path, shop: list[Any], deaf: int
) -> None:
    assert spawn("migrate", "--from", "tinyflux", "--to", "csv").returncode == 0
    (file,) = (data_dir / "csv").glob("*.csv")
    with file.open("a") as stream:
        stream.write("no record\n")  # of which migrate tells before it begins
    done = spawn("migrate", "--from", "csv", "--to", "tinyflux", "--to-dir", str(data_dir / "new"), stderr=deaf)
    assert (done.returncode, (data_dir / "new" / "raw").exists()) == (0, True)


@pytest.mark.parametrize(("arguments", "code"), [(("list-records", "--since", "?"), 2), (("feature-stats", "?"), 1)])
def test_error_that_nobody_takes_keeps_its_exit_code(
    spawn: Callable[..., Any], shop: list[Any], deaf: int, arguments: tuple[str, ...], code: int
) -> None:
    assert spawn(*arguments, stderr=deaf).returncode == code


def test_output_fits_a_stream_that_knows_ascii_only(
    spawn: Callable[..., Any], store: Callable[..., None], record: Callable[..., Any]
) -> None:
    store([record(1, feature_name="übersetzen", duration=0.000_01)])
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = spawn("list-features", "--format", "json", env=environment)
    assert (done.returncode, json.loads(done.stdout)[0]["feature_name"]) == (0, "übersetzen")
    for format_name in ("table", "csv", "md"):
        done = spawn("list-features", "--format", format_name, env=environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert "bersetzen" in done.stdout


def test_data_dir_that_is_a_file_is_a_settings_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("--data-dir", str(tmp_path / "file"), "list-records")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert str(tmp_path / "file") in result.err


def test_data_dir_that_cannot_be_read_is_a_settings_error(run: Run, shop: list[Any], data_dir: Path) -> None:
    assert run("list-records").code == 0
    data_dir.rename(data_dir.with_name("moved"))
    data_dir.symlink_to(data_dir)  # a loop: not even root can read it
    result = run("list-records")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert str(data_dir) in result.err


def test_json_needs_no_heavy_library(shop: list[Any]) -> None:
    program = (
        "import sys; from curio_tracking.cli import main; code = main(['list-features', '--format', 'json']);"
        "heavy = ('rich', 'bottle', 'tinyflux', 'curio_tracking.dashboard.server', 'curio_tracking.demo');"
        "print(code, [name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "0 []\n"


def test_shell_completion_knows_commands_options_and_values(spawn: Callable[..., Any]) -> None:
    def completed(*words: str) -> str:
        environment = {
            **os.environ,
            "_CURIO_TRACKING_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(("curio-tracking", *words)),
            "COMP_CWORD": str(len(words)),
        }
        return str(spawn(env=environment).stdout)

    assert completed("list-").split() == ["list-features", "list-records"]
    assert "--since" in completed("list-records", "--si").split()
    assert completed("list-records", "--status", "f").split() == ["failed"]
