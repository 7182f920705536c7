"""How a call ended: from an exception to a status, an error type and a message. Runs in the host's thread.

The message is taken at once, because keeping the exception would keep its frames and everything in them alive.
"""

from __future__ import annotations

from curio_tracking.vocabulary import FeatureStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

MAX_MESSAGE_LENGTH: Final = 2000
SUCCESS: Final = FeatureStatus.SUCCESS
FAILED: Final = FeatureStatus.FAILED
PARTIAL: Final = FeatureStatus.PARTIAL
TIMEOUT: Final = FeatureStatus.TIMEOUT


def status_of(error: BaseException) -> FeatureStatus:
    """Return TIMEOUT for TimeoutError and kin, SUCCESS for a SystemExit that reports success, else FAILED.

    Kin: an exception with "Timeout" in the name of its class or of a base class, such as
    `subprocess.TimeoutExpired`, `requests.Timeout`, `httpx.ReadTimeout`, which do not derive from TimeoutError.
    """
    if isinstance(error, SystemExit):
        return SUCCESS if error.code in (None, 0) else FAILED
    if any("Timeout" in kind.__name__ for kind in type(error).__mro__):
        return TIMEOUT
    return FAILED


def message_of(error: BaseException) -> str | None:
    """Return the message, at most 2,000 characters; None when there is none or `__str__` itself raises."""
    try:
        return str(error)[:MAX_MESSAGE_LENGTH] or None
    except Exception:
        return None


class Failure:
    """What is kept of an exception; in a row of the hot path it stands where the result's size stands otherwise.

    Attributes:
        status, error_type, error_message: as in the record.
    """

    __slots__ = ("error_message", "error_type", "status")

    def __init__(self, error: BaseException) -> None:
        self.status = status_of(error)
        failed = self.status is not SUCCESS
        self.error_type = type(error).__name__ if failed else None
        self.error_message = message_of(error) if failed else None
