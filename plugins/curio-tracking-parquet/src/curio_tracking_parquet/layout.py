"""The columns of a table of records: names, kinds, units, meanings; the README and the file's own metadata show them.

Names and order are those of `FeatureRecord.as_dict`. Imports nothing of the project and no pyarrow: `schema` makes the
types of it.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple


class Kind(Enum):
    """What a column holds; the value is its type in words."""

    TEXT = "string"
    CHOICE = "string, dictionary"
    MOMENT = "timestamp[us, UTC]"
    WHOLE = "int64"
    NUMBER = "float64"
    JSON = "string, JSON"


class Column(NamedTuple):
    """One column.

    Attributes:
        name: as in `FeatureRecord.as_dict`.
        kind: what it holds.
        meaning: with the unit of its values.
        is_nullable: whether a record may leave it out.
        is_repeated: whether few different values come again and again.
    """

    name: str
    kind: Kind
    meaning: str
    is_nullable: bool = True
    is_repeated: bool = False


SIZE: Final = "bytes of binary, characters of text, items of containers; null: unknown"
COLUMNS: Final[tuple[Column, ...]] = (
    Column("record_id", Kind.TEXT, "unique over processes and hosts; sorts by start time", is_nullable=False),
    Column("feature_name", Kind.TEXT, "the name of the feature", is_nullable=False, is_repeated=True),
    Column("category", Kind.CHOICE, "the feature's category", is_nullable=False, is_repeated=True),
    Column("status", Kind.CHOICE, "success, failed, partial or timeout", is_nullable=False, is_repeated=True),
    Column("start_time", Kind.MOMENT, "when the execution began, microseconds since 1970 UTC", is_nullable=False),
    Column("duration", Kind.NUMBER, "seconds", is_nullable=False),
    Column("input_size", Kind.WHOLE, SIZE),
    Column("output_size", Kind.WHOLE, SIZE),
    Column("efficiency_score", Kind.NUMBER, "0 to 1; null: unknown"),
    Column("iterations", Kind.WHOLE, "at least 1", is_nullable=False, is_repeated=True),
    Column("user_id", Kind.TEXT, "a pseudonym unless ANONYMIZE=false", is_repeated=True),
    Column("session_id", Kind.TEXT, "a pseudonym unless ANONYMIZE=false", is_repeated=True),
    Column("thread_id", Kind.WHOLE, "where it ran: thread", is_repeated=True),
    Column("process_id", Kind.WHOLE, "where it ran: process", is_repeated=True),
    Column("host", Kind.TEXT, "where it ran: machine", is_repeated=True),
    Column("app", Kind.TEXT, "where it ran: application", is_repeated=True),
    Column("version", Kind.TEXT, "where it ran: version of the application", is_repeated=True),
    Column("environment", Kind.TEXT, "where it ran: production, staging or development", is_repeated=True),
    Column("parent_id", Kind.TEXT, "record_id of the tracked call that this one ran in; null: none"),
    Column("cpu_seconds", Kind.NUMBER, "seconds of CPU; only with RESOURCES=true"),
    Column("memory_bytes", Kind.WHOLE, "bytes; only with RESOURCES=true"),
    Column("error_type", Kind.TEXT, "class of the exception that ended it; null: none", is_repeated=True),
    Column("error_message", Kind.TEXT, "message of that exception, scrubbed", is_repeated=True),
    Column(
        "metadata", Kind.JSON, "parameters (names, types, sizes) and custom keys", is_nullable=False, is_repeated=True
    ),
    Column("sample_weight", Kind.NUMBER, "how many executions the record stands for, at least 1", is_nullable=False),
)
