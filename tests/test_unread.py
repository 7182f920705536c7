"""An unread record is an ordinary one to everybody who looks, and filters judge it as if they had looked."""

from __future__ import annotations

import copy
import gc
import pickle
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from weakref import ref

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from curio_tracking.privacy.anonymize import Anonymize
from curio_tracking.privacy.keys import KeyRing
from curio_tracking.privacy.redact import Redact
from curio_tracking.privacy.selection import Sampling
from curio_tracking.privacy.size import Size
from curio_tracking.records import FeatureRecord
from curio_tracking.storage.tinyflux.rows import format_row
from curio_tracking.testing import make_record
from curio_tracking.unread import Signature, UnreadRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking import FeatureTracker
    from curio_tracking.interfaces import RecordFilter

METADATA = {"parameters": {"path": {"type": "str", "size": 27}, "limit": {"type": "int"}}}
law = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def unread(
    names: tuple[str, ...] = ("path", "limit"),
    types: tuple[str, ...] = ("str", "int"),
    sizes: tuple[int | None, ...] = (27, None),
    custom: dict[str, Any] | None = None,
    **changes: Any,
) -> FeatureRecord:
    """Return a record as the assembler makes it: an `UnreadRecord`."""
    record = make_record(**changes)
    record.metadata = (Signature(names, types, [size is not None for size in sizes]), sizes, custom or {})  # type: ignore[assignment]
    record.__class__ = UnreadRecord
    return record


def parameters() -> st.SearchStrategy[tuple[tuple[str, ...], tuple[str, ...], tuple[int | None, ...]]]:
    """Return names, types and sizes, plain ones and such as filters act on."""
    names = st.sampled_from(
        ["path", "password", "max_tokens", "user_id", "username", "value", "name", "größe", "x" * 300, "ann", "type"]
    )
    types = st.sampled_from(["str", "int", "list", "Größe", "T" * 70, "ann", "user_7", "<locals>", "ghp_" + "a1B2" * 9])
    sizes = st.none() | st.integers(0, 10**12 - 1)
    return st.lists(st.tuples(names, types, sizes), min_size=1, max_size=5, unique_by=lambda one: one[0]).map(
        lambda chosen: tuple(zip(*chosen, strict=True))
    )


customs = st.dictionaries(
    st.sampled_from(["plan", "note", "api_key", "user_id", "ann", "value", "name", "größe", "a;b"]),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**20), 10**20)
        | st.sampled_from(
            ["pro", "of ann", "password", "password=hunter2hunter2", "4111111111111111", "x" * 400, "ö;"]
        ),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "size", "k"]), inner),
        max_leaves=3,
    ),
    max_size=3,
)

ids = st.none() | st.sampled_from(["ann", "str", "int", "user_7", "path", "parameters", "type", "size", "a", ""])


def test_reading_the_metadata_makes_the_record_an_ordinary_one() -> None:
    record = unread()
    assert type(record) is UnreadRecord
    assert record.metadata == METADATA
    assert type(record) is FeatureRecord


def test_what_is_changed_in_the_metadata_stays_changed() -> None:
    record = unread()
    record.metadata["parameters"]["path"]["size"] = 3
    assert record.metadata["parameters"]["path"] == {"type": "str", "size": 3}


def test_metadata_can_be_set_without_being_read() -> None:
    record = unread()
    record.metadata = {"k": 1}
    assert (type(record), record.metadata) == (FeatureRecord, {"k": 1})


@pytest.mark.parametrize(
    "copied",
    [
        copy.copy,
        copy.deepcopy,
        replace,
        lambda record: pickle.loads(pickle.dumps(record)),
        lambda record: FeatureRecord(**asdict(record)),
        lambda record: FeatureRecord.from_dict(record.as_dict()),
    ],
    ids=["copy", "deepcopy", "replace", "pickle", "asdict", "as_dict"],
)
def test_copy_is_an_ordinary_record(copied: Callable[[FeatureRecord], FeatureRecord]) -> None:
    assert copied(unread()) == make_record(metadata=METADATA)


def test_copy_with_other_metadata_has_that() -> None:
    changed = replace(unread(), metadata={"k": 1})
    assert (type(changed), changed.metadata) == (FeatureRecord, {"k": 1})


