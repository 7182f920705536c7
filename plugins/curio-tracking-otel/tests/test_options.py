"""The options by themselves."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from curio_tracking_otel.options import Options, endpoint_fault, parse_headers

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126))


@given(st.dictionaries(NAMES, VALUES))
def test_headers_survive_being_written_as_text(headers):
    text = ",".join(f"{name}={quote(value, safe='')}" for name, value in headers.items())
    assert parse_headers(text) == headers


@pytest.mark.parametrize("text", ["secret", "=secret", "a b=secret", "ä=secret", "a=secr%0Aet", "a=1,secret"])
def test_what_is_no_header_is_refused_without_being_quoted(text):
    with pytest.raises(ValueError, match="header") as caught:
        parse_headers(text)
    assert "secr" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["http://localhost:4318", "https://collector.example.org/otlp", "http://[::1]:4317"]
)
def test_addresses_are_taken(endpoint):
    assert endpoint_fault(endpoint) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "localhost:4318",
        "ftp://a",
        "http://",
        "http://a:0",
        "http://a:port",
        "http://a b",
        "http://a?x=1",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused(endpoint):
    assert endpoint_fault(endpoint) is not None


def test_an_empty_text_is_an_option_that_is_not_set():
    assert Options(endpoint="", headers="", protocol="") == Options()


@pytest.mark.parametrize(
    "options", [{"queue_size": 1}, {"max_features": 0}, {"span_interval": 0}, {"timeout": float("inf")}, {"x": 1}]
)
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ValidationError):
        Options(**options)
