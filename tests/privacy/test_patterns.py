"""Secrets inside text, by what they look like; and text that must stay as it is."""

from __future__ import annotations

import base64
import random
import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.privacy.names import SecretNames
from curio_tracking.privacy.patterns import LONGEST_TEXT, REDACTED, is_card_number, kinds_in, scrub, without_cut_end

NAMES = SecretNames(also=["customer"])
HEX = "0123456789abcdef"
# put together here, so that no scanner takes this file for a leak
TOKENS = {
    "JSON web token": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxIn0.s5cZ1_-x",
    "AWS key id": "AKIA" + "IOSFODNN7EXAMPLE",
    "AWS secret key": "q8Zt+3vXf/Lk7RwP2aYb" + "9NcD5eGh1JmS4uTxVzQo",
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitHub fine-grained": "github_pat_" + "11ABC_" * 6,
    "GitLab": "glpat-" + "x1y2z3w4v5" * 2,
    "Slack": "xoxb-" + "123456789012-abcdef",
    "Stripe": "sk_live_" + "4eC39HqLyjWDarjt",
    "Google": "AIza" + "SyA-1234567890_abcdefghijklmnopqrs",
    "Google OAuth": "ya29." + "a0AfH6SMBx-y_z1234",
    "model provider": "sk-or-v1-" + HEX * 4,
    "Hugging Face": "hf_" + "abcdEFGH" * 4,
    "npm": "npm_" + "a1b2c3" * 6,
    "PyPI": "pypi-" + "AgEIcHlwaS5vcmcCJDY",
    "SendGrid": "SG." + "abcdefghijklmnop.qrstuvwxyz123456",
    "base64 of chance": "Zm9vYmFyQmF6MTIzNDU2Nzg5MGFiY2Rl" + "Q2hhbmNl",
}
HARMLESS = [
    "",
    "password",
    "Created 3 reports for the customer",
    "max_tokens=4096, temperature=0.2, top_p=1",
    "prompt_tokens: 120, completion_tokens: 80",
    "Qwen2-VL-7B-Instruct-GPTQ-Int4",
    "mistralai/mistral-7b-instruct-v0.2",
    "File /home/User1/Projects/MyApp/module2.py line 3",
    "2026-11-01T12:00:00.123456Z",
    "550e8400-e29b-41d4-a716-446655440000",
    "d670460b4b4aece5915caf5c68d12f560a9fe3e4",
    "https://example.com/a/b?page=2&sort=name#top",
    "https://host:8080/@bob and mail to bob@example",
    "icon@2x.png and @app.route",
    "lodash@4.17.21 or requests@main",
    "git+ssh://git@github.com/x/y",
    "basic authentication failed",
    "Bearer token expired",
    "the card was 1234567812345678",
    "at 1700000000000000 us, 1700000000000 ms",
    "MyVeryLongClassNameForHandling2Things",
    "key: value, name = other",
    "unexpected token '}' at 3",
    "mailto:bob",
    "a > b and tokens > 5",
    "no such file: 'a.csv'",
    "a:b",
    "invalid literal for int() with base 10: 'abc'",
    "[Errno 2] No such file or directory: '/tmp/session_data/input.csv'",
]
PAIRS = [
    "password={}",
    "password = {}",
    "PASSWORD: {}",
    "db.password={}",
    'password="{}"',
    "password='{} and more'",
    "'password': '{}'",
    '{{"user": "bob", "password": "{}", "age": 3}}',
    '{{\\"password\\": \\"{}\\"}}',
    "X-Api-Key: {}",
    "Authorization: Basic {}",
    "Authorization: Token {}",
    "Cookie: a={}; b={}",
    "Set-Cookie: id={}; Path=/",
    "https://example.com/?a=1&access_token={}&b=2",
    "failed:token={}",
    "error: password: {}",
    "API key: {}",
    "Server=db;Password={};Database=x",
    "run --password {} --verbose",
    "run --db-password={} --verbose",
    "secrets=['x', '{}']",
    'credentials={{"x": "{}"}}',
    "config(token={})",
    "password=a,{}",
    "password => {}",
    "customer: {}",
    "max_tokens={}",
    "invalid token '{}' given",
    "<password>{}</password>",
    "password[]={}",
    "user[password]={}",
]


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("text", ["{}", "got {} back", "x='{}'", "a/{}/b", "line\n{}\nline", "({})", "é{}é"])
def test_a_known_token_is_found_anywhere(kind: str, text: str) -> None:
    assert TOKENS[kind] not in scrub(text.format(TOKENS[kind]), NAMES)


