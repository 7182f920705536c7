"""The page of promises, from `promises.toml`: what is promised, the figures, and the test that proves each part.

What a test shows is its own name, so that the page cannot say something else than the test does.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from curio_tracking.settings import Settings, describe_settings

SOURCE: Final = Path(__file__).with_name("promises.toml")
_PLACE: Final = re.compile(r"\{setting:(\w+)\}")


def promises() -> list[dict[str, Any]]:
    """Return the promises in their order: `title`, `text`, `figures`, `proofs` and, where there are any, `untested`."""
    found: list[dict[str, Any]] = tomllib.loads(SOURCE.read_text("utf-8"))["promise"]
    return found


def promise_sections() -> str:
    """Return one section per promise."""
    defaults = {row.name: row.default_text for row in describe_settings(Settings())}
    return "\n".join(_section(number, promise, defaults) for number, promise in enumerate(promises(), 1))


def _section(number: int, promise: dict[str, Any], defaults: dict[str, str]) -> str:
    """Return the text, the figures and the table of one promise.

    Raises:
        KeyError: a figure names a setting that there is not.
    """
    figures = [f"- {_PLACE.sub(lambda place: defaults[place[1]], figure)}" for figure in promise["figures"]]
    lines = [f"## {number}. {promise['title']}", "", promise["text"].strip(), "", "Figures:", "", *figures, ""]
    lines += ["| What is shown | Test |", "|---|---|"]
    lines += [f"| {_claim(proof)} | `{proof['test']}` |" for proof in promise["proofs"]]
    untested = promise.get("untested", ())
    return "\n".join([*lines, "", *(f"Not tested: {what}\n" for what in untested)])


def _claim(proof: dict[str, str]) -> str:
    name = proof["test"].partition("::")[2].removeprefix("test_").replace("_", " ")
    return f"{name}: {proof['shows']}" if "shows" in proof else name
