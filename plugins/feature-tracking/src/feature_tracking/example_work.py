"""What the agents and crews of the examples do: small, real pieces of work; plain functions that are not tracked."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LONGEST_SENTENCE: Final = 20
"""Words."""
LONGEST_FUNCTION: Final = 25
"""Lines."""


def undocumented(functions: Sequence[ast.FunctionDef]) -> list[str]:
    """Return the names of the public functions without a docstring."""
    return [node.name for node in functions if not node.name.startswith("_") and ast.get_docstring(node) is None]


def long_ones(functions: Sequence[ast.FunctionDef]) -> list[str]:
    """Return the names of the functions that are too long to take in."""
    return [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION]


CREWS: Final[Mapping[str, Mapping[str, Callable[[Sequence[ast.FunctionDef]], list[str]]]]] = {
    "code_review": {"undocumented": undocumented, "long": long_ones},
}
"""Crew type -> what each of its members looks for."""


def frequent_words(text: str) -> str:
    """Return the three longer words that occur most often."""
    return ", ".join(word for word, _ in Counter(re.findall(r"\w{5,}", text.lower())).most_common(3))


def long_sentences(text: str) -> str:
    """Say how many sentences are too long."""
    long = [part for part in re.split(r"[.!?]", text) if len(part.split()) > LONGEST_SENTENCE]
    return f"{len(long)} long sentences"


AGENTS: Final[Mapping[str, Callable[[str], str]]] = {
    "reader": frequent_words,
    "editor": long_sentences,
    "counter": lambda text: f"{len(text.split())} words",
}
"""Agent -> what it does with a text."""
