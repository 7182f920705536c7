"""Hypothesis strategies for records, for the property tests of backends, filters and exporters.

Hypothesis is the user's to install: nothing but tests imports this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from curio_tracking.queries import RecordQuery
from curio_tracking.records import FeatureCategory, FeatureInfo, FeatureRecord, FeatureStatus
from curio_tracking.testing.hostile_texts import STORAGE_TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

YEAR_1971_US: Final = 31_536_000_000_000
YEAR_2200_US: Final = 7_258_118_400_000_000


def texts() -> st.SearchStrategy[str]:
    """Return texts that storage formats stumble over: quotes, breaks, escapes, formulas, controls, lone surrogates."""
    return st.sampled_from(STORAGE_TEXTS) | st.text(st.characters(), max_size=20)


def few_texts() -> st.SearchStrategy[str]:
    """Return one of three texts, so that records share names and queries find some of them."""
    return st.sampled_from(("f", "g", "h"))


def json_texts() -> st.SearchStrategy[str]:
    """Return such texts as JSON can hold them: two surrogates that form a pair are one character there."""
    return texts().filter(lambda text: _utf16_round_trip(text) == text)


def _utf16_round_trip(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def finite(minimum: float, maximum: float) -> st.SearchStrategy[float]:
    """Return floats between two bounds, without NaN."""
    return st.floats(minimum, maximum, allow_nan=False, allow_infinity=False)


def metadata() -> st.SearchStrategy[dict[str, Any]]:
    """Return metadata as filters leave it: JSON-ready, nested, with any text as keys and values."""
    plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64) | finite(-1e300, 1e300) | json_texts()
    nested = st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_texts(), inner, max_size=3),
        max_leaves=6,
    )
    anything = st.dictionaries(json_texts(), nested, max_size=4)
    return st.builds(lambda more, shape: more | shape, anything, st.just({}) | parameters())


def parameters() -> st.SearchStrategy[dict[str, Any]]:
    """Return metadata that describes parameters, as capturing leaves it."""
    names = st.sampled_from(("prompt", "limit", "_none", "a:b", "naïve")) | json_texts()
    described = st.fixed_dictionaries(
        {"type": st.sampled_from(("str", "int", "dict[str, int]"))}, optional={"size": counts()}
    )
    return st.fixed_dictionaries({"parameters": st.dictionaries(names, described, max_size=3)})


def counts() -> st.SearchStrategy[int]:
    """Return sizes, also those that a float cannot hold exactly."""
    return st.sampled_from((0, 1, 2**53 + 1, 2**63 - 1)) | st.integers(0, 10**6)


def moments() -> st.SearchStrategy[int]:
    """Return starts in microseconds: anywhere in 230 years, around midnights and, often, equal to each other."""
    midnights = st.integers(0, 3).map(lambda day: 1_795_305_600_000_000 + day * 86_400_000_000)
    near = st.builds(lambda midnight, shift: midnight + shift, midnights, st.integers(-2, 2))
    return near | st.integers(YEAR_1971_US, YEAR_2200_US)


def records(
    *,
    text: st.SearchStrategy[str] | None = None,
    names: st.SearchStrategy[str] | None = None,
    more: st.SearchStrategy[dict[str, Any]] | None = None,
) -> st.SearchStrategy[FeatureRecord]:
    """Return records with any content.

    Args:
        text: for every text, instead of `texts()`; give a milder one for stores that cannot hold all of Unicode.
        names: for feature names, instead of `text`.
        more: for the metadata, instead of `metadata()`.
    """
    text = texts() if text is None else text
    optional_text = st.none() | text
    return st.builds(
        FeatureRecord,
        record_id=st.uuids().map(str),
        feature_name=text if names is None else names,
        category=st.sampled_from([category.value for category in FeatureCategory]) | text,
        status=st.sampled_from(FeatureStatus),
        start_us=moments(),
        duration=finite(0, 1e9),
        input_size=st.none() | counts(),
        output_size=st.none() | counts(),
        efficiency_score=st.none() | finite(0, 1),
        iterations=st.integers(1, 10**6),
        user_id=optional_text,
        session_id=optional_text,
        thread_id=st.none() | counts(),
        process_id=st.none() | st.integers(1, 2**22),
        host=optional_text,
        app=optional_text,
        version=optional_text,
        environment=optional_text,
        parent_id=optional_text,
        cpu_seconds=st.none() | finite(0, 1e6),
        memory_bytes=st.none() | counts(),
        error_type=optional_text,
        error_message=optional_text,
        metadata=metadata() if more is None else more,
        sample_weight=st.just(1.0) | finite(1, 1e6),
    )


def batches(
    record: st.SearchStrategy[FeatureRecord] | None = None, *, largest: int = 12
) -> st.SearchStrategy[list[FeatureRecord]]:
    """Return lists of records, at most `largest`, each with an id of its own."""
    return st.lists(records() if record is None else record, max_size=largest, unique_by=lambda one: one.record_id)


def infos(text: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[FeatureInfo]:
    """Return declared features."""
    text = json_texts() if text is None else text
    return st.builds(FeatureInfo, feature_name=text, category=text, location=st.none() | text)


def queries(batch: Sequence[FeatureRecord]) -> st.SearchStrategy[RecordQuery]:
    """Return questions about these records: some filters together, with values that occur and ones that do not."""
    edges = st.sampled_from(sorted({record.start_us + shift for record in batch for shift in (0, 1)} | {0}))
    users = st.sampled_from(sorted({record.user_id for record in batch if record.user_id is not None} | {"nobody"}))
    record_ids = st.sampled_from(sorted({record.record_id for record in batch} | {"unknown"}))
    conditions: dict[str, st.SearchStrategy[Any]] = {
        "feature_name": st.sampled_from(sorted({record.feature_name for record in batch} | {"never called"})),
        "category": st.sampled_from(sorted({record.category for record in batch} | {"unknown"})),
        "status": st.sampled_from(FeatureStatus),
        "user_ids": st.frozensets(users, max_size=3),
        "since_us": edges,
        "until_us": edges,
        "limit": st.integers(0, 3),
        "record_ids": st.frozensets(record_ids, max_size=8),
    }
    # a few at a time: all of them together are hardly ever fulfilled
    chosen = st.lists(st.sampled_from(sorted(conditions)), unique=True, max_size=3)
    return chosen.flatmap(lambda names: st.builds(RecordQuery, **{name: conditions[name] for name in names}))
