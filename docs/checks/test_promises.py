"""Each promise has its figures and tests that exist and that an environment of tox runs."""

from __future__ import annotations

import configparser
from typing import TYPE_CHECKING, Any

import promises
import pytest
from test_spec import missing_tests

if TYPE_CHECKING:
    from pathlib import Path

PROMISES = promises.promises()
CONTRACTS = "curio_tracking/testing"
"""Suites that the tests of every backend inherit: they run wherever one of their heirs does."""


def in_every_promise() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("promise", PROMISES, ids=[promise["title"] for promise in PROMISES])


def proofs_of(promise: dict[str, Any]) -> list[str]:
    return [proof["test"] for proof in promise["proofs"]]


def folders_that_run(root: Path) -> list[Path]:
    """Return the folders that the commands of tox.ini hand to pytest."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(root / "tox.ini")
    words = [word for section in tox.values() for word in section.get("commands", "").split()]
    names = {word.removeprefix("{tox_root}/").removeprefix("{posargs:").rstrip("}") for word in words}
    return [root / name for name in names if (root / name).is_dir()]


@in_every_promise()
def test_promise_has_figures_and_proofs(promise: dict[str, Any]) -> None:
    assert promise["text"].strip()
    assert promise["figures"]
    assert promise["proofs"]


@in_every_promise()
def test_every_test_that_a_promise_names_exists(promise: dict[str, Any], root: Path) -> None:
    assert missing_tests(root, proofs_of(promise)) == []


@in_every_promise()
def test_no_test_stands_twice_in_a_promise(promise: dict[str, Any]) -> None:
    assert len(set(proofs_of(promise))) == len(proofs_of(promise))


@in_every_promise()
def test_every_test_that_a_promise_names_is_run_by_tox(promise: dict[str, Any], root: Path) -> None:
    folders = [*folders_that_run(root), root / CONTRACTS]
    files = {root / test.partition("::")[0] for test in proofs_of(promise)}
    assert {file for file in files if not any(file.is_relative_to(folder) for folder in folders)} == set()


def test_figure_that_names_no_setting_is_refused() -> None:
    promise = {"title": "t", "text": "t", "figures": ["{setting:no_such_setting}"], "proofs": [{"test": "a::test_b"}]}
    with pytest.raises(KeyError):
        promises._section(1, promise, {})
