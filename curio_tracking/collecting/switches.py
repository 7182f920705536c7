"""The few settings that are needed before the full model is loaded, read straight from the environment at import.

The full model (pydantic-settings, 100 ms to import) confirms or corrects them on the writer thread. A value that cannot
be read counts as its default here; the full model says so in words.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from curio_tracking.settings import Settings

FALSE_WORDS: Final = frozenset({"0", "false", "no", "off", "f", "n"})
TRUE_WORDS: Final = frozenset({"1", "true", "yes", "on", "t", "y"})
DEFAULT_EXIT_TIMEOUT: Final = 2.0
CAPTURE_MODES: Final = ("off", "shape", "values")


class Switches:
    """What a tracked call must know; replaced as a whole, never changed.

    Attributes:
        enabled: whether anything is tracked.
        capture_args: "off", "shape" (types and sizes) or "values" (of plain parameters, too).
        resources: whether CPU time and memory are measured.
        exit_timeout: seconds; None as long as only the environment can tell, see the function of this name.
    """

    __slots__ = ("capture_args", "enabled", "exit_timeout", "resources")

    def __init__(
        self,
        *,
        enabled: bool = True,
        capture_args: str = "shape",
        resources: bool = False,
        exit_timeout: float | None = None,
    ) -> None:
        self.enabled = enabled
        self.capture_args = capture_args
        self.resources = resources
        self.exit_timeout = exit_timeout

    @classmethod
    def of(cls, settings: Settings) -> Switches:
        """Return the switches as the full model sets them."""
        return cls(
            enabled=settings.enabled,
            capture_args=settings.capture_args,
            resources=settings.resources,
            exit_timeout=settings.exit_timeout,
        )


def from_environment() -> Switches:
    """Return the switches as the environment variables set them, with the profile of ENVIRONMENT beneath."""
    is_development = _variable("ENVIRONMENT") == "development"
    capture = _variable("CAPTURE_ARGS")
    if capture not in CAPTURE_MODES:
        capture = "values" if is_development else "shape"
    return Switches(
        enabled=_variable("ENABLED") not in FALSE_WORDS and not do_not_track(),
        capture_args=capture,
        resources=_variable("RESOURCES") in TRUE_WORDS if _variable("RESOURCES") else is_development,
    )


def exit_timeout() -> float:
    """Return EXIT_TIMEOUT in seconds, for a program that ends before the settings were loaded."""
    try:
        seconds = float(_variable("EXIT_TIMEOUT"))
    except ValueError:
        return DEFAULT_EXIT_TIMEOUT
    return seconds if 0 <= seconds < float("inf") else DEFAULT_EXIT_TIMEOUT


def do_not_track() -> bool:
    """Whether DO_NOT_TRACK asks for silence; it outranks every setting."""
    return os.environ.get("DO_NOT_TRACK", "").strip().lower() in TRUE_WORDS


def _variable(name: str) -> str:
    return os.environ.get(f"FEATURE_TRACKING_{name}", "").strip().lower()
