"""Bad settings: the host gets the default and one warning; a command ends with code 2 and the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BAD_SETTINGS = [
    ({"BACKEND": "tinyflx"}, 'unknown backend "tinyflx"'),
    ({"FLUSH_INTERVAL": "abc"}, "FEATURE_TRACKING_FLUSH_INTERVAL"),
    ({"SAMPLE_RATE": "2"}, "FEATURE_TRACKING_SAMPLE_RATE"),
    ({"QUEUE_SIZE": "-5"}, "FEATURE_TRACKING_QUEUE_SIZE"),
    ({"ENVIRONMENT": "moon"}, "FEATURE_TRACKING_ENVIRONMENT"),
    ({"DURABILITY": "maybe"}, "FEATURE_TRACKING_DURABILITY"),
    ({"FLUSH_INTERVALL": "5"}, "FEATURE_TRACKING_FLUSH_INTERVAL"),
]


@pytest.mark.parametrize(("settings", "words"), BAD_SETTINGS)
def test_host_goes_on_with_the_default_and_one_warning(run: Any, host_program: str, settings: Any, words: str) -> None:
    result = run(host_program, **settings)
    assert (result.returncode, result.stdout) == (0, "['done', 'done', 'done']\n")
    (line,) = result.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize(("settings", "words"), BAD_SETTINGS)
def test_command_ends_with_code_2_and_the_same_words(run: Any, settings: Any, words: str) -> None:
    result = run("-m", "curio_tracking", "list-features", **settings)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_malformed_settings_file_is_named_with_its_line(run: Any, host_program: str) -> None:
    Path("curio-tracking.toml").write_text('backend = "csv"\nflush_interval = = 3\n', encoding="utf-8")
    result = run(host_program)
    assert (result.returncode, result.stdout) == (0, "['done', 'done', 'done']\n")
    assert "curio-tracking.toml" in result.stderr
    assert "line 2" in result.stderr
    command = run("-m", "curio_tracking", "list-features")
    assert command.returncode == 2
    assert "line 2" in command.stderr


@pytest.fixture(params=["below a file", "where nobody may write"])
def impossible(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a directory that even root cannot make."""
    if request.param == "below a file":
        (tmp_path / "file").write_text("", encoding="utf-8")
        return tmp_path / "file" / "data"
    return Path("/proc/curio-tracking")


def test_unwritable_directory_costs_the_host_one_warning(run: Any, host_program: str, impossible: Path) -> None:
    refused = "import time\nwhile not feature_tracker.health()['errors']: time.sleep(0.02)\n"
    program = Path(host_program)
    program.write_text(program.read_text(encoding="utf-8").replace("feature_tracker.flush(60)", refused))
    result = run(host_program, DATA_DIR=str(impossible), EXIT_TIMEOUT="0.2")
    assert (result.returncode, result.stdout) == (0, "['done', 'done', 'done']\n")
    (line,) = result.stderr.splitlines()
    assert str(impossible) in line


def test_unreadable_directory_ends_a_command_with_code_2(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run("-m", "curio_tracking", "list-features", DATA_DIR=str(tmp_path / "file"))
    assert result.returncode == 2
    assert str(tmp_path / "file") in result.stderr
    assert "Traceback" not in result.stderr
