"""Canaries: found in every encoding, wherever they begin and whatever stands around them; nothing else is found."""

from __future__ import annotations

import base64
import gzip
import io
import json
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.leaks.canaries import SHORTEST, CanaryError, CanarySearch
from curio_tracking.leaks.layers import BLOCK, blocks, inflated

TEXTS: Final = {
    "user id": "user-4711-canary",
    "e-mail": "canary.bird+news@mine.example",
    "password": "Corr3ct/Horse?Battery",
    "blanks": "three blind mice",
    "other script": "канарейка-ü",
    "six bytes": "q7#x%Z",
}
PEM: Final = "-----BEGIN PRIVATE KEY-----\n{}\n{}\n-----END PRIVATE KEY-----".format(
    "MIICdgIBADANBgkqhkiG" * 3, "Zk9" * 20
)
ENCODINGS: Final[dict[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "plain": ("plain", bytes),
    "upper case": ("plain", bytes.upper),
    "JSON, ASCII only": ("plain", lambda text: json.dumps(text.decode()).encode()),
    "base64": ("base64", base64.b64encode),
    "base64 for URLs": ("base64", base64.urlsafe_b64encode),
    "base64, unpadded": ("base64", lambda text: base64.b64encode(text).rstrip(b"=")),
    "hex": ("hex", lambda text: text.hex().encode()),
    "upper case hex": ("hex", lambda text: text.hex().upper().encode()),
    "all bytes percent-encoded": ("URL", lambda text: "".join(f"%{byte:02x}" for byte in text).encode()),
    "URL, upper case": ("URL", lambda text: "".join(f"%{byte:02X}" for byte in text).encode()),
}
URL_QUOTING: Final[dict[str, Callable[[str], str]]] = {
    "path": urllib.parse.quote,
    "query": lambda text: urllib.parse.quote(text, safe=""),
    "form": urllib.parse.quote_plus,
}


def encodings_found(text: str, data: bytes) -> set[str]:
    return {hit.encoding for hit in CanarySearch([text]).find(data)}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_canary_is_found_in_every_encoding_and_named(kind: str, encoding: str) -> None:
    name, encode = ENCODINGS[encoding]
    text = TEXTS[kind]
    assert name in encodings_found(text, b"before " + encode(text.encode()) + b" after")


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("quoting", URL_QUOTING)
def test_canary_is_found_as_urls_quote_it(kind: str, quoting: str) -> None:
    quoted = URL_QUOTING[quoting](TEXTS[kind])
    assert encodings_found(TEXTS[kind], f"/a?b=%20&c={quoted}&d=1".encode())


@given(st.text(min_size=SHORTEST), st.binary(max_size=5), st.binary(max_size=5), st.booleans())
def test_canary_is_found_in_base64_whatever_stands_around_it(
    text: str, before: bytes, after: bytes, is_url: bool
) -> None:
    text = f"x{text.strip()}{'x' * SHORTEST}".replace("\n", " ").replace("\r", " ")
    [line, *_] = text.splitlines()
    line = line + "x" * SHORTEST
    encode = base64.urlsafe_b64encode if is_url else base64.b64encode
    data = encode(before + line.encode("utf-8", "surrogatepass") + after)
    assert "base64" in encodings_found(line, data)


@given(st.text(min_size=8, max_size=40), st.binary(max_size=200))
def test_nothing_is_found_where_nothing_was_planted(text: str, data: bytes) -> None:
    canary = f"never-{text.strip()}-planted"
    assert not encodings_found(canary, data)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\\n", "%0A"])
def test_text_of_several_lines_is_found_however_they_end(end: str) -> None:
    assert encodings_found(PEM, PEM.replace("\n", end).encode())


def test_one_long_line_of_several_is_enough() -> None:
    assert encodings_found(PEM, PEM.splitlines()[2].encode())


def test_first_line_that_all_private_keys_share_is_no_find() -> None:
    assert not encodings_found(PEM, b"-----BEGIN PRIVATE KEY-----")


def test_hits_say_which_canary_and_where() -> None:
    [hit] = CanarySearch(["first-canary", "second-canary"]).find(b"12345second-canary")
    assert (hit.canary, hit.encoding, hit.offset, hit.length) == (2, "plain", 5, 13)


def test_text_that_chance_would_find_is_refused_by_its_number_alone() -> None:
    with pytest.raises(CanaryError, match=r"^canary 2 has fewer than 6 bytes") as refused:
        CanarySearch(["long enough", "abcde"])
    assert "abcde" not in str(refused.value)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("before", [b"", b"a header and 123 bytes", b"x" * (BLOCK - 1), b"x" * (2 * BLOCK - 2)])
def test_compressed_parts_are_opened_wherever_they_begin(compress: Callable[[bytes], bytes], before: bytes) -> None:
    data = before + compress(b"first " * 50_000) + compress(b"second") + b"x"
    assert [(len(whole), whole[-6:]) for _, whole in inflated(io.BytesIO(data))] == [
        (300_000, b"first "),
        (6, b"second"),
    ]


def test_stream_that_breaks_off_gives_what_there_is() -> None:
    whole = gzip.compress(bytes(range(256)) * 4 + b"the end")
    [(_, found)] = inflated(io.BytesIO(whole[:-20]))
    assert found.startswith(bytes(range(256)))


def test_damaged_stream_hides_no_later_one() -> None:
    broken = bytearray(gzip.compress(bytes(range(256)) * 1_000))
    broken[40] ^= 0xFF
    assert b"later" in [whole for _, whole in inflated(io.BytesIO(bytes(broken) + gzip.compress(b"later")))]


@pytest.mark.parametrize("place", [0, BLOCK - 5, BLOCK - 1, BLOCK, 2 * BLOCK - 3])
def test_canary_on_the_border_of_two_blocks_is_found(place: int) -> None:
    search = CanarySearch([TEXTS["user id"]])
    stream = io.BytesIO(b"." * place + TEXTS["user id"].encode() + b"." * 100)
    assert {offset + hit.offset for offset, data in blocks(stream, search.longest) for hit in search.find(data)} == {
        place
    }
