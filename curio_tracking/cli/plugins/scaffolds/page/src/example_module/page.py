"""The page: asks the reader, returns the HTML of the body. The dashboard gives it frame, style and headers."""

from collections.abc import Mapping

from curio_tracking.dashboard import escape_text
from curio_tracking.reader import Reader

MOST = 20


def render(reader: Reader, query: Mapping[str, str]) -> str:
    """Return a table of the features that failed most.

    Args:
        reader: answers questions about the records.
        query: the parameters of the address; `since` is one that every page has.
    """
    where = reader.where(since=query.get("since"))
    features = [part.as_dict() for part in reader.features(where)]
    failing = sorted((part for part in features if part["failure_count"]), key=lambda part: -part["failure_count"])
    if not failing:
        return "<p>Nothing has failed.</p>"
    # names were chosen by others: whatever is shown is escaped
    rows = "".join(
        f"<tr><td>{escape_text(part['feature_name'])}</td>"
        f"<td>{part['failure_count']}</td><td>{part['total_calls']}</td></tr>"
        for part in failing[:MOST]
    )
    return f"<table><tr><th>Feature</th><th>Failures</th><th>Calls</th></tr>{rows}</table>"
