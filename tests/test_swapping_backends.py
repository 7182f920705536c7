"""Swapping the backend by one variable changes no statistic: the same calls give the same JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from swapping import (
    BUILT_IN,
    EPHEMERAL,
    FEATURES,
    answers_of_calls,
    answers_of_file,
    answers_of_process,
    same_records,
    write_records,
)

from curio_tracking.queries import RecordQuery
from curio_tracking.reader import Reader
from curio_tracking.storage.memory import MemoryBackend

REFERENCE, *OTHERS = BUILT_IN


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that all backends share, with the key of pseudonyms in it."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def called(shared: Path) -> dict[str, Any]:
    """What the commands say of the calls under the default backend."""
    return answers_of_calls(REFERENCE, shared)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records to import."""
    place = tmp_path_factory.mktemp("file") / "records.jsonl"
    write_records(place)
    return place


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, file: Path) -> dict[str, str]:
    """What the commands say of the file under the default backend."""
    return answers_of_file(REFERENCE, tmp_path_factory.mktemp("imported"), file)


def test_program_leaves_something_to_compare(called: dict[str, Any]) -> None:
    assert {one["feature_name"]: one["total_calls"] for one in called["list-features"]} == {
        "translate": 40,
        "import_csv": 40,
        "nightly": 40,
        "never_called": 0,
    }


def test_file_leaves_something_to_compare(imported: dict[str, str]) -> None:
    assert [one["total_calls"] for one in json.loads(imported["list-features"])] == [637, 619, 609]


@pytest.mark.parametrize("backend", OTHERS)
def test_same_calls_give_the_same_answers(backend: str, shared: Path, called: dict[str, Any]) -> None:
    assert answers_of_calls(backend, shared) == called


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> dict[str, Any]:
    """What the program is told under the default backend."""
    return answers_of_process(REFERENCE, tmp_path_factory.mktemp("told"), shared)


def test_process_is_told_of_all_its_calls(told: dict[str, Any]) -> None:
    assert len(told["records"]) == 120
    assert sorted(one["feature_name"] for one in told["top_features"]) == sorted(FEATURES)


@pytest.mark.parametrize("backend", [*OTHERS, EPHEMERAL])
def test_process_is_told_the_same_of_its_calls(
    backend: str, tmp_path: Path, shared: Path, told: dict[str, Any]
) -> None:
    assert answers_of_process(backend, tmp_path, shared) == told


@pytest.mark.parametrize("backend", OTHERS)
def test_same_records_give_the_same_text(backend: str, tmp_path: Path, file: Path, imported: dict[str, str]) -> None:
    assert answers_of_file(backend, tmp_path / "data", file) == imported


def test_same_records_give_the_same_statistics_in_memory(tmp_path: Path, imported: dict[str, str]) -> None:
    backend = MemoryBackend(str(tmp_path))
    backend.append(same_records())
    found = [
        summary.as_dict()
        for summary in Reader(backend, (), lambda user_id: frozenset({user_id})).features(RecordQuery(), 0)
    ]
    assert found == json.loads(imported["list-features"])
