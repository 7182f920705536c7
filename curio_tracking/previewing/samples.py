"""Samples: made-up calls with something in them for every filter, described as the host's side would describe them.

What is kept of parameters is up to CAPTURE_ARGS, so the samples obey it. Nothing in them is anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.capture import shape_of
from curio_tracking.collecting.facts import described
from curio_tracking.records import FeatureRecord, FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from curio_tracking.settings import Settings

START_US: Final = 1_780_000_000_000_000
TOKEN: Final = "ghp_" + "eX4mPl3" * 5
"""Of the form that a well-known site gives its tokens; opens nothing."""
USER: Final = "ada@example.org"
SESSION: Final = "session-1815"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that might be tracked."""

    feature_name: str
    category: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    duration: float = 0.25
    error: tuple[str, str] | None = None

    def record(self, number: int, settings: Settings) -> FeatureRecord:
        """Return the record that the filters would be given of it."""
        described = _described(self.parameters, settings.capture_args)
        metadata = ({"parameters": described} if described else {}) | dict(self.metadata)
        return FeatureRecord(
            f"sample-{number}",
            self.feature_name,
            self.category,
            FeatureStatus.FAILED if self.error else FeatureStatus.SUCCESS,
            START_US + number,
            self.duration,
            user_id=USER,
            session_id=SESSION,
            app=settings.app,
            version=settings.version,
            environment=settings.environment,
            error_type=self.error[0] if self.error else None,
            error_message=self.error[1] if self.error else None,
            metadata=metadata,
            root_id=f"sample-{number}",
        )


CALLS: Final = (
    Call("sign_in", "web_interface", {"user_id": USER, "password": "correct horse", "remember": True}, {"plan": "pro"}),
    Call(
        "ask_model",
        "ai_provider",
        {"prompt": f"why does {TOKEN} not work?", "max_tokens": 4096},
        {"headers": {"Authorization": f"Bearer {TOKEN}", "Accept": "text/plain"}},
        duration=2.5,
    ),
    Call(
        "load_orders",
        "database_operation",
        {"source": "postgresql://shop:correct-horse@db.example/orders", "limit": 100},
        error=(
            "ConnectionError",
            f"{USER} in {SESSION} cannot reach postgresql://shop:correct-horse@db.example/orders",
        ),
    ),
    Call("pay", "other", {"amount": 9.5}, {"card": "4111 1111 1111 1111", "note": "receipt to ada.king@example.org"}),
    Call("quick_look", "other", duration=0.0001),
)


def sample_records(settings: Settings) -> Iterator[FeatureRecord]:
    """Yield the records of the sample calls, some of them made for these settings."""
    for number, call in enumerate([*CALLS, *_calls_for(settings)], 1):
        yield call.record(number, settings)


def _calls_for(settings: Settings) -> Iterator[Call]:
    """Yield calls that show what a setting does that no ordinary call would meet."""
    for glob in settings.exclude[:1]:
        name = glob.replace("*", "example").replace("?", "x")
        if fnmatchcase(name.casefold(), glob.casefold()):
            yield Call(name, "other")
    for name in settings.redact[:1]:
        yield Call("name_of_your_own", "other", {name.replace("*", "example"): "private"})
    yield Call("read_manual", "file_operation", metadata={"text": "word " * (settings.max_metadata_size // 4)})


def _described(parameters: Mapping[str, object], capture_args: str) -> dict[str, dict[str, Any]]:
    """Return what is kept of parameters: nothing, their shapes, or their values as well."""
    if capture_args == "off" or not parameters:
        return {}
    shape = shape_of(iter(parameters.values()), with_values=capture_args == "values")
    return described(tuple(parameters), shape)[0]
