"""`plugins install` and `uninstall` with the real pip and the real uv, in an environment that is made for it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from waiting import wait_until

SOURCE = """
from curio_tracking import hookimpl
from curio_tracking.interfaces import BaseBackend

class Shelf(BaseBackend):
    # keeps nothing

    def append(self, records):
        pass

    def records(self, query):
        return iter(())

    def delete(self, query):
        return 0

@hookimpl
def curio_register_backends(register):
    register("shelf", lambda settings: Shelf())
"""
BROKEN = "raise RuntimeError('not today')\n# curio_register_backends"


@dataclass
class Installation:
    """A virtual environment with curio-tracking in it."""

    folder: Path
    environment: dict[str, str]

    @property
    def packages(self) -> set[str]:
        place = next(self.folder.glob("lib/python*/site-packages"))
        return {str(path.relative_to(place)) for path in place.rglob("*") if "__pycache__" not in path.parts}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.folder / "bin" / "python"), "-P", "-m", "curio_tracking", *arguments]
        return subprocess.run(
            command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600
        )


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`fresh("pip")` gives an environment with curio-tracking to copy, made once: bringing pip takes seconds."""

    @cache
    def make(installer: str) -> Path:
        folder = tmp_path_factory.mktemp(installer) / "venv"
        without = [] if installer == "pip" else ["--without-pip"]
        subprocess.run([sys.executable, "-m", "venv", *without, str(folder)], check=True)
        place = next(folder.glob("lib/python*/site-packages"))
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if not path.name.startswith("pip") and not (place / path.name).exists():
                (place / path.name).symlink_to(path)
        return folder

    return make


@pytest.fixture(params=["pip", "uv"])
def installation(
    request: pytest.FixtureRequest, fresh: Callable[[str], Path], tmp_path: Path, data_dir: Path
) -> Installation:
    """An environment with pip, and one without it on a machine that has uv."""
    folder = tmp_path / "venv"
    shutil.copytree(fresh(request.param), folder, symlinks=True)
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.defpath])
    environment = {"PATH": path, "HOME": str(tmp_path / "home"), "FEATURE_TRACKING_DATA_DIR": str(data_dir)}
    return Installation(folder, environment)


