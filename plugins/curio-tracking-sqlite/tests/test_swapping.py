"""Swapping the backend by one variable changes no statistic: this one is asked what the built-in ones are asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from swapping import BUILT_IN, FEATURES, answers_of_calls, answers_of_file, answers_of_process, write_records


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
def told(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> dict[str, Any]:
    return answers_of_process("sqlite", tmp_path_factory.mktemp("told"), shared)


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
    backend: str, tmp_path: Path, shared: Path, told: dict[str, Any]
) -> None:
    assert answers_of_process(backend, tmp_path, shared) == told


@pytest.mark.parametrize("backend", BUILT_IN)
def test_same_records_give_the_same_text(backend: str, tmp_path: Path, file: Path, imported: dict[str, str]) -> None:
    assert answers_of_file(backend, tmp_path / "data", file) == imported
