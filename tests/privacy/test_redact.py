"""Redact: no planted secret survives, whatever stands around it, and harmless metadata stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.collecting.capture import MAX_VALUE_LENGTH
from curio_tracking.collecting.outcome import MAX_MESSAGE_LENGTH
from curio_tracking.privacy.patterns import scrub
from curio_tracking.privacy.redact import CUT_MESSAGE, CUT_VALUE, MAX_DEPTH, Redact, create
from curio_tracking.privacy.size import Size
from curio_tracking.records import FeatureStatus
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record, odd_records

PLANTED = "Planted-Pa55"
TOKEN = "ghp_" + "a1B2" * 9
NAMES = st.sampled_from(
    ["password", "dbPassword", "X-Api-Key", "token", "session_id", "Authorization", "card", "PIN", "client_secret"]
)
PLAIN = st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text("abc xyz", max_size=9)
HIDDEN_BY_NAME = st.builds(
    lambda name, value: {name: value},
    NAMES,
    st.just(PLANTED) | st.lists(st.just(PLANTED), min_size=1) | st.just({"inner": {"text": PLANTED}}),
)
HIDDEN_BY_LOOK = st.sampled_from([TOKEN, f"see {TOKEN}", f"password={PLANTED}", f"db://u:{PLANTED}@host/x"])


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Put a value into containers, among harmless ones."""
    some = st.lists(PLAIN, max_size=2)
    others = st.dictionaries(st.sampled_from(["x", "y"]), PLAIN)
    keys = st.sampled_from(["a", "items", "config"])
    return (
        st.builds(lambda before, value, after: [*before, value, *after], some, inner, some)
        | st.builds(lambda value: (value, 1, 2), inner)
        | st.builds(lambda key, value, beside: beside | {key: value}, keys, inner, others)
    )


PLANTS = st.recursive(HIDDEN_BY_NAME | HIDDEN_BY_LOOK, around, max_leaves=6)


def redacted(metadata: dict[Any, Any], **names: list[str]) -> dict[str, Any]:
    return Redact(**names).apply(make_record(metadata=metadata)).metadata


def everything(metadata: dict[str, Any]) -> str:
    return json.dumps(Size(131_072).apply(make_record(metadata=metadata)).metadata, ensure_ascii=False)


@given(PLANTS)
def test_no_planted_secret_survives(plant: Any) -> None:
    text = everything(redacted({"plant": plant, "rows": 3}))
    assert PLANTED not in text
    assert TOKEN not in text


@given(st.dictionaries(st.sampled_from(["rows", "model", "path", "ok", "max_tokens"]), PLAIN))
def test_harmless_metadata_stays_as_it_is(metadata: dict[str, Any]) -> None:
    metadata = {key: 12 if key == "max_tokens" else value for key, value in metadata.items()}
    assert redacted(metadata) == metadata


def test_a_secret_parameter_keeps_its_type_and_loses_size_and_value() -> None:
    parameters = {"password": {"type": "str", "size": 12, "value": PLANTED}, "rows": {"type": "int", "value": 3}}
    assert redacted({"parameters": parameters}) == {
        "parameters": {"password": {"type": "str", "value": "[redacted]"}, "rows": {"type": "int", "value": 3}}
    }


def test_the_length_of_a_secret_parameter_is_not_kept() -> None:
    assert redacted({"parameters": {"pin": {"type": "str", "size": 4}}}) == {
        "parameters": {"pin": {"type": "str", "value": "[redacted]"}}
    }


def test_the_number_of_tokens_is_kept() -> None:
    metadata = {"max_tokens": 4096, "parameters": {"max_tokens": {"type": "int", "value": 4096}}}
    assert redacted(metadata) == metadata


def test_tokens_themselves_are_not_kept() -> None:
    metadata = {"tokens": [PLANTED], "parameters": {"tokens": {"type": "list", "size": 1}}}
    assert redacted(metadata) == {
        "tokens": "[redacted]",
        "parameters": {"tokens": {"type": "list", "value": "[redacted]"}},
    }


def test_a_value_that_looks_like_a_secret_goes_whatever_its_name() -> None:
    assert redacted({"note": f"use {TOKEN}"}) == {"note": "use [redacted]"}


