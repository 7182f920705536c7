"""Hostile texts that come from elsewhere than records: arguments, settings, files, plugins, metadata, exceptions."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from all_commands import command_lines, options_of
from site_packages import describe
from tame_output import COMMANDS, HOSTILE, QUIET, assert_tame, steering

from curio_tracking.cli import visible
from curio_tracking.settings import load_settings
from curio_tracking.testing.command_runs import run_on_terminal, run_to_file

REGISTERS = f"""
from curio_tracking import hookimpl

@hookimpl
def curio_register_pages(register):
    register({HOSTILE!r}, {HOSTILE!r}, lambda reader, query: "")
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_no_value_on_the_command_line_steers_a_terminal(surroundings: Path, command: str) -> None:
    words = command.split()
    lines = [
        [*words, HOSTILE],
        [*words, HOSTILE, HOSTILE],
        [*words, f"--{HOSTILE}"],
        [*words, f"--{HOSTILE}={HOSTILE}"],
    ]
    lines += [[*command_lines(QUIET)[command], option, HOSTILE] for option in options_of(command)]
    lines += [[f"--{root}", HOSTILE, *command_lines(QUIET)[command]] for root in ("backend", "data-dir")]
    for line in lines:
        if line[:2] != ["plugins", "install"] or "--help" in line:  # what pip prints is pip's
            assert_tame(run_to_file(line))


def test_no_command_that_does_not_exist_steers_a_terminal(surroundings: Path) -> None:
    for line in ([HOSTILE], [f"--{HOSTILE}"], ["plugins", HOSTILE], ["--data-dir"], [HOSTILE, "--help"]):
        assert_tame(run_to_file(line))


@pytest.mark.parametrize("command", ["config", "list-features", "doctor", "plugins list"])
def test_no_setting_steers_a_terminal(surroundings: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for name in load_settings(strict=True).model_fields:
        with monkeypatch.context() as patch:
            patch.setenv(f"FEATURE_TRACKING_{name.upper()}", HOSTILE.replace("\x00", ""))
            assert_tame(run_to_file(command.split()))
            assert_tame(run_on_terminal(command.split()))


@pytest.mark.parametrize("command", ["list-records", "import", "export", "doctor", "maintain", "migrate"])
def test_no_file_name_steers_a_terminal(surroundings: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    folder = surroundings / HOSTILE.replace("/", "")
    folder.mkdir()
    records = folder / f"{folder.name}.jsonl"
    records.write_text('{"a\x1b[31m": 1}\nno\x1b[31m record\n', "utf-8")
    monkeypatch.setenv("FEATURE_TRACKING_DATA_DIR", str(folder / "data"))
    lines = command_lines(
        QUIET
        | {"import": [str(records)], "export": ["--output", str(folder / "out.csv")]}
        | {"migrate": ["--from", "tinyflux", "--to", "csv", "--to-dir", str(folder / "moved")]}
    )
    for _again in range(2):  # the second time, files are in the way
        assert_tame(run_to_file(lines[command]))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("raises", f"raise RuntimeError({HOSTILE!r} + chr(10) + 'a further line')"),
        ("unparsable", f"this is ( no Python {HOSTILE}".replace("\r", "")),
        ("registers", REGISTERS),
        ("misspelt", "from curio_tracking import hookimpl\n@hookimpl\ndef curio_register_\u0440ages(register): pass\n"),
    ],
)
@pytest.mark.parametrize("command", [["plugins", "list"], ["plugins", "check"], ["list-features"], ["config"]])
def test_no_plugin_steers_a_terminal(
    surroundings: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str, command: list[str]
) -> None:
    plugins = surroundings / "plugins"
    plugins.mkdir(mode=0o700)
    (plugins / f"{name}.py").write_text(source, "utf-8")
    (plugins / f"\x1b[31m{name}.py").write_text(source, "utf-8")
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(plugins))
    monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_ONLY", f"curio-tracking,{name}")
    assert_tame(run_to_file(command))
    assert_tame(run_on_terminal(command))


