"""Swapping the backend by one variable changes no statistic: this one is asked what the built-in ones are asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from swapping import BUILT_IN, FEATURES, answers_of_calls, answers_of_file, answers_of_process, write_records

from curio_tracking.privacy.keys import KeyRing


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that all backends share, with the key of pseudonyms in it."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def called(shared: Path) -> dict[str, Any]:
    return answers_of_calls("sqlite", shared)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("file") / "records.jsonl"
    write_records(place)
    return place


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, file: Path) -> dict[str, str]:
    return answers_of_file("sqlite", tmp_path_factory.mktemp("imported"), file)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Callable[[str], dict[str, Any]]:
    """Ask the program what it has just recorded, in a new directory with the same key of pseudonyms."""

    def ask(backend: str) -> dict[str, Any]:
        data_dir = tmp_path_factory.mktemp(backend)
        KeyRing(shared / "keys").newest_or_new()
        shutil.copytree(shared / "keys", data_dir / "keys")
        return answers_of_process(backend, data_dir)

    return ask


@pytest.fixture(scope="module")
def told(asked: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return asked("sqlite")


def test_program_and_file_leave_something_to_compare(
    called: dict[str, Any], told: dict[str, Any], imported: dict[str, str]
) -> None:
    assert [one["total_calls"] for one in called["list-features"]] == [40, 40, 40, 0]
    assert sorted(one["feature_name"] for one in told["top_features"]) == sorted(FEATURES)
    assert [one["total_calls"] for one in json.loads(imported["list-features"])] == [637, 619, 609]


@pytest.mark.parametrize("backend", BUILT_IN)
def test_same_calls_give_the_same_answers(backend: str, shared: Path, called: dict[str, Any]) -> None:
    assert answers_of_calls(backend, shared) == called


@pytest.mark.parametrize("backend", BUILT_IN)
def test_process_is_told_the_same_of_its_calls(
    backend: str, asked: Callable[[str], dict[str, Any]], told: dict[str, Any]
) -> None:
    assert asked(backend) == told


@pytest.mark.parametrize("backend", BUILT_IN)
def test_same_records_give_the_same_text(backend: str, tmp_path: Path, file: Path, imported: dict[str, str]) -> None:
    assert answers_of_file(backend, tmp_path / "data", file) == imported
