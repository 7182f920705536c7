"""Every entry of the corpus is a regression test, and shows with its companions that its target can find a fault.

Runs in the ordinary suite, without atheris.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from campaign import CORPUS, TARGETS

ENTRIES = [(path.parent.name, path.name) for path in sorted(CORPUS.glob("*/*"))]
LARGEST_BYTES = 2_500


def target(name: str) -> ModuleType:
    """Return a target."""
    return importlib.import_module(name)


@pytest.mark.parametrize(("name", "entry"), ENTRIES)
def test_entry_of_the_corpus_breaks_no_law(name: str, entry: str) -> None:
    target(name).check((CORPUS / name / entry).read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_corpus_is_small_and_nobody_elses(name: str) -> None:
    sizes = [path.stat().st_size for path in (CORPUS / name).iterdir()]
    assert 5 <= len(sizes) <= 60
    assert max(sizes) <= LARGEST_BYTES
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_planted_fault_breaks_a_law_on_some_entry(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = target(name)
    module.plant(monkeypatch.setattr)
    with pytest.raises((AssertionError, ValueError)):
        for path in sorted((CORPUS / name).iterdir()):
            module.check(path.read_bytes())