@pytest.mark.parametrize("number", [4111111111111111, -4111111111111111, 4111111111111111.0, "4111 1111 1111 1111"])
def test_a_card_number_goes_as_number_and_as_text(number: object) -> None:
    assert redacted({"reference": number}) == {"reference": "[redacted]"}


def test_a_time_in_microseconds_stays() -> None:
    metadata = {"at": [1_700_000_000_000_000 + number for number in range(100)]}
    assert redacted(metadata) == metadata


@pytest.mark.parametrize(
    "key", [TOKEN, f"password={PLANTED}", f"x://u:{PLANTED}@h", "4111111111111111", 4111111111111111]
)
def test_a_key_that_is_a_secret_is_replaced(key: object) -> None:
    text = everything(redacted({key: 1}))
    assert not any(secret in text for secret in (TOKEN, PLANTED, "4111111111111111"))


def test_keys_that_look_the_same_once_clean_keep_their_values() -> None:
    keys = ["ghp_" + letter * 36 for letter in "abc"]
    assert sorted(redacted({key: number for number, key in enumerate(keys)}).values()) == [0, 1, 2]


@pytest.mark.parametrize(
    "value",
    [
        {"name": "password", "value": PLANTED},
        {"key": "API_KEY", "value": PLANTED},
        ["password", PLANTED],
        [("rows", "3"), ("X-Api-Key", PLANTED)],
        ["run", "--password", PLANTED, "--verbose"],
        ["run", f"--token={PLANTED}"],
        {("user", "password"): PLANTED},
        {b"password": PLANTED},
        {"a", f"password={PLANTED}"},
        frozenset({TOKEN}),
    ],
)
def test_secrets_in_unusual_containers_are_found(value: object) -> None:
    text = everything(redacted({"data": value}))
    assert PLANTED not in text
    assert TOKEN not in text


def test_names_of_the_setting_redact_are_secret_too() -> None:
    assert redacted({"customerName": PLANTED, "x_internal": PLANTED, "rows": 1}, also=["customer", "*_internal"]) == {
        "customerName": "[redacted]",
        "x_internal": "[redacted]",
        "rows": 1,
    }


def test_names_of_excluded_features_are_secret_as_parameters() -> None:
    record_filter = create(load_settings({"exclude": "payroll"}, strict=True))
    record = record_filter.apply(make_record(metadata={"payroll": PLANTED, "payroll_count": 3}))
    assert record.metadata == {"payroll": "[redacted]", "payroll_count": 3}


def test_error_messages_are_scrubbed() -> None:
    record = make_record(status=FeatureStatus.FAILED, error_message=f"login of bob failed: password={PLANTED}")
    assert Redact().apply(record).error_message == "login of bob failed: password=[redacted]"


def test_the_applications_own_objects_are_not_changed() -> None:
    inner = {"password": PLANTED, "list": [TOKEN]}
    redacted({"config": inner})
    assert inner == {"password": PLANTED, "list": [TOKEN]}


def test_what_is_too_deep_is_replaced() -> None:
    value: Any = PLANTED
    for _ in range(MAX_DEPTH + 30):
        value = [value, 1, 2]
    assert PLANTED not in everything(redacted({"deep": value}))
    assert "[redacted]" in everything(redacted({"deep": value}))


def test_cycles_come_to_an_end() -> None:
    knot: dict[str, Any] = {"rows": 1}
    knot["again"] = knot
    loop: list[Any] = []
    loop += [loop, loop, loop]
    assert everything(redacted({"knot": knot, "loop": loop}))


def test_more_than_can_be_looked_at_is_replaced() -> None:
    metadata = {"many": [f"password={PLANTED}"] * 200_000, "top": 1}
    assert redacted(metadata) == {"many": "[redacted]", "top": 1}
    assert redacted({str(number): PLANTED for number in range(200_000)}) == {"[redacted]": "[redacted]"}


@pytest.mark.parametrize("position", range(21))
def test_odd_records_pass_the_whole_way_to_json(position: int) -> None:
    _oddity, record = list(odd_records())[position]
    assert json.dumps(Size(10_240).apply(Redact().apply(record)).metadata).isascii()


ADDRESS = "ada@example.org"


def test_mail_addresses_in_values_and_keys_are_not_kept() -> None:
    text = everything(redacted({"contact": ADDRESS, "seen": [ADDRESS], ADDRESS: 1, "note": f"mail to {ADDRESS}."}))
    assert ADDRESS not in text


