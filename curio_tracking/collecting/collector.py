"""Collector: the collecting side of one tracker in one process: its sites, its buffer, its writer, its open runs."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from curio_tracking.collecting import lifecycle
from curio_tracking.collecting.buffer import Buffer
from curio_tracking.collecting.context import current
from curio_tracking.collecting.guard import Guard
from curio_tracking.collecting.hotpath import code_for
from curio_tracking.collecting.manual import OpenRuns
from curio_tracking.collecting.switches import Switches
from curio_tracking.collecting.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType
    from typing import Any, Final

    from curio_tracking.collecting.pipeline import Pipeline
    from curio_tracking.collecting.site import Site

MAX_DECLARED: Final = 10_000


class Collector:
    """What a tracker's decorators and blocks hand their calls to.

    Attributes:
        switches: what a tracked call must know; replaced as a whole, never changed.
        buffer, writer, guard, open_runs: see their modules.
        context: reads the current `Context`.
        declared: name, category and location of the decorated features, for the backend.
    """

    def __init__(self, switches: Switches, load: Callable[[], Pipeline]) -> None:
        """Args: the first switches; what puts the pipeline together (called on the writer thread)."""
        self.switches = switches
        self.context = current.get
        self.guard = Guard()
        self.buffer = Buffer(self._start_writer)
        self.open_runs = OpenRuns(self)
        self.declared: dict[tuple[str, str], str | None] = {}
        self._wrappers: WeakKeyDictionary[FunctionType, Site] = WeakKeyDictionary()
        self._load = load
        self.writer = Writer(self, load)
        lifecycle.collectors.add(self)

    def register(self, site: Site, wrapper: Any) -> None:
        """Remember a decorated feature; `wrapper` is the generated one of the fast path, or None."""
        if len(self.declared) < MAX_DECLARED:
            self.declared.setdefault((site.feature_name, site.category), site.location)
        if wrapper is not None:
            self._wrappers[wrapper] = site
            self._set_code(wrapper, site)

    def switch(self, switches: Switches) -> None:
        """Use other switches from the next call on."""
        self.switches = switches
        for wrapper, site in self._wrappers_now():
            self._set_code(wrapper, site)

    def _wrappers_now(self) -> list[tuple[FunctionType, Site]]:
        while True:
            try:
                return list(self._wrappers.items())
            except RuntimeError:
                continue  # another thread decorates a function in this moment

    def read_clock(self, clock: Callable[[], float]) -> None:
        """Let the generated wrappers read another clock; see `timekeeping`."""
        for wrapper, _site in self._wrappers_now():
            wrapper.__globals__["_clock"] = clock

    def switch_off(self) -> None:
        """Stop tracking; what is buffered stays."""
        now = self.switches
        self.switch(
            Switches(
                enabled=False,
                capture_args=now.capture_args,
                resources=now.resources,
                exit_timeout=now.exit_timeout,
            )
        )

    def _set_code(self, wrapper: FunctionType, site: Site) -> None:
        switches = self.switches
        kind = "off"
        if switches.enabled:
            kind = "full" if switches.resources or site.partial_if is not None else "tracked"
        capture = switches.capture_args if kind != "off" else "off"
        function = wrapper.__globals__["_function"]  # not __wrapped__: whoever wraps it again changes that
        if site.state != (kind, capture):
            site.state = (kind, capture)
            wrapper.__code__ = code_for(function, site.parameters, kind, capture)

    def _start_writer(self) -> None:
        lifecycle.prepare()
        if not self.writer.is_pausing:
            self.writer.start()

    def restart(self, load: Callable[[], Pipeline]) -> None:
        """Finish the writer and go on with another pipeline."""
        before = self.writer
        before.hand_over()
        self._load = load
        self.writer = Writer(self, load, before)
        self.buffer.limit = 0

    def renew_after_fork(self) -> None:
        """Begin anew in a forked child: what the parent buffered or began is the parent's."""
        self.guard = Guard()
        self.buffer.renew()
        self.open_runs = OpenRuns(self)
        self.writer = Writer(self, self._load)
