"""A fork in the middle of the writer's work on its health file: the child closes no descriptor but that of the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from health_examples import HEALTH, leave_health

from curio_tracking import health_files
from curio_tracking.testing.forked import exit_code, fork


def test_descriptor_that_was_just_closed_is_not_closed_again_in_a_child(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = leave_health(data_dir)
    children: list[int] = []
    awaited = [file._file]
    close = os.close

    def close_and_fork(descriptor: int) -> None:
        close(descriptor)
        # once, and not in the child, nor for what other threads of the suite close
        if descriptor in awaited:
            awaited.clear()
            # its number is free, and another file of the program's gets it
            other = os.open(os.devnull, os.O_RDONLY)
            if other != descriptor:
                os.dup2(other, descriptor)
                close(other)
            children.append(fork(lambda: os.fstat(descriptor)))
            close(descriptor)

    monkeypatch.setattr(health_files.os, "close", close_and_fork)
    file.write(HEALTH)
    monkeypatch.undo()
    file.close()
    assert [exit_code(child, 180) for child in children] == [0]
