"""A third party's plugin that fails in every part of it, with the text of the record it was shown in its exception.

Its filter and its formula see records before they are redacted; what the tracker logs of them must not be more for it.
"""

from __future__ import annotations

from typing import Any

from curio_tracking import hookimpl
from curio_tracking.efficiency import blend


class Complaint:
    """Fails at the records of one feature; a filter and an exporter at once."""

    def __init__(self, feature_name: str) -> None:
        self._feature_name = feature_name

    def apply(self, record: Any) -> Any:
        """Return the record, or complain of it."""
        if record.feature_name == self._feature_name:
            raise ValueError(f"cannot take {record!r}")
        return record

    def export(self, records: Any) -> None:
        """Complain of the records."""
        raise ValueError(f"cannot send {records!r}")

    def close(self) -> None:
        """Complain once more."""
        raise ValueError("cannot close")


def complaining_formula(record: Any, targets: Any) -> float | None:
    """Return the usual score, or complain of the record."""
    if record.feature_name == "plugin raises in the formula":
        raise ValueError(f"no score for {record!r}")
    return blend(record, targets)


@hookimpl
def curio_register_filters(register: Any) -> None:
    register("complaint", lambda _settings: Complaint("plugin raises in a filter"))


@hookimpl
def curio_register_exporters(register: Any) -> None:
    register("complaint", lambda _settings: Complaint(""))


@hookimpl
def curio_register_efficiency(register: Any) -> None:
    register("complaint", complaining_formula)