def test_the_example_key_of_the_aws_manual_is_found() -> None:
    key = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
    assert key not in scrub(f"aws: {key}", NAMES)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert scrub(text, NAMES) == text


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("secret", ["hunter2x", "S3cr%t!", "correct-horse-battery", "p/w+x=="])
def test_the_value_of_a_secret_name_is_replaced(pair: str, secret: str) -> None:
    text = scrub(pair.replace("{{", "{").replace("}}", "}").replace("{}", secret), NAMES)
    assert secret not in text
    assert REDACTED in text


ADDRESSES = [
    "bob@example.com",
    "b.o-b+news@mail.example.co.uk",
    "a@b.co",
    "bob%40example.com",
    "b%2Bob%40example.com",
    "é@ü.org",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "text", ["{}", "see {}.", "<{}>", "mailto:{}", "x={}&y=1", "'{}'", "to {}, cc {}", "line\n{}\n"]
)
def test_mail_addresses_are_found_anywhere(address: str, text: str) -> None:
    assert scrub(text.replace("{}", address), NAMES) == text.replace("{}", REDACTED)


@pytest.mark.parametrize("scheme", ["postgresql", "https", "amqp"])
@pytest.mark.parametrize("login", ["bob@example.com:p/w?x", "bob:p/w?x", ":p/w", "bob@corp:p@ss/w"])
def test_credentials_in_a_url_are_found_however_little_is_quoted(scheme: str, login: str) -> None:
    clean = scrub(f"{scheme}://{login}@db.example/x", NAMES)
    assert [part for part in ("bob", "p/w", "p@ss", "ss/w") if part in clean] == []


@pytest.mark.parametrize(
    ("cut", "left"),
    [
        ("got ghp_a1B2a1", "got …"),
        ("card 4111 1111 11", "card …"),
        ("/find?token=ghp_a1", "/find?…"),
        ("a, 'bob@exam", "a, '…"),
        ("nothing but a long wor", "nothing but a long …"),
        ("x" * 300, "…"),
        ("", "…"),
    ],
)
def test_last_word_of_a_text_that_was_cut_off_goes(cut: str, left: str) -> None:
    assert without_cut_end(cut) == left


@given(st.text(st.sampled_from("a1B2 -@:/.%=&?\"'[]{}é\n"), max_size=60))
def test_kinds_are_named_exactly_where_something_is_replaced(text: str) -> None:
    assert bool(kinds_in(text, NAMES)) == (scrub(text, NAMES) != text)


def test_what_stands_around_a_pair_stays() -> None:
    assert scrub("user=bob, password=hunter2, age=3", NAMES) == "user=bob, password=[redacted], age=3"


@pytest.mark.parametrize("text", ["pw=abcd", "pin:1234", "otp=12"])
def test_a_short_text_may_hold_a_secret_too(text: str) -> None:
    assert REDACTED in scrub(text, NAMES)


def test_an_own_replacement_is_not_replaced_again() -> None:
    once = scrub("password=hunter2, then more and token=abc", NAMES)
    assert scrub(once, NAMES) == once


@pytest.mark.parametrize(
    "url",
    [
        "postgres://bob:hunter2@db.example.com:5432/x",
        "postgres://bob:p/hunter2@db/x",
        "redis://:hunter2@cache:6379/0",
        "https://hunter2@github.com/a/b",
        "amqp://bob:hunter2@a@b/x",
        "bob:hunter2@tcp(127.0.0.1:3306)/x",
        "ftp: bob:hunter2@host",
        "see https://ok.example and mysql+pymysql://u:hunter2@h/d?x=1",
    ],
)
def test_credentials_in_a_url_are_replaced(url: str) -> None:
    assert "hunter2" not in scrub(url, NAMES)


def test_the_host_of_a_url_stays() -> None:
    assert scrub("postgres://bob:pw@db.example.com/x", NAMES) == "postgres://[redacted]@db.example.com/x"


