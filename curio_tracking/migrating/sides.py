"""Sides: the two stores of a migration, and what is said when one of them fails."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from curio_tracking.errors import CurioError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.interfaces import StorageBackend


class MigrationError(CurioError):
    """A migration cannot begin or cannot go on; what is copied already stays."""


class Side(NamedTuple):
    """One of the two stores.

    Attributes:
        name: of its backend, as settings name it.
        backend: an instance.
    """

    name: str
    backend: StorageBackend

    @contextmanager
    def working(self, doing: str) -> Iterator[None]:
        """Turn whatever the backend raises in a `with` block into one message.

        Args:
            doing: what is tried, for example "reading"; the backend's name follows.

        Raises:
            MigrationError: with the exit code of the backend's error.
        """
        try:
            yield
        except MigrationError:
            raise
        # a third party's backend may raise anything at all
        except Exception as error:
            text = " ".join(str(error).split())
            reason = text if isinstance(error, CurioError) else f"{type(error).__name__}: {text}".removesuffix(": ")
            failure = MigrationError(
                f"{doing} {self.name} failed: {reason}\n"
                f"what was copied so far stays, nothing is lost; remove the cause, then run the same command again"
            )
            failure.exit_code = getattr(error, "exit_code", failure.exit_code)
            raise failure from error

    def let_go(self) -> None:
        """Close the store, whatever comes of it: what matters was closed and read back before."""
        with suppress(Exception):
            self.backend.close()
