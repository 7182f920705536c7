"""The README's blocks do what they say, in order: python shares one namespace, sh runs in a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

RUNNER = """
import re, subprocess, sys
namespace = {"__name__": "__main__"}
for language, text in re.findall(sys.argv[2], open(sys.argv[1], encoding="utf-8").read(), re.M | re.S):
    if language == "sh":
        subprocess.run(text, shell=True, check=True)
    else:
        exec(compile(text, text, "exec"), namespace)
"""


def run_readme(work: Path) -> subprocess.CompletedProcess[str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNER, str(README), BLOCK.pattern],
        env={**os.environ, "PATH": programs},
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_blocks_run_in_order_and_hold(tmp_path: Path) -> None:
    finished = run_readme(tmp_path / "work")
    assert finished.returncode == 0, finished.stderr
    assert (tmp_path / "work" / "records.parquet").exists()


def test_there_are_blocks_of_both_kinds() -> None:
    assert {language for language, _text in BLOCK.findall(README.read_text("utf-8"))} == {"python", "sh"}
