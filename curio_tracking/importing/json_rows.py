"""JSON lines, as `export` writes them: one object per line with the fields of `FeatureRecord.as_dict`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from curio_tracking.importing.rows import Row
from curio_tracking.importing.sources import RowError
from curio_tracking.importing.validation import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curio_tracking.importing.sources import Line


def read(lines: Iterator[Line]) -> Iterator[Row]:
    """Yield a row per line that is not blank."""
    for line in lines:
        if not line.data.isspace():
            try:
                yield Row(line.number, record_of(_object(line.text())))
            except RowError as error:
                yield Row(line.number, None, str(error))


def _not_finite(_constant: str) -> NoReturn:
    raise RowError("a number is not finite")


_decode: Final = json.JSONDecoder(parse_constant=_not_finite).decode


def _object(text: str) -> dict[str, Any]:
    try:
        values = _decode(text)
    except RowError:
        raise
    except json.JSONDecodeError as error:
        raise RowError(f"no JSON ({error.msg}, column {error.colno})") from None
    except ValueError:
        raise RowError("a number has too many digits") from None
    except RecursionError:
        raise RowError("nested too deeply") from None
    if not isinstance(values, dict):
        raise RowError("no JSON object")
    return values
