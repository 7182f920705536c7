"""Suites for parts that are broken on purpose: each is a conformance suite with the name of the test that must fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

Part = TypeVar("Part", bound=Any)
PATIENCE = 120.0
"""Seconds: nothing that is sound takes so long, however busy the machine is."""


class Faults(list[tuple[str, Any]]):
    """Broken parts, each after the name of the test that has to fail."""

    def caught_by(self, test: str) -> Callable[[Part], Part]:
        """Add the part below."""

        def add(part: Part) -> Part:
            self.append((test, part))
            return part

        return add


class Suites:
    """Adds suites to a module, where pytest finds them.

    Attributes:
        caught_by: the test that has to fail, by the name of the suite; nothing for a sound part, whose tests all run.
    """

    def __init__(
        self,
        module: dict[str, Any],
        contract: type,
        fixtures: Callable[[Any], dict[str, Callable[..., Any]]],
        **attributes: Any,
    ) -> None:
        """Args: the module's names; the suite; what makes its fixtures for a part (functions of other fixtures).

        Attributes that say after how many seconds something counts as hanging are for broken parts alone: a sound part
        has as long as it needs.
        """
        self.module = module
        self.contract = contract
        self.fixtures = fixtures
        self.attributes = attributes
        self.caught_by: dict[str, str] = {}

    def sound(self, part: Part) -> Part:
        """Add the suite of a part that keeps every promise."""
        return self._add(part, "")

    def caught_by_test(self, test: str) -> Callable[[Part], Part]:
        """Add a suite for the part below, in which `test` has to fail."""
        assert hasattr(self.contract, test), test
        return lambda part: self._add(part, test)

    def _add(self, part: Part, test: str) -> Part:
        name = f"Test{part.__name__}"
        assert name not in self.caught_by, name
        fixtures = {key: pytest.fixture(staticmethod(made)) for key, made in self.fixtures(part).items()}
        limits = () if test else [one for one in dir(self.contract) if one.endswith("_seconds")]
        attributes = self.attributes | dict.fromkeys(limits, PATIENCE)
        self.module[name] = type(name, (self.contract,), fixtures | attributes)
        self.caught_by[name] = test
        return part

    def unbroken(self) -> set[str]:
        """Return the promises that no part here breaks."""
        return {name for name in dir(self.contract) if name.startswith("test_")} - set(self.caught_by.values())
