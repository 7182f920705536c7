"""One reader for all threads of the dashboard: each question waits its turn, and nothing can be written.

One shared reader rather than one per thread: backends keep what they have read, and connections come and go with
their threads. The lock is held per question, never while a page is drawn.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, Final, NoReturn

from curio_tracking.errors import CurioError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from curio_tracking.interfaces import StorageBackend
    from curio_tracking.queries import RecordQuery, SummaryQuery
    from curio_tracking.reader import Reader
    from curio_tracking.records import FeatureInfo, FeatureRecord
    from curio_tracking.summaries import Summary

_log: Final = logging.getLogger("curio_tracking")
_CLOSING_SECONDS: Final = 2.0


class SharedBackend:
    """Lets any thread read from a backend that knows one thread at a time; whatever writes is refused."""

    def __init__(self, backend: StorageBackend) -> None:
        """Args: the backend, which nobody else uses from now on."""
        self._backend = backend
        self._lock = Lock()

    def records(self, query: RecordQuery) -> Iterator[FeatureRecord]:
        """Yield the matching records; they are read at once, so that an abandoned iterator holds up nobody."""
        with self._turn():
            found = list(self._backend.records(query))
        return iter(found)

    def summaries(self, query: SummaryQuery) -> Iterator[Summary]:
        """Yield the totals, read at once."""
        with self._turn():
            found = list(self._backend.summaries(query))
        return iter(found)

    def append(self, records: Sequence[FeatureRecord]) -> NoReturn:  # noqa: ARG002 - the protocol's name
        """Refuse."""
        raise StorageError("the dashboard only reads: nothing can be appended")

    def declare(self, features: Iterable[FeatureInfo]) -> NoReturn:  # noqa: ARG002
        """Refuse."""
        raise StorageError("the dashboard only reads: nothing can be declared")

    def delete(self, query: RecordQuery) -> NoReturn:  # noqa: ARG002
        """Refuse."""
        raise StorageError("the dashboard only reads: nothing can be deleted")

    def close(self) -> None:
        """Close the backend, unless a question is still being answered after two seconds: the process ends anyway."""
        if self._lock.acquire(timeout=_CLOSING_SECONDS):
            try:
                self._backend.close()
            finally:
                self._lock.release()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except CurioError:
                raise
            # a third party's backend may raise anything; what it was is the log's business, not the visitor's
            except Exception as error:
                _log.exception("the store cannot be read")
                raise StorageError("the store cannot be read; the dashboard's log says why") from error


def shared(reader: Reader) -> Reader:
    """Return a reader of the same store that all threads may use at the same time and that cannot write.

    A reader that is shared already is returned as it is.
    """
    if isinstance(reader.backend, SharedBackend):
        return reader
    result = copy(reader)
    result.backend = SharedBackend(reader.backend)
    return result