@pytest.mark.parametrize("ending", ["-----END RSA PRIVATE KEY-----\nafter", ""])
def test_a_private_key_is_replaced_whole_or_cut_off(ending: str) -> None:
    body = "\n".join("MIIEpAIBAAKCAQEA" * 2 for _ in range(5))
    text = scrub(f"before\n-----BEGIN RSA PRIVATE KEY-----\n{body}\n{ending}", NAMES)
    assert "MIIE" not in text
    assert text.startswith("before\n")


@pytest.mark.parametrize(
    "header",
    ["Bearer hunter2x", "bearer hunter2x", "got 'Bearer hunter2x'", "Basic " + base64.b64encode(b"u:p").decode()],
)
def test_http_credentials_are_replaced(header: str) -> None:
    assert header.split()[-1].strip("'") not in scrub(header, NAMES)


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5500-0000-0000-0004",
        "378282246310005",
        "3782 822463 10005",
        "6011000990139424",
        "30569309025904",
        "4222222222222",
    ],
)
@pytest.mark.parametrize("text", ["{}", "paid with {}, thanks", "{} 12/27", "nr {} 123", "a{}b"])
def test_a_card_number_is_replaced(number: str, text: str) -> None:
    assert number not in scrub(text.format(number), NAMES)


@given(st.text("0123456789", min_size=12, max_size=18), st.sampled_from("23456"))
def test_every_number_with_a_right_check_digit_is_a_card_number(rest: str, first: str) -> None:
    body = first + rest[:-1]
    total = sum(sum(divmod(int(digit) * (2 - index % 2), 10)) for index, digit in enumerate(reversed(body)))
    number = f"{body}{-total % 10}"
    assert is_card_number(number) == (len(number) >= 13 and len(set(number)) > 1)


def test_tokens_made_by_chance_are_recognised() -> None:
    source = random.Random(7)
    alphabet = string.ascii_letters + string.digits
    tokens = ["".join(source.choices(alphabet, k=32)) for _ in range(500)]
    missed = [token for token in tokens if token in scrub(f"value {token} end", NAMES)]
    assert len(missed) <= 10


def test_url_safe_tokens_of_the_secrets_module_are_recognised() -> None:
    missed = [token for token in (secrets.token_urlsafe(32) for _ in range(300)) if token in scrub(token, NAMES)]
    assert len(missed) <= 60  # several dashes make a token look like a name


@given(st.text())
def test_any_text_survives(text: str) -> None:
    assert isinstance(scrub(text, NAMES), str)


@given(st.text(st.sampled_from("ab 1=:'\"@/-_.\\{}[],;&\n"), max_size=60))
def test_scrubbing_again_changes_little_and_never_fails(text: str) -> None:
    assert isinstance(scrub(scrub(text, NAMES), NAMES), str)


@pytest.mark.parametrize(
    "part",
    ["a", "-", "eyJ-", "://", "password=", "1 ", "--a ", "-----BEGIN RSA PRIVATE KEY-----", "'", "a,", "SG.a", "\\"],
)
def test_long_monotonous_text_is_no_trap(part: str) -> None:
    """Were a pattern quadratic, each of these would take minutes: the test would not end."""
    assert len(scrub(part * (100_000 // len(part)), NAMES)) <= LONGEST_TEXT


def test_text_beyond_the_limit_is_cut_at_a_blank() -> None:
    text = "word " * LONGEST_TEXT
    assert scrub(text, NAMES, 1000).endswith("word …")
    assert len(scrub(text, NAMES, 1000)) <= 1000


def test_no_half_of_a_long_token_is_left_over() -> None:
    assert scrub("a" * 2000, NAMES, 1000) == REDACTED


@pytest.mark.parametrize("message", ["1:{} is not known", "no session 12:{}", "{} 1:{}"])
def test_a_pseudonym_is_no_card_number(message: str) -> None:
    # one of a hundred has thirteen digits in a row, and a tenth of those a right check digit
    pseudonym = "4111111111111111aaaaaaaaaaaaaaaa"
    text = message.format(pseudonym, pseudonym) if message.count("{}") == 1 else message.format("user", pseudonym)
    assert scrub(text, NAMES) == text
    assert scrub(f"{text} 4111111111111111", NAMES) == f"{text} {REDACTED}"