def test_equal_records_are_equal_read_or_unread() -> None:
    assert unread() == make_record(metadata=METADATA)
    assert make_record(metadata=METADATA) == unread()
    assert unread() == unread()
    assert unread() != unread(sizes=(28, None))


def test_looks_like_an_ordinary_record() -> None:
    assert repr(unread()) == repr(make_record(metadata=METADATA))


def filtered(record_filter: RecordFilter, record: FeatureRecord) -> FeatureRecord | None:
    """Return a copy of what the filter makes of a record."""
    after = record_filter.apply(record)
    return None if after is None else replace(after)


@pytest.fixture(scope="module")
def anonymize(tmp_path_factory: pytest.TempPathFactory) -> Anonymize:
    return Anonymize(KeyRing(tmp_path_factory.mktemp("keys")))


@law
@given(described=parameters(), custom=customs, user=ids, session=ids, limit=st.sampled_from([2, 60, 300, 10_240]))
@example(described=(("path",), ("Größe",), (7,)), custom={}, user="type", session=None, limit=10_240)
@example(described=(("path",), ("Größe",), (7,)), custom={}, user="size", session=None, limit=10_240)
@example(described=(("path",), ("str",), (7,)), custom={"_folded": 7}, user=None, session=None, limit=300)
def test_filters_judge_an_unread_record_as_if_they_had_read_it(
    anonymize: Anonymize,
    described: tuple[Any, Any, Any],
    custom: dict[str, Any],
    user: str | None,
    session: str | None,
    limit: int,
) -> None:
    before = copy.deepcopy(custom)
    for record_filter in (Redact(["limit"], ["path*"]), Redact(), anonymize, Size(limit), Sampling(0.5)):
        read = unread(*described, custom, user_id=user, session_id=session)
        assert read.metadata
        # twice: the second time the filter remembers its verdict
        for _ in range(2):
            after = filtered(record_filter, unread(*described, custom, user_id=user, session_id=session))
            assert after == filtered(record_filter, replace(read))
    assert custom == before


@law
@given(described=parameters(), custom=customs, user=ids)
def test_row_of_an_unread_record_is_that_of_the_read_one(
    described: tuple[Any, Any, Any], custom: dict[str, Any], user: str | None
) -> None:
    row = format_row(unread(*described, custom, user_id=user))
    assert row == format_row(replace(unread(*described, custom, user_id=user)))


@pytest.mark.parametrize("custom", [{}, {"plan": "pro"}], ids=str)
def test_plain_parameters_pass_all_filters_unread(anonymize: Anonymize, custom: dict[str, Any]) -> None:
    record: FeatureRecord = unread(custom=custom)
    for record_filter in (Redact(), anonymize, Sampling(1.0), Size(10_240)):
        after = record_filter.apply(record)
        assert after is record
    assert type(record) is UnreadRecord


def test_filters_see_what_others_have_put_in() -> None:
    record = unread()
    record.metadata["parameters"]["path"]["value"] = "password=hunter2hunter2"
    after = Redact().apply(record)
    assert "hunter2" not in str(after.metadata)


def test_a_class_of_the_host_does_not_live_longer_because_it_was_an_argument(
    make_tracker: Callable[..., FeatureTracker],
) -> None:
    tracker = make_tracker()

    @tracker.track_feature("look")
    def look(thing: object) -> None: ...

    kind = type("Made", (), {})
    look(kind())
    look(kind())
    assert tracker.flush(60)
    assert [record.metadata for record in tracker.records("look")] == [
        {"parameters": {"thing": {"type": "Made"}}},
    ] * 2
    gone = ref(kind)
    del kind
    gc.collect()
    assert gone() is None


def test_one_feature_may_be_called_with_many_types(make_tracker: Callable[..., FeatureTracker]) -> None:
    tracker = make_tracker()

    @tracker.track_feature("look")
    def look(thing: object, other: object = 1) -> None: ...

    for number in range(100):
        look(type(f"Made{number}", (), {})())
        look("abc", [1, 2])
    assert tracker.flush(60)
    records = list(tracker.records("look", limit=0))
    assert {record.metadata["parameters"]["thing"]["type"] for record in records} == {
        "str",
        *(f"Made{number}" for number in range(100)),
    }
    assert {record.input_size for record in records} == {5, None}


def test_writing_the_row_leaves_the_record_unread() -> None:
    record = unread()
    assert ",t_r,path:str:27;limit:int:," in format_row(record)
    assert type(record) is UnreadRecord
