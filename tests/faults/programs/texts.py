"""Hands over texts and structures that somebody stumbles over: as names, users, metadata, errors and arguments."""

from __future__ import annotations

from typing import Any

from accounts import account

from curio_tracking import feature_tracker, track, track_feature, tracking_context
from curio_tracking.testing.hostile_texts import STORAGE_TEXTS


class Unreadable:
    """Something that cannot be shown."""

    def __repr__(self) -> str:
        raise SystemExit("no")

    __str__ = __repr__


@track_feature("texts")
def same(value: Any) -> Any:
    """Return the value."""
    return value


@track_feature("raises")
def raises(text: str) -> None:
    """Raise with the text."""
    raise ValueError(text)


def structures() -> list[Any]:
    """Return what has no end, no bottom or no text."""
    cyclic: dict[str, Any] = {"a": 1}
    cyclic["itself"] = [cyclic]
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    return [
        cyclic,
        deep,
        {1: 2, (3,): 4},
        float("nan"),
        10**400,
        Unreadable(),
        {"k": Unreadable()},
        b"\xff\x00",
        {1, 2},
    ]


texts = [*STORAGE_TEXTS, "\ud800" * 3, "a\x00b", "x" * 10_000_000, "\u202e" + "é" * 300, "\ud83d", "\x1b[2J"]
made = 0
for text in texts:
    assert same(text) is text
    try:
        raises(text)
    except ValueError as error:
        is_its_own = error.args == (text,)
    assert is_its_own
    with tracking_context(user_id=text, session_id=text), track(text, text) as run:
        run.add_metadata(**{text[:300]: text, "value": text})
    started = feature_tracker.start_custom_tracking(text, user_id=text, metadata={"text": text})
    feature_tracker.complete_custom_tracking(started, "failed", error_message=text)
    made += 4
for structure in structures():
    assert same(structure) is structure
    with track("structure", value=structure) as run:
        run.add_metadata(other=structure)
    made += 2
print(len(texts), made)
feature_tracker.flush(60)
account(made)
