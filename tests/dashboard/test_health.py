"""The health page and /api/health: the processes that track into the store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from health_examples import leave_health

from curio_tracking.health import HEALTH_FIELDS, PROCESS_FIELDS
from curio_tracking.reader import Reader
from curio_tracking.runtime import open_reader
from curio_tracking.settings import load_settings


@pytest.fixture
def reader(data_dir: Path) -> Reader:
    """Return a reader of a data directory: that of the memory backend knows no processes."""
    return open_reader(load_settings({"data_dir": data_dir, "backend": "csv"}, strict=True))


def test_page_says_when_there_is_nothing(client: Any, data_dir: Path) -> None:
    answer = client.ask("/pages/health")
    assert (answer.status, "No process has told of itself yet" in answer.page.text) == (200, True)
    assert not data_dir.exists()


def test_page_shows_each_process(client: Any, data_dir: Path) -> None:
    file = leave_health(data_dir)
    leave_health(data_dir, app="worker", state="ended").close()
    text = client.ask("/pages/health").page.text
    assert f"{os.getpid()} shop" in text
    assert "640 ns" in text or "0.64 µs" in text
    assert "Alive 1 of 2 processes" in text
    assert "dropped by reason: exit 3, sampling 50" in text
    file.close()


def test_page_is_in_the_navigation(client: Any) -> None:
    assert "/pages/health" in client.ask("/").page.links


def test_names_of_applications_stay_text(client: Any, data_dir: Path) -> None:
    leave_health(data_dir, app="<script>alert(1)</script>").close()
    assert client.ask("/pages/health").page.all("script") == []


def test_json_has_the_keys_of_the_vocabulary(client: Any, data_dir: Path) -> None:
    leave_health(data_dir).close()
    answer = client.ask("/api/health")
    assert [list(process) for process in answer.json] == [[*PROCESS_FIELDS, *HEALTH_FIELDS]]
    assert (answer.json[0]["state"], answer.json[0]["max_flush"]) == ("killed", 1.5)


def test_json_takes_no_parameters(client: Any) -> None:
    answer = client.ask("/api/health?since=7d")
    assert (answer.status, answer.json) == (400, {"error": 'unknown parameter "since"; known: none'})
