"""The words for a setting that cannot be used: what, where, and what to do or what is used instead.

pydantic names the field and says nothing about the variable or file it came from; these messages name the place
where the user can correct it. Values that may be secrets are never shown. Imports nothing of the project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, SecretBytes, SecretStr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

MASK: Final = "********"
LONGEST_SHOWN: Final = 60
_SECRET_NAME: Final = re.compile(r"token|passw|pwd|secret|key|dsn|credential|auth|url|connection", re.IGNORECASE)
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]+@")
"""Who one is, in an address such as https://user:password@host."""
_WORDS: Final = {
    "int_parsing": "is not a whole number",
    "int_parsing_size": "is not a whole number of usable size",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "finite_number": "is not a finite number",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "greater_than_equal": "is less than {ge}",
    "greater_than": "is not more than {gt}",
    "less_than_equal": "is more than {le}",
    "literal_error": "is not one of {choices}",
    "string_type": "is not text",
    "string_too_short": "is empty",
    "string_unicode": "is not text in UTF-8",
    "tuple_type": "is not a list",
    "path_type": "is not a path",
    "missing": "is missing",
}


def is_secret_name(name: str) -> bool:
    """Whether values of this name may be secrets, so that nothing may show them."""
    return _SECRET_NAME.search(name) is not None


def shown(value: object) -> str:
    """Return a value for a message: short, in quotes if text, control characters made visible."""
    if isinstance(value, str | Path):
        text = str(value)
        text = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
        return '"' + "".join(part if part.isprintable() else ascii(part)[1:-1] for part in text) + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 200 else "an integer of that size"
    return f"a value of type {type(value).__name__}"


def is_json(text: str) -> bool:
    """Whether the text of a variable is meant as JSON of several values."""
    return text.lstrip().startswith(("{", "["))


def value_text(value: object) -> str:
    """Return a setting's value as one would write it in a variable; empty for nothing, masked for a secret."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, tuple | list):
        return ",".join(str(part) for part in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def option_text(value: object, name: str, field: FieldInfo) -> str:
    """Return the value of a plugin's option as `value_text` does, masked wherever it may be a secret.

    That is told by the option's name and type, and by the names inside it; of an address the user and password count.
    """
    if value is None or value == "" or value == SecretStr(""):
        return ""
    if is_secret_option(name, field):
        return MASK
    plain = _masked(value)
    is_deep = isinstance(plain, dict) or (isinstance(plain, list) and any(isinstance(p, dict | list) for p in plain))
    text = json.dumps(plain, ensure_ascii=False, default=str) if is_deep else value_text(plain)
    return _CREDENTIALS.sub(f"{MASK}@", text)


def is_secret_option(name: str, field: FieldInfo) -> bool:
    """Whether the values of a setting or option may be secrets, by its name or its type."""
    return is_secret_name(name) or "Secret" in str(field.annotation)


def _masked(value: Any) -> Any:
    if isinstance(value, SecretStr | SecretBytes):
        return MASK
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping):
        return {str(key): MASK if is_secret_name(str(key)) else _masked(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        parts = [_masked(part) for part in value]
        return sorted(parts, key=str) if isinstance(value, set | frozenset) else parts
    return value.value if isinstance(value, Enum) else value


def unknown_plugin(plugin: str, installed: Iterable[str]) -> str:
    """Return what is wrong with an option of a plugin that there is not, with the nearest that there is."""
    near = get_close_matches(plugin, list(installed), n=1)
    advice = f'did you mean "{near[0]}"?' if near else "install it, or take this away"
    return f"no plugin {shown(plugin)} is installed; {advice}"


def unknown_name(where: str, name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return the message about a setting that does not exist, with the nearest one that does."""
    near = get_close_matches(name.lower(), list(known), n=1)
    if not near:
        return f'{where}: there is no such setting; "curio-tracking config" lists them all'
    nearest = prefix + (near[0].upper() if prefix else near[0])
    return f"{where}: there is no such setting; did you mean {nearest}?"


def bad_value(where: str, value: object, field: FieldInfo, name: str, error: ErrorDetails) -> str:
    """Return what is wrong with a value and where it stands, without any remedy."""
    is_secret = is_secret_option(name, field)
    subject = "the value" if is_secret or error["type"] == "missing" else _without_secrets(value)
    return f"{where}: {subject} {_fault(field, error, is_secret)}"


def _without_secrets(value: object) -> str:
    """Return a value as `shown` does, but no password, and of a JSON text, which may hold one anywhere, nothing."""
    if not isinstance(value, str):
        return shown(value)
    return "the value" if is_json(value) else shown(_CREDENTIALS.sub(f"{MASK}@", value))


def remedy(field: FieldInfo) -> str:
    """Return what to do: the values that the setting takes."""
    annotation = _plain(field.annotation)
    if annotation is bool:
        return "give true or false"
    if annotation in (int, float):
        kind = "a whole number" if annotation is int else "a number"
        return f"give {kind}{_range(field)}"
    if _choices(field):
        return "give one of these"
    return "give a path" if annotation is Path else "give text" if annotation is str else "correct it"


def _fault(field: FieldInfo, error: ErrorDetails, is_secret: bool) -> str:
    context = error.get("ctx", {})
    if error["type"] not in _WORDS:  # a plugin's own check, whose words may quote the value
        return "cannot be used" if is_secret else f"cannot be used ({error['msg']})"
    numbers = {name: f"{bound:.12g}" for name, bound in context.items() if isinstance(bound, int | float)}
    return _WORDS[error["type"]].format_map({"choices": ", ".join(_choices(field)), **numbers})


def _plain(annotation: Any) -> Any:
    """Return `X` of `X | None`."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    return parts[0] if len(parts) == 1 and type(None) in get_args(annotation) else annotation


def _choices(field: FieldInfo) -> list[str]:
    return [part for part in get_args(_plain(field.annotation)) if isinstance(part, str)]


def _range(field: FieldInfo) -> str:
    lowest = next((f" from {bound.ge}" for bound in field.metadata if isinstance(bound, Ge)), "")
    above = next((f" above {bound.gt}" for bound in field.metadata if isinstance(bound, Gt)), "")
    highest = next((f" to {bound.le}" for bound in field.metadata if isinstance(bound, Le)), "")
    return lowest + above + (highest if lowest else highest.replace(" to ", " up to "))
