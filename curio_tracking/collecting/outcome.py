"""How a call ended: from an exception to a status, an error type and a message. Runs in the host's thread.

The message is taken at once, because keeping the exception would keep its frames and everything in them alive.
"""

from __future__ import annotations

from curio_tracking.collecting.capture import name_of_type
from curio_tracking.collecting.guard import pass_over
from curio_tracking.vocabulary import FeatureStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

MAX_MESSAGE_LENGTH: Final = 2000
SUCCESS: Final = FeatureStatus.SUCCESS
FAILED: Final = FeatureStatus.FAILED
PARTIAL: Final = FeatureStatus.PARTIAL
TIMEOUT: Final = FeatureStatus.TIMEOUT
# by their descriptors: asking by name would run what the exception's class or metaclass has put in the way
_bases_of: Final[Callable[[type], tuple[type, ...]]] = vars(type)["__mro__"].__get__
_code_of: Final[Callable[[BaseException], object]] = vars(SystemExit)["code"].__get__


def status_of(error: BaseException) -> FeatureStatus:
    """Return TIMEOUT for TimeoutError and kin, SUCCESS for a SystemExit that reports success, else FAILED.

    Kin: an exception with "Timeout" in the name of its class or of a base class, such as
    `subprocess.TimeoutExpired`, `requests.Timeout`, `httpx.ReadTimeout`, which do not derive from TimeoutError.
    """
    kind = type(error)
    if issubclass(kind, SystemExit):  # isinstance would ask the exception for its __class__
        code = _code_of(error)
        return SUCCESS if code is None or (type(code) in (int, bool) and code == 0) else FAILED
    if any("Timeout" in name_of_type(base) for base in _bases_of(kind)):
        return TIMEOUT
    return FAILED


def message_of(error: BaseException) -> str | None:
    """Return the message, at most 2,000 characters; None when there is none or `__str__` itself raises."""
    try:
        return str(error)[:MAX_MESSAGE_LENGTH] or None
    except BaseException as odd:
        pass_over(odd, Exception)
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
        self.error_type = name_of_type(type(error)) if failed else None
        self.error_message = message_of(error) if failed else None
