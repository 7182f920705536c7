"""The README's blocks do what they say, in order, and its table has every option with its default."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from curio_tracking_sqlite.options import Options

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(python|sh|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(README)
ROW = re.compile(r"^\| `FEATURE_TRACKING_SQLITE__(\w+)` \| `(.*?)` \| (.*?) \|$", re.MULTILINE)
RUNNER = """
import os, re, subprocess, sys
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
namespace = {"__name__": "__main__"}
for language, text in re.findall(sys.argv[2], sys.argv[1], re.M | re.S):
    if language == "sh":
        subprocess.run(["sh", "-ec", text], check=True)
    elif language == "python":
        exec(compile(text, text, "exec"), namespace)
"""


def test_blocks_run_in_order_and_hold(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    finished = python("-W", "error", "-c", RUNNER, README, BLOCK.pattern)
    assert finished.returncode == 0, finished.stderr


def test_there_are_blocks_of_each_kind() -> None:
    assert {language for language, _text in BLOCKS} == {"python", "sh", "toml"}


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "toml"])
def test_settings_are_taken(python: Callable[..., subprocess.CompletedProcess[str]], text: str) -> None:
    assert tomllib.loads(text)
    Path("curio-tracking.toml").write_text(text)
    assert python("-m", "curio_tracking", "list-features").returncode == 0


def test_table_has_every_option_with_its_default() -> None:
    assert {(name.lower(), default) for name, default, _meaning in ROW.findall(README)} == {
        (name, str(field.default)) for name, field in Options.model_fields.items()
    }
