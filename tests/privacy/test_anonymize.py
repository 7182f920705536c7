"""Anonymize: stable, distinct pseudonyms; no plain id anywhere; without a key no id at all."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from curio_tracking.privacy import anonymize as module
from curio_tracking.privacy.anonymize import Anonymize, create, is_user_name
from curio_tracking.privacy.keys import KeyRing
from curio_tracking.records import FeatureStatus
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record
from curio_tracking.vocabulary import LONGEST_ID

if TYPE_CHECKING:
    from pathlib import Path

USER = "anna.karenina@example.com"
PSEUDONYM = re.compile(r"[1-9]\d*:[0-9a-f]{32}")


@pytest.fixture
def ring(data_dir: Path) -> KeyRing:
    return KeyRing(data_dir / "keys")


@pytest.fixture
def record_filter(ring: KeyRing) -> Anonymize:
    return Anonymize(ring)


def test_ids_become_pseudonyms(record_filter: Anonymize) -> None:
    record = record_filter.apply(make_record(user_id=USER, session_id="s-17"))
    assert PSEUDONYM.fullmatch(record.user_id or "")
    assert PSEUDONYM.fullmatch(record.session_id or "")


def test_a_pseudonym_is_an_hmac_under_the_stored_key(record_filter: Anonymize, data_dir: Path) -> None:
    record = record_filter.apply(make_record(user_id="ü1"))
    key = (data_dir / "keys" / "1.key").read_bytes()
    assert record.user_id == "1:" + hmac.new(key, "user:ü1".encode(), hashlib.sha256).hexdigest()[:32]


def test_none_stays_none_and_makes_no_key(record_filter: Anonymize, data_dir: Path) -> None:
    record = record_filter.apply(make_record(user_id=None, session_id=None))
    assert (record.user_id, record.session_id) == (None, None)
    assert not data_dir.exists()


def test_a_user_has_one_pseudonym_in_all_processes(ring: KeyRing) -> None:
    assert Anonymize(ring).apply(make_record()).user_id == Anonymize(ring).apply(make_record()).user_id


def test_a_session_named_after_its_user_does_not_show_it(record_filter: Anonymize) -> None:
    record = record_filter.apply(make_record(user_id="same", session_id="same"))
    assert record.user_id != record.session_id


def test_another_key_gives_another_pseudonym(tmp_path: Path) -> None:
    one, other = (Anonymize(KeyRing(tmp_path / name)).apply(make_record()).user_id for name in "ab")
    assert one != other


@given(st.lists(st.text(st.characters(codec=None)), unique=True, max_size=20))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pseudonyms_are_stable_and_distinct(ring: KeyRing, users: list[str]) -> None:
    first = [Anonymize(ring).apply(make_record(user_id=user)).user_id for user in users]
    record_filter = Anonymize(ring)
    again = [record_filter.apply(make_record(user_id=user)).user_id for user in users]
    assert first == again
    assert len(set(first)) == len(users)


def test_no_plain_id_is_in_any_file(record_filter: Anonymize, data_dir: Path) -> None:
    record_filter.apply(make_record(user_id=USER, session_id="session-of-anna"))
    files = [path for path in data_dir.rglob("*") if path.is_file()]
    assert files
    assert not any(b"anna" in path.read_bytes() or "anna" in path.name for path in files)


def test_stored_ids_are_the_pseudonyms_under_all_keys(ring: KeyRing, record_filter: Anonymize) -> None:
    before = record_filter.apply(make_record(user_id=USER)).user_id
    ring.rotate()
    after = Anonymize(ring).apply(make_record(user_id=USER)).user_id
    assert record_filter.stored_user_ids(USER) == {before, after}
    assert {before[:2], after[:2]} == {"1:", "2:"}  # type: ignore[index]


def test_asking_for_stored_ids_creates_no_key(record_filter: Anonymize, data_dir: Path) -> None:
    assert record_filter.stored_user_ids(USER) == frozenset()
    assert not data_dir.exists()


def test_no_filter_is_made_with_anonymize_off() -> None:
    assert create(load_settings({"anonymize": False}, strict=True)) is None


def test_making_the_filter_touches_no_file(data_dir: Path) -> None:
    create(load_settings({"data_dir": data_dir}, strict=True))
    assert not data_dir.exists()


@pytest.mark.parametrize(
    "metadata",
    [
        {"owner": USER},
        {"note": f"sent to {USER}, twice"},
        {"list": [USER, {"deep": (USER,)}]},
        {USER: 1},
        {f"mail {USER}": 1},
        {"parameters": {"to": {"type": "str", "size": 25, "value": USER}}},
        {"parameters": {"user_id": {"type": "str", "value": USER}}},
        {"odd": {"type": USER}},
        {"odd": {"type": f"a {USER}", "size": 3}},
    ],
)
def test_the_users_id_is_hidden_in_metadata_too(record_filter: Anonymize, metadata: dict[str, Any]) -> None:
    record = record_filter.apply(make_record(user_id=USER, metadata=metadata))
    assert "anna" not in json.dumps(record.metadata)


@pytest.mark.parametrize("name", ["user_id", "userId", "current_user_id", "User-ID", "uid", "username", "user"])
def test_what_is_named_a_user_is_hidden_without_any_context(record_filter: Anonymize, name: str) -> None:
    metadata = {name: USER, "parameters": {name: {"type": "str", "size": 25, "value": USER}}}
    record = record_filter.apply(make_record(user_id=None, session_id=None, metadata=metadata))
    assert is_user_name(name)
    assert "anna" not in json.dumps(record.metadata)
    assert PSEUDONYM.fullmatch(record.metadata[name])


@pytest.mark.parametrize("name", ["users", "user_count", "used", "guide", "uuid", "", None, 3])
def test_other_names_are_not_those_of_users(name: object) -> None:
    assert not is_user_name(name)


def test_a_number_named_a_user_gets_the_pseudonym_of_its_text(record_filter: Anonymize) -> None:
    record = record_filter.apply(make_record(user_id="42", metadata={"user_id": 42}))
    assert record.metadata["user_id"] == record.user_id


def test_the_ids_are_hidden_in_error_messages(record_filter: Anonymize) -> None:
    message = f"no mailbox for {USER} in session s-17!"
    record = record_filter.apply(
        make_record(user_id=USER, session_id="s-17", status=FeatureStatus.FAILED, error_message=message)
    )
    assert record.error_message == f"no mailbox for {record.user_id} in session {record.session_id}!"


def test_an_id_that_is_part_of_the_other_is_hidden_with_it(record_filter: Anonymize) -> None:
    record = record_filter.apply(make_record(user_id="u1", session_id="u1-home", error_message="lost u1-home of u1"))
    assert record.error_message == f"lost {record.session_id} of {record.user_id}"


def test_words_that_only_contain_the_id_stay(record_filter: Anonymize) -> None:
    record = record_filter.apply(make_record(user_id="ann", metadata={"note": "annual plan"}))
    assert record.metadata == {"note": "annual plan"}


def test_a_short_number_is_hidden_only_where_it_is_an_id(record_filter: Anonymize) -> None:
    record = record_filter.apply(make_record(user_id="7", error_message="line 7: user 7 has no id=7"))
    assert record.error_message == f"line 7: user {record.user_id} has no id={record.user_id}"


def test_shapes_stay_as_they_are(record_filter: Anonymize) -> None:
    metadata = {"parameters": {"path": {"type": "str", "size": 27}, "user_id": {"type": "str", "size": 2}}}
    assert record_filter.apply(make_record(metadata=metadata)).metadata == metadata


def test_the_applications_own_objects_are_not_changed(record_filter: Anonymize) -> None:
    inner = {"owner": [USER]}
    record_filter.apply(make_record(user_id=USER, metadata={"inner": inner}))
    assert inner == {"owner": [USER]}


def test_without_a_key_all_ids_are_left_out_with_one_warning(
    data_dir: Path, ring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    data_dir.write_text("no directory")
    record_filter = Anonymize(ring)
    for number in range(3):
        record = record_filter.apply(
            make_record(number, user_id=USER, metadata={"user_id": USER, "a": f"of {USER}"}, error_message=f"no {USER}")
        )
        assert (record.user_id, record.session_id) == (None, None)
        assert record.metadata == {"user_id": "[redacted]", "a": "of [redacted]"}
        assert record.error_message == "no [redacted]"
    assert caplog.text.count("left out") == 1
    assert "anna" not in caplog.text


def test_ids_come_back_when_the_key_can_be_made(data_dir: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    data_dir.write_text("no directory")
    record_filter = Anonymize(ring)
    assert record_filter.apply(make_record()).user_id is None
    data_dir.unlink()
    assert record_filter.apply(make_record()).user_id is None
    clock[0] += module.RETRY_SECONDS
    assert PSEUDONYM.fullmatch(record_filter.apply(make_record()).user_id or "")


def test_deep_and_cyclic_metadata_comes_to_an_end(record_filter: Anonymize) -> None:
    knot: dict[str, Any] = {"owner": USER}
    knot["again"] = knot
    record = record_filter.apply(make_record(user_id=USER, metadata={"knot": knot}))
    assert "anna" not in json.dumps(record.metadata)


LONG_ID = "id-" + "9f" * 300
"""Longer than what a call keeps of it."""


def test_long_id_has_one_pseudonym_wherever_it_stands_and_however_much_of_it(
    record_filter: Anonymize, ring: KeyRing
) -> None:
    cut = LONG_ID[:LONGEST_ID]
    kept = record_filter.apply(make_record(user_id=cut, metadata={"user_id": LONG_ID}))
    assert kept.user_id == kept.metadata["user_id"]
    assert record_filter.stored_user_ids(LONG_ID) == {kept.user_id}


def test_end_of_a_long_id_is_hidden_with_it(record_filter: Anonymize) -> None:
    kept = record_filter.apply(make_record(user_id=LONG_ID[:LONGEST_ID], error_message=f"no mail for {LONG_ID} today"))
    assert kept.error_message == f"no mail for {kept.user_id} today"
