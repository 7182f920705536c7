"""What the pages show is what happens: their code, their commands with the output, their settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from page import Page

RUNNER = Path(__file__).with_name("page_runner.py")


def environment(folder: Path) -> dict[str, str]:
    """Return what a page's examples see of the machine: hardly anything, and a store of their own."""
    home = folder / "home"
    home.mkdir()
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "TMPDIR": str(home),
        "FEATURE_TRACKING_DATA_DIR": str(folder / "data"),
        "FEATURE_TRACKING_DASHBOARD_PORT": "0",
        "FEATURE_TRACKING_EXIT_TIMEOUT": "60",  # a busy machine may need longer even to load the writer
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
    }


def test_what_a_page_shows_is_what_happens(page: Page, tmp_path: Path, root: Path) -> None:
    if not page.blocks:
        return
    work = tmp_path / "work"
    work.mkdir()
    (work / "curio-tracking").symlink_to(root)  # a checkout of the project, as some pages need one
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(page.path), page.name],
        cwd=work,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_block_that_is_not_run_says_why(page: Page) -> None:
    silent = [block.line for block in page.blocks if "not run" in block.remarks and len(block.remarks["not run"]) < 10]
    assert not silent


BROKEN = {
    "python that raises": "```python\nassert 1 == 2\n```\n",
    "a name that another block never set": "```python\nprint(unheard_of)\n```\n",
    "a command that fails": "```console\n$ false\n```\n",
    "a command that prints something else": "```console\n$ echo one\ntwo\n```\n",
    "a command that prints more": "```console\n$ printf 'one\\ntwo\\n'\none\n```\n",
    "a script that fails in the middle": "```sh\nfalse\ntrue\n```\n",
    "an unknown setting": "```toml\nbackendd = 'csv'\n```\n",
    "a bad value": "```toml\nsample_rate = 7\n```\n",
    "no TOML": "```toml\na b\n```\n",
    "a server that ends at once": "<!-- serves -->\n```console\n$ echo http://127.0.0.1:1\n```\n",
    "an unknown language": "```pyhton\n```\n",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_runner_finds_what_does_not_hold(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(BROKEN[fault], "utf-8")
    work = tmp_path / "work"
    work.mkdir()
    command = [sys.executable, str(RUNNER), str(path), "page.md"]
    done = subprocess.run(command, cwd=work, env=environment(tmp_path), capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout.startswith("page.md:2:" if "serves" not in BROKEN[fault] else "page.md:3:")
