"""What shows that reading takes long is gone from the terminal when the command is, however that ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"
ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
SLOW_BACKEND = """
from curio_tracking import hookimpl
from curio_tracking.errors import StorageError
from curio_tracking.interfaces import BaseBackend


class SlowBackend(BaseBackend):
    on_progress = None

    def append(self, records):
        pass

    def remarks(self, query):
        return []

    def delete(self, query):
        return 0

    def summaries(self, query):
        self.on_progress(10**6, 10**9)
        raise {error}

    def records(self, query):
        return iter(())


@hookimpl
def curio_register_backends(register):
    register("slow", lambda settings: SlowBackend())
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Install the backend `slow`, which reports progress and then raises this error."""

    def install(error: str) -> None:
        plugins = tmp_path / "plugins"
        plugins.mkdir(mode=0o700)
        (plugins / "slow.py").write_text(SLOW_BACKEND.format(error=error))
        monkeypatch.setenv("FEATURE_TRACKING_PLUGINS_DIR", str(plugins))

    return install


@pytest.mark.parametrize(("error", "code"), [("KeyboardInterrupt", 130), ("StorageError('the disk is gone')", 1)])
@pytest.mark.parametrize(
    "arguments",
    [("--backend", "slow", "list-features"), ("migrate", "--from", "slow", "--to", "csv")],
    ids=["list-features", "migrate"],
)
def test_bar_of_a_reader_leaves_a_clean_terminal(
    slow: Callable[[str], None], on_terminal: Callable[..., Any], arguments: tuple[str, ...], error: str, code: int
) -> None:
    slow(error)
    result = on_terminal(*arguments)
    assert result.code == code
    assert 0 <= result.out.rfind(HIDE_CURSOR) < result.out.rfind(SHOW_CURSOR)
    assert "reading records" not in result.out[result.out.rfind(SHOW_CURSOR) :]


def test_bar_has_room_for_what_a_terminal_shows_of_ctrl_c(
    slow: Callable[[str], None], on_terminal: Callable[..., Any]
) -> None:
    slow("KeyboardInterrupt")
    shown = ESCAPES.sub("", on_terminal("--backend", "slow", "list-features", columns=80).out)
    assert max(map(len, re.split("[\r\n]", shown))) == 80 - len("^C")