def wheel(folder: Path, source: str = SOURCE, version: str = "1.0") -> str:
    """Build the distribution `curio-tracking-shelf` with the plugin `shelf`."""
    path = folder / f"curio_tracking_shelf-{version}-py3-none-any.whl"
    info = f"curio_tracking_shelf-{version}.dist-info"
    files = {
        "curio_tracking_shelf.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: curio-tracking-shelf\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[curio_tracking]\nshelf = curio_tracking_shelf\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return str(path)


def test_plugin_comes_takes_over_and_goes_without_a_trace(installation: Installation, tmp_path: Path) -> None:
    before = installation.packages
    done = installation.run("plugins", "install", wheel(tmp_path))
    assert (done.returncode, done.stdout) == (0, 'installed: plugin "shelf" (curio-tracking-shelf 1.0): backend\n')
    assert "running: " in done.stderr
    assert installation.run("--backend", "shelf", "list-features").returncode == 0

    done = installation.run("plugins", "uninstall", "shelf", "--yes")
    assert (done.returncode, done.stdout) == (0, 'uninstalled: plugin "shelf" (curio-tracking-shelf 1.0)\n')
    assert installation.packages == before
    assert installation.run("--backend", "shelf", "list-features").returncode == 2


def test_plugin_that_cannot_be_imported_can_be_uninstalled(installation: Installation, tmp_path: Path) -> None:
    assert installation.run("plugins", "install", wheel(tmp_path, BROKEN)).returncode == 0
    assert installation.run("plugins", "uninstall", "curio-tracking-shelf", "--yes").returncode == 0
    assert "shelf" not in installation.run("plugins", "list").stdout


def test_newer_version_is_told_of(installation: Installation, tmp_path: Path) -> None:
    installation.run("plugins", "install", wheel(tmp_path))
    done = installation.run("plugins", "install", "--upgrade", wheel(tmp_path, version="2.0"))
    assert done.stdout == 'installed: plugin "shelf" (curio-tracking-shelf 2.0): backend\n'


def test_failure_of_the_installer_is_one_of_the_command(installation: Installation, tmp_path: Path) -> None:
    done = installation.run("plugins", "install", str(tmp_path / "nothing.whl"))
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: the install ended with exit code ")


def test_settings_that_still_name_the_backend_are_pointed_out(installation: Installation, tmp_path: Path) -> None:
    installation.environment["FEATURE_TRACKING_BACKEND"] = "shelf"
    installation.run("plugins", "install", wheel(tmp_path))
    done = installation.run("plugins", "uninstall", "shelf", "--yes")
    assert done.stderr.endswith('the settings still name the backend "shelf"; curio-tracking config shows where\n')


def test_plugin_that_the_installer_leaves_alone_is_not_called_uninstalled(
    installation: Installation, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    with zipfile.ZipFile(wheel(tmp_path)) as archive:
        archive.extractall(elsewhere)
    installation.environment["PYTHONPATH"] = str(elsewhere)
    done = installation.run("plugins", "uninstall", "shelf", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        f"error: curio-tracking-shelf is still there, in {elsewhere}, which the installer leaves alone; "
        f"remove it there with whatever has put it there"
    )


SLOW_TO_STOP = """#!/bin/sh
trap 'sleep 1; touch put-back; exit 1' INT
touch began
while :; do sleep 0.1; done
"""


INTERRUPTED_AT_ONCE = """
import os, signal, subprocess, sys, time
from curio_tracking.cli import main

class Popen(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        while not os.path.exists("began"):
            time.sleep(0.01)
        os.killpg(0, signal.SIGINT)

subprocess.Popen = Popen
sys.exit(main(sys.argv[1:]))
"""
"""The program, which Ctrl-C meets when the installer works and its start is not quite over."""


@pytest.mark.parametrize("installation", ["uv"], indirect=True)
@pytest.mark.parametrize("start", [("-m", "curio_tracking"), ("-c", INTERRUPTED_AT_ONCE)], ids=["later", "at once"])
def test_interrupted_installer_comes_to_its_end(
    installation: Installation, tmp_path: Path, start: tuple[str, str]
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "uv").write_text(SLOW_TO_STOP)
    (tools / "uv").chmod(0o755)
    installation.environment["PATH"] = os.pathsep.join([str(tools), os.defpath])
    process = subprocess.Popen(
        [installation.folder / "bin" / "python", "-P", *start, "plugins", "install", "anything"],
        env=installation.environment,
        cwd=tools,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    if start[0] == "-m":
        wait_until((tools / "began").exists)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=600)
    assert (process.returncode, out, (tools / "put-back").exists()) == (130, "", True)
    assert err.splitlines()[-1] == 'interrupted; "curio-tracking plugins list" shows what is installed now'


@pytest.mark.parametrize("installation", ["pip"], indirect=True)
def test_streams_that_are_closed_keep_nothing_from_being_installed(installation: Installation, tmp_path: Path) -> None:
    python = installation.folder / "bin" / "python"
    command = f'exec "{python}" -P -m curio_tracking plugins install "{wheel(tmp_path)}" >&- 2>&-'
    done = subprocess.run(["sh", "-c", command], env=installation.environment, capture_output=True, timeout=600)
    assert done.returncode == 0
    assert "curio_tracking_shelf.py" in installation.packages


REFUSED = {
    "a plugin of ours": ("csv", 'the plugin "csv" comes with curio-tracking; to do without it set '),
    "curio-tracking itself": ("curio-tracking", 'the plugin "curio-tracking" comes with curio-tracking; '),
    "a distribution without a plugin": ("pluggy", 'unknown plugin "pluggy"; known: '),
    "an option of the installer": ("--no-such-option", "no such option: --no-such-option"),
}


@pytest.mark.parametrize("installation", ["pip"], indirect=True)
@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_no_plugin_of_somebody_else_is_not_uninstalled(installation: Installation, fault: str) -> None:
    name, message = REFUSED[fault]
    before = installation.packages
    done = installation.run("plugins", "uninstall", name, "--yes")
    assert done.returncode == 2
    assert done.stderr.lower().startswith(f"error: {message}".lower())
    assert installation.packages == before


@pytest.mark.parametrize("installation", ["pip"], indirect=True)
def test_nobody_to_ask_is_no_yes(installation: Installation, tmp_path: Path) -> None:
    installation.run("plugins", "install", wheel(tmp_path))
    done = installation.run("plugins", "uninstall", "shelf")
    assert done.returncode == 2
    assert done.stderr == (
        'error: nobody is here to answer; "curio-tracking plugins uninstall curio-tracking-shelf --yes" does not ask\n'
    )
    assert "shelf" in installation.run("plugins", "list").stdout


@pytest.mark.parametrize("installation", ["uv"], indirect=True)
def test_without_pip_and_uv_the_message_says_what_to_do(installation: Installation, tmp_path: Path) -> None:
    installation.environment["PATH"] = os.defpath
    done = installation.run("plugins", "install", wheel(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is neither pip nor uv for ")
