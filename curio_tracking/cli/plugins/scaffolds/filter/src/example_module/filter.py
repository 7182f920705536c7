"""The filter: sees every record before it is stored."""

from curio_tracking import FeatureRecord


class ExamplePart:
    """Cuts long error messages."""

    def __init__(self, length: int) -> None:
        """Args: how many characters are kept."""
        self._length = length

    def apply(self, record: FeatureRecord) -> FeatureRecord | None:
        """Return the record, changed or not; None would drop it."""
        if record.error_message:
            record.error_message = record.error_message[: self._length]
        return record
