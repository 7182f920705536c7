"""The record: what one execution of a feature leaves behind.

The collecting side builds records, filters change or drop them, backends keep them, readers get them back. This module
imports nothing of the project, so every other one may import it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from curio_tracking.vocabulary import FeatureCategory, FeatureStatus

__all__ = [
    "EPOCH",
    "RECORD_FIELDS",
    "TEXT_FIELDS",
    "FeatureCategory",
    "FeatureInfo",
    "FeatureRecord",
    "FeatureStatus",
    "encodable",
    "from_microseconds",
    "iso_time",
    "to_microseconds",
]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """Return the microseconds since 1970 UTC of an aware datetime, exactly (no float on the way)."""
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC datetime of a count of microseconds since 1970."""
    return EPOCH + microseconds * MICROSECOND


def iso_time(microseconds: int) -> str:
    """Return ISO 8601 UTC text with six decimals and a Z, the one time format of every surface."""
    return from_microseconds(microseconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def encodable(text: str) -> str:
    """Return the text with lone surrogates, which UTF-8 cannot write, as question marks."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


@dataclass(slots=True)
class FeatureRecord:
    """One execution of one feature.

    Mutable, because filters change records in place on the writer thread; nobody else sees a record before they have.

    Attributes:
        record_id: unique over processes and hosts; sorts by start time.
        feature_name: the name given to the decorator.
        category: value of a `FeatureCategory`, or a name that a plugin registered.
        status: how it ended.
        start_us: start, microseconds since 1970 UTC (`start_time` gives the datetime).
        duration: seconds on the monotonic clock, never negative.
        input_size, output_size: bytes of binary, characters of text, items of containers; None when unknown.
        efficiency_score: 0..1, or None when nothing is known to compute it from.
        iterations: at least 1.
        user_id, session_id: pseudonyms unless ANONYMIZE=false.
        thread_id, process_id, host, app, version, environment: where it ran.
        parent_id: `record_id` of the tracked call that this one ran in.
        cpu_seconds, memory_bytes: only with RESOURCES=true.
        error_type, error_message: of the exception that ended it; the message is scrubbed.
        metadata: JSON-ready; `parameters` (names, types, sizes, values where allowed) and custom keys.
        sample_weight: how many executions this record stands for, at least 1; every statistic is weighted by it.
        root_id: `record_id` of the outermost call around this one; only between collecting and storing (sampling
            keeps or drops a whole tree by it), never stored.
    """

    record_id: str
    feature_name: str
    category: str
    status: FeatureStatus
    start_us: int
    duration: float
    input_size: int | None = None
    output_size: int | None = None
    efficiency_score: float | None = None
    iterations: int = 1
    user_id: str | None = None
    session_id: str | None = None
    thread_id: int | None = None
    process_id: int | None = None
    host: str | None = None
    app: str | None = None
    version: str | None = None
    environment: str | None = None
    parent_id: str | None = None
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    sample_weight: float = 1.0
    root_id: str | None = field(default=None, compare=False, repr=False)

    @property
    def start_time(self) -> datetime:
        """The start as an aware UTC datetime with microseconds."""
        return from_microseconds(self.start_us)

    @property
    def is_success(self) -> bool:
        """Whether the execution ended well."""
        return self.status is FeatureStatus.SUCCESS

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready values; `start_time` stands as ISO 8601 text in place of `start_us`."""
        values = {name: getattr(self, name) for name in RECORD_FIELDS}
        values["status"] = self.status.value
        return {
            ("start_time" if name == "start_us" else name): (iso_time(value) if name == "start_us" else value)
            for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FeatureRecord:
        """Build a record from what `as_dict` returned.

        Raises:
            KeyError, ValueError, TypeError: a required key is missing, unknown or has an unusable value.
        """
        values = dict(values)
        moment = datetime.fromisoformat(values.pop("start_time"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        values["status"] = FeatureStatus(values["status"])
        return cls(start_us=to_microseconds(moment), **values)


RECORD_FIELDS: Final[tuple[str, ...]] = tuple(spec.name for spec in fields(FeatureRecord) if spec.name != "root_id")
"""What is stored, in the order of the constructor."""
TEXT_FIELDS: Final = (
    "feature_name",
    "category",
    "user_id",
    "session_id",
    "host",
    "app",
    "version",
    "environment",
    "parent_id",
    "error_type",
    "error_message",
)
"""The fields that take any text; `record_id` is made by us."""


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """A feature that was registered (decorated), whether it was ever called or not.

    Attributes:
        feature_name, category: as in its records.
        location: `module:qualname` of the decorated callable, or None.
    """

    feature_name: str
    category: str
    location: str | None = None