@pytest.mark.parametrize("name", ["user_id", "username", "X-User-Id"])
def test_mail_address_that_is_a_user_id_is_left_to_anonymize(name: str) -> None:
    parameter = {"type": "str", "size": len(ADDRESS), "value": ADDRESS}
    metadata = {name: ADDRESS, "parameters": {name: parameter}}
    assert redacted(metadata) == metadata


def test_text_around_a_mail_address_under_the_name_of_a_user_is_no_user_id() -> None:
    assert redacted({"user_id": f"is {ADDRESS}"}) == {"user_id": "is [redacted]"}


def test_secret_name_outweighs_the_name_of_a_user() -> None:
    assert Redact(also=["user_id"]).apply(make_record(metadata={"user_id": ADDRESS})).metadata == {
        "user_id": "[redacted]"
    }


@given(st.integers(1, len(TOKEN) - 1))
def test_value_of_which_the_end_was_cut_off_has_no_half_of_a_secret(left: int) -> None:
    value = "." * (CUT_VALUE - left - 1) + " " + TOKEN[:left]
    parameter = {"type": "str", "size": CUT_VALUE + len(TOKEN) - left, "value": value}
    kept = redacted({"parameters": {"text": parameter}})["parameters"]["text"]["value"]
    assert kept == "." * (CUT_VALUE - left - 1) + " …"


def test_value_that_is_whole_keeps_its_end() -> None:
    parameter = {"type": "str", "size": CUT_VALUE, "value": "word " * 51 + "x"}
    assert redacted({"parameters": {"text": parameter}})["parameters"]["text"] == parameter


@given(st.integers(1, len(TOKEN) - 1))
def test_message_of_which_the_end_was_cut_off_has_no_half_of_a_secret(left: int) -> None:
    message = "." * (CUT_MESSAGE - left - 1) + " " + TOKEN[:left]
    kept = Redact().apply(make_record(error_message=message)).error_message
    assert kept == "." * (CUT_MESSAGE - left - 1) + " …"


def test_lengths_at_which_texts_are_cut_are_those_of_the_side_that_cuts() -> None:
    assert (CUT_VALUE, CUT_MESSAGE) == (MAX_VALUE_LENGTH, MAX_MESSAGE_LENGTH)


def test_long_text_of_a_context_is_looked_through_once_and_clean_in_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []

    def watched(text: str, *rest: Any) -> str:
        looked_at.append(text)
        return scrub(text, *rest)

    monkeypatch.setattr("curio_tracking.privacy.redact.scrub", watched)
    filter_, text = Redact(), f"{'word ' * 1_000}password={PLANTED}"
    kept = [filter_.apply(make_record(metadata={"note": text})).metadata["note"] for _call in range(3)]
    assert set(kept) == {f"{'word ' * 1_000}password=[redacted]"}
    assert looked_at.count(text) == 1


def test_long_texts_that_differ_are_each_looked_through() -> None:
    filter_ = Redact()
    texts = [f"{number} {'word ' * 1_000}password={PLANTED}" for number in range(30)]
    kept = [filter_.apply(make_record(metadata={"note": text})).metadata["note"] for text in texts * 2]
    assert [text.split()[0] for text in kept] == [str(number) for number in range(30)] * 2
    assert [text for text in kept if PLANTED in text] == []


@pytest.mark.parametrize("kind", [TOKEN, f"Error of {ADDRESS}", f"password={PLANTED}"])
def test_secret_given_as_the_kind_of_an_error_is_taken_out(kind: str) -> None:
    error_type = Redact().apply(make_record(error_type=kind)).error_type
    assert "[redacted]" in str(error_type)
    assert [text for text in (TOKEN, ADDRESS, PLANTED) if text in str(error_type)] == []


def test_name_of_an_exception_is_no_secret() -> None:
    kinds = {one.__name__ for one in all_subclasses(BaseException)}
    assert len(kinds) > 100
    filter_ = Redact()
    assert {kind for kind in kinds if filter_.apply(make_record(error_type=kind)).error_type != kind} == set()


def all_subclasses(kind: type) -> set[type]:
    return {kind} | {one for child in type.__subclasses__(kind) for one in all_subclasses(child)}
