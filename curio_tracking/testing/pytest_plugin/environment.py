"""The environment of a test run: stores lie in a temporary place, for this process and for those that tests start.

Only two variables are set, and nothing is created on disk: directories come with the first record. Light: every run of
pytest imports this where Curio Tracking is installed.
"""

from __future__ import annotations

import os
import tempfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any, Final

BACKEND: Final = "FEATURE_TRACKING_BACKEND"
DATA_DIR: Final = "FEATURE_TRACKING_DATA_DIR"
ROOT: Final = "CURIO_TRACKING_TEST_ROOT"
"""Tells the processes that tests start (and the workers of pytest-xdist) which run they belong to."""
STORE_PREFIX: Final = "store-"
SHARED_BACKEND: Final = "tinyflux"
"""What other processes write to: the one built-in backend that needs no option and takes several processes."""
OWN_BACKEND: Final = "memory"


class IsolatedEnvironment:
    """The variables of one run, and the place below which everything lies; set when this is made.

    Attributes:
        root: a directory of this run, inside that of the run it belongs to.
        is_outermost: whether no other run is around this one.
        store: where processes that are started now keep their records.
    """

    def __init__(self, *, sets_variables: bool = True) -> None:
        """Args: whether the variables are set; without, only what asks for `location` is isolated."""
        around = os.environ.get(ROOT)
        self.is_outermost = not around
        # a name that nobody can guess: it is created later, by the first process that has something to keep
        name = f"curio-tracking-pytest-{os.urandom(8).hex()}"
        self.root = os.path.join(around or tempfile.gettempdir(), name)  # noqa: PTH118 - pathlib is not needed here
        self._former = {variable: os.environ.get(variable) for variable in (BACKEND, DATA_DIR, ROOT)}
        self._stores = 0
        self.store = self.place(f"{STORE_PREFIX}0")
        self.sets_variables = sets_variables
        if sets_variables:
            os.environ.update({BACKEND: SHARED_BACKEND, DATA_DIR: self.store, ROOT: self.root})

    def place(self, name: str) -> str:
        """Return the path of something that belongs to this run."""
        return os.path.join(self.root, name)  # noqa: PTH118

    def next_test(self) -> None:
        """Give the processes of the next test a store of their own, if those of the last one have used theirs."""
        if os.path.isdir(self.store) and os.environ.get(DATA_DIR) == self.store:  # noqa: PTH112
            self._stores += 1
            self.store = os.environ[DATA_DIR] = self.place(f"{STORE_PREFIX}{self._stores}")

    def location(self, given: Container[str], place: str) -> dict[str, Any]:
        """Return where this process keeps its records, as settings; nothing of what the test itself says.

        A variable that is not the run's own was set by the test, or by a fixture of it. One that was removed was not.

        Args:
            given: names of the settings that the test has configured.
            place: under which name to keep records in memory.
        """
        has_backend = "backend" in given or self._is_chosen(BACKEND, SHARED_BACKEND)
        has_place = "data_dir" in given or self._is_chosen(DATA_DIR, self.store)
        if not has_backend and not has_place:
            return {"backend": OWN_BACKEND, "data_dir": self.place(place)}
        return {} if has_place else {"data_dir": self.store}

    def _is_chosen(self, variable: str, own: str) -> bool:
        return self.sets_variables and os.environ.get(variable, "") not in ("", own)

    def restore(self) -> None:
        """Put the variables back and remove what was written below the root, if no other run is around this one."""
        for variable, value in self._former.items() if self.sets_variables else ():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value
        if self.is_outermost and os.path.isdir(self.root):  # noqa: PTH112
            import shutil

            shutil.rmtree(self.root, ignore_errors=True)
