"""Outlet: sends batches of one signal, and says in one line why one was not taken.

Holds an official exporter while there is use for one. At a fork none may be open: gRPC has threads of its own, which a
forked child would lack. Used by the sending thread; `break_off` by others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curio_tracking_otel.official import OfficialExporter, build
from curio_tracking_otel.silence import last_words, silenced

if TYPE_CHECKING:
    from curio_tracking_otel.environment import Destination


class Outlet:
    """The way out of this process for one signal.

    Attributes:
        destination: where to.
        is_broken_off: whether the last batch failed because `break_off` was called.
    """

    def __init__(self, destination: Destination) -> None:
        """Args: where to; nothing is opened yet."""
        self.destination = destination
        self.is_broken_off = False
        self._lasting: OfficialExporter | None = None
        self._open: list[OfficialExporter] = []

    def send(self, batch: Any, seconds: float | None = None) -> str | None:
        """Send a batch; call it within `silenced()`.

        Args:
            batch: spans, or metrics data.
            seconds: most that it may take; None: the usual time limit, over a connection that is kept.

        Returns:
            None when it was taken; otherwise why not, with no secret in it.
        """
        self.is_broken_off = False
        try:
            exporter = self._exporter(seconds)
            # what is said while it is built may quote a header
            last_words()
            result = exporter.export(batch)
        except Exception as error:
            # the text may quote a header
            return type(error).__name__
        return None if result.name == "SUCCESS" else last_words() or "it was refused"

    def break_off(self) -> None:
        """Let what is being sent fail now, as far as the transport can; from any thread."""
        self.is_broken_off = True
        with silenced():
            while self._open:
                try:
                    self._open.pop().shutdown()
                except Exception:  # noqa: S112 - a transport that is being closed twice
                    continue

    def close(self) -> None:
        """Close the connections; the next batch opens new ones."""
        self.break_off()
        self._lasting = None

    def _exporter(self, seconds: float | None) -> OfficialExporter:
        if seconds is None and self._lasting is not None and self._lasting in self._open:
            return self._lasting
        # the time limit of an official exporter is set when it is built
        made = build(self.destination, seconds)
        self._open.append(made)
        if seconds is None:
            self._lasting = made
        return made