@pytest.fixture
def hostile_distribution(surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A distribution whose metadata is hostile wherever metadata can be."""
    site = surroundings / "site"
    entry = HOSTILE.replace("\r", "").replace("=", "").replace("[", "")
    describe(site, "curio-hostile", {"curio_tracking": {entry: f"no_such_{entry}"}})
    info = next(site.glob("*.dist-info"))
    metadata = f"Metadata-Version: 2.1\nName: curio-tracking-hostile\nVersion: 1\x1b[31m\nSummary: {HOSTILE}\n"
    (info / "METADATA").write_text(metadata.replace("\r", ""), "utf-8")
    monkeypatch.syspath_prepend(str(site))
    return entry


@pytest.mark.parametrize("command", COMMANDS)
def test_no_metadata_of_a_distribution_steers_a_terminal(hostile_distribution: str, command: str) -> None:
    assert_tame(run_to_file(command_lines(QUIET)[command]))
    if command == "plugins list":
        assert "hostile" in run_to_file(["plugins", "list"]).out


APPLICATION = f"""
from curio_tracking import feature_tracker, hookimpl, track_feature

TEXT = {HOSTILE!r} + chr(10) + "WARNING: a further line"

@track_feature(TEXT)
class NoFunction:
    pass

@track_feature(TEXT)
def work():
    raise RuntimeError(TEXT)

try:
    work()
except RuntimeError:
    pass
feature_tracker.complete_custom_tracking(TEXT)
feature_tracker.flush(120)
"""


def test_nothing_in_an_application_steers_its_log_or_begins_a_line_there(surroundings: Path) -> None:
    plugins = surroundings / "plugins"
    plugins.mkdir(mode=0o700)
    fault = f"raise RuntimeError({HOSTILE!r} + chr(10) + 'WARNING: a further line')"
    for hook in ("curio_register_filters", "curio_startup", "curio_register_exporters"):
        argument = "tracker" if hook == "curio_startup" else "register"
        (plugins / f"{hook}.py").write_text(
            f"from curio_tracking import hookimpl\n@hookimpl\ndef {hook}({argument}):\n    {fault}\n"
        )
    (plugins / "imported.py").write_text(f"from curio_tracking import hookimpl\n{fault}\n")
    environment = {
        "PATH": os.defpath,
        "HOME": str(surroundings),
        "PYTHONUTF8": "1",
        "FEATURE_TRACKING_PLUGINS_DIR": str(plugins),
        "FEATURE_TRACKING_DATA_DIR": str(surroundings / "data"),
        "FEATURE_TRACKING_BACKEND": HOSTILE,
    }
    done = subprocess.run([sys.executable, "-c", APPLICATION], env=environment, capture_output=True, timeout=180)
    shown = done.stderr.decode("utf-8", "surrogateescape")
    assert done.returncode == 0
    assert shown.count("RuntimeError") >= 3
    assert steering(shown) == set()
    assert [line for line in shown.splitlines() if line.startswith("WARNING: a further line")] == []


@pytest.mark.parametrize("room", ["runtime", "dashboard.server"])
def test_first_message_of_a_plugin_or_a_page_steers_no_log(surroundings: Path, room: str) -> None:
    program = f"import logging, curio_tracking.{room}\nlogging.getLogger('curio_tracking').warning('%s', {HOSTILE!r})\n"
    done = subprocess.run([sys.executable, "-c", program], cwd=surroundings, capture_output=True, timeout=180)
    shown = done.stderr.decode("utf-8", "surrogateescape")
    assert shown == visible(HOSTILE) + "\n"


PROGRESS = """
import sys
from curio_tracking.cli import with_progress
from curio_tracking.cli.progress import shown_work

list(with_progress(range(3), sys.argv[1], step=1))
with shown_work() as tell:
    tell(sys.argv[1], 1, 2)
"""


@pytest.mark.parametrize("doing", [HOSTILE, "[/closed]", "[link=https://canary.example]here[/link]", "[bold]loud[/]"])
def test_no_name_steers_the_terminal_that_shows_progress(doing: str) -> None:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 400, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment |= {"TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen([sys.executable, "-c", PROGRESS, doing], env=environment, stdout=slave, stderr=slave)
    os.close(slave)
    shown = read_all(master)
    os.close(master)
    assert process.wait(180) == 0
    assert visible(doing) in shown
    assert not [sign for sign in ("\x1b]", "\x1b[31m", "\x07", "\x9b", "\u202e", "\u200b") if sign in shown]


def read_all(terminal: int) -> str:
    parts = []
    with contextlib.suppress(OSError):  # the last one has closed the terminal
        while part := os.read(terminal, 65_536):
            parts.append(part)
    return b"".join(parts).decode("utf-8", "backslashreplace")
