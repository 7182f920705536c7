"""Secrets in stored records: found where the filters would have changed something, and nowhere else."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curio_tracking.filtering import import_chain
from curio_tracking.leaks.secrets import SecretSearch
from curio_tracking.plugins import PluginHost
from curio_tracking.records import FeatureRecord
from curio_tracking.settings import load_settings
from curio_tracking.testing import make_record, odd_records

PASSWORD: Final = "Planted-Pa55"
TOKEN: Final = "ghp_" + "a1B2" * 9
ADDRESS: Final = "ada@example.org"
CARD: Final = 4111111111111111
KEYS: Final = st.sampled_from(
    ["a", "note", "password", "user_id", "X-Api-Key", "max_tokens", "value", "name", "size", ADDRESS]
)
TEXTS: Final = st.sampled_from([PASSWORD, TOKEN, ADDRESS, f"password={PASSWORD}", f"see {TOKEN}", str(CARD), "x" * 300])
LEAVES: Final = TEXTS | st.text(max_size=40) | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none()
METADATA: Final = st.dictionaries(
    KEYS | st.text(max_size=8),
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
    ),
)


def found(record: FeatureRecord, **names: Any) -> list[tuple[str, str]]:
    return [(field, kind) for field, kind, _length in SecretSearch(**names).in_record(record)]


def filtered(record: FeatureRecord, **settings: Any) -> FeatureRecord | None:
    chosen = load_settings(settings, strict=True)
    return import_chain(chosen, PluginHost.for_settings(chosen)).apply(record)


@given(METADATA, st.text(max_size=60) | TEXTS, st.sampled_from([200, 400, 10_240]))
@example({"user_id": {"max_tokens": 0}}, "", 200)
@example({"note": "password=" + PASSWORD * 60}, "", 200)
@example({"password": {"type": "str", "size": 9}}, "x " * 1_500 + TOKEN, 10_240)
def test_nothing_is_found_in_what_the_filters_let_through(metadata: dict[str, Any], message: str, limit: int) -> None:
    record = filtered(make_record(metadata=metadata, error_message=message), max_metadata_size=limit)
    assert record is not None
    assert found(record) == []


@pytest.mark.parametrize("oddity", [oddity for oddity, _record in odd_records()])
def test_nothing_is_found_in_odd_records_that_the_filters_let_through(oddity: str) -> None:
    record = filtered(dict(odd_records())[oddity])
    assert record is not None
    assert found(record) == []


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"password": PASSWORD}, ("metadata.password", "value of a secret name")),
        ({"a": {"b": [1, {"api_key": PASSWORD}]}}, ("metadata.a.b[1].api_key", "value of a secret name")),
        ({"note": f"see {TOKEN}"}, ("metadata.note", "known form of token")),
        ({"note": f"password={PASSWORD}"}, ("metadata.note", "value of a secret name")),
        ({"note": ADDRESS}, ("metadata.note", "e-mail address")),
        ({"number": CARD}, ("metadata.number", "card number")),
        ({ADDRESS: 1}, ("metadata (a key)", "e-mail address")),
        (
            {"parameters": {"pin": {"type": "int", "value": 1234}}},
            ("metadata.parameters.pin.value", "value of a secret name"),
        ),
        ({"url": f"https://u:{PASSWORD}@host/"}, ("metadata.url", "credentials in a URL")),
    ],
)
def test_finding_names_the_place_and_the_kind(metadata: dict[str, Any], expected: tuple[str, str]) -> None:
    assert found(make_record(metadata=metadata)) == [expected]


@pytest.mark.parametrize("field", ["feature_name", "user_id", "session_id", "error_message", "app", "version", "host"])
def test_text_fields_are_searched(field: str) -> None:
    assert found(make_record(**{field: ADDRESS})) == [(field, "e-mail address")]


def test_pseudonyms_are_no_finding() -> None:
    assert found(make_record(user_id="1:" + "4111111111111111" * 2, session_id="[redacted]")) == []


def test_names_that_the_settings_add_count() -> None:
    record = make_record(metadata={"diagnosis": "flu"})
    assert found(record, also=["diagnosis"]) == [("metadata.diagnosis", "value of a secret name")]
    assert found(record) == []


def test_lines_that_are_no_records_are_searched_by_looks_and_not_by_numbers_of_their_own() -> None:
    line = f"2026-11-01,f,t_y,mail {ADDRESS},f_t,378282246310005,f_d,0.1\n".encode()
    assert [kind for kind, _length in SecretSearch().in_line(line)] == ["e-mail address"]
