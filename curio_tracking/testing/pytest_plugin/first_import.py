"""Notices the moment in which a module has been imported: the tracker must be isolated before its first call.

Importing it early instead would cost every run of pytest in the environment 20 ms, those of other projects too.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


class FirstImport:
    """A finder that finds nothing itself; it calls back once, right after the module's code has run."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        """Args: the module's full name; what to do when it is there."""
        self._name = name
        self._then = then
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        if fullname != self._name:
            return None
        self.forget()  # once; and the search below must not come back here
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _TellingLoader(spec.loader, self._then)  # type: ignore[assignment]
        return spec

    def forget(self) -> None:
        """Stop waiting for the module."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class _TellingLoader:
    """Loads one module as its own loader does, which other modules may share, and tells when that is done."""

    def __init__(self, loader: Any, then: Callable[[], None]) -> None:
        self._loader = loader
        self._then = then

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code, leave no trace of this loader, and tell."""
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._then()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
