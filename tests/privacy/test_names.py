"""Which names promise a secret, and which only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.privacy.names import MOST_REMEMBERED, SecretNames, Verdict, words_of

SECRET = """
    password Password PASSWORD passwd pwd db_password dbPassword db-password userPassword password2 pass_word
    userpassword DB_PASS smtp_pass pass secret client_secret clientSecret secrets token userToken user_token authtoken
    accessToken X-Api-Key x_api_key apiKey apikey APIKey API_KEY api_keys secret_key secretKey private_key privateKey
    ssh_key encryptionKey aws_access_key_id authorization Authorization Proxy-Authorization auth basic_auth cookie
    Set-Cookie cookies csrf csrfToken X-CSRF-Token xsrf session session_id sessionId sessionid user_session session_key
    credential credentials dbCredentials dsn sentry_dsn connection_string connectionString conn_str connection_url ssn
    user_ssn card card_number cardNumber creditCard credit_card debit_card cvv cvc cvv2 otp otpCode otp_code pin
    pin_code userPin PIN jwt jwtToken bearer passphrase passcode oauth2Token mfa_code iban db.password
    \uff50\uff41\uff53\uff53word password[0] user[password] pwd_hash
""".split()  # noqa: SIM905
PLAIN = """
    spinner shipping ping opinion pinned pinecone discard wildcard cardinal cardinality cardboard scorecard dashboard
    tokenizer tokenize obsession possession session_count sessionCount session_length author authority authenticated
    authentic key cache_key primary_key sort_key keyboard monkey keyword keys secretary compass bypass passenger
    pass_rate passed passing first_pass prompt model name path size limit rows count value type description email_count
    user_id id status url uri page query cvs dsnap notpinned docs_rfc encompass
""".split()  # noqa: SIM905
COUNTS = """
    tokens max_tokens total_tokens prompt_tokens maxTokens token_count tokenCount token_limit tokens_used tokenUsage
    password_length max_pin_attempts sessions active_sessions session_token_ttl
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_name_is_recognised(name: str) -> None:
    assert SecretNames().verdict(name) is Verdict.SECRET


@pytest.mark.parametrize("name", PLAIN)
def test_a_harmless_name_is_left_alone(name: str) -> None:
    assert SecretNames().verdict(name) is Verdict.PLAIN


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_of_secrets_is_no_secret_as_a_number(name: str) -> None:
    assert SecretNames().verdict(name) is Verdict.TEXT_IS_SECRET


@pytest.mark.parametrize("name", ["customer", "customerName", "the_customer", "CUSTOMER", "customer-id"])
def test_a_further_name_is_secret_in_all_its_forms(name: str) -> None:
    assert SecretNames(also=["customer"]).verdict(name) is Verdict.SECRET


def test_a_further_name_is_secret_as_whole_words_only() -> None:
    assert SecretNames(also=["cat"]).verdict("category") is Verdict.PLAIN


def test_a_further_name_of_two_words_is_found_inside_longer_ones() -> None:
    assert SecretNames(also=["tax_number"]).verdict("userTaxNumberText") is Verdict.SECRET


@pytest.mark.parametrize("name", ["x_internal", "X-Internal", "my_internal"])
def test_a_further_name_may_be_a_glob(name: str) -> None:
    assert SecretNames(also=["*internal"]).verdict(name) is Verdict.SECRET


def test_an_exact_name_does_not_reach_into_longer_ones() -> None:
    names = SecretNames(exactly=["search"])
    assert names.verdict("Search") is Verdict.SECRET
    assert names.verdict("search_query") is Verdict.PLAIN


def test_a_name_of_signs_only_makes_nothing_secret() -> None:
    assert SecretNames(also=["--", ""], exactly=["_", ""]).verdict("rows") is Verdict.PLAIN


def test_decisions_stay_right_when_more_names_came_than_are_remembered() -> None:
    names = SecretNames()
    for number in range(MOST_REMEMBERED + 5):
        names.verdict(f"name_{number}")
    assert names.verdict("password") is Verdict.SECRET
    assert names.verdict("name_1") is Verdict.PLAIN


@given(st.sampled_from(["password", "api_key", "token", "authorization"]), st.sampled_from("_-. :/"), st.data())
def test_words_around_a_secret_one_do_not_hide_it(secret: str, sign: str, data: st.DataObject) -> None:
    word = st.sampled_from(["db", "my", "the", "x", "user", "prod", "2"])
    name = sign.join([data.draw(word), secret, data.draw(word)])
    assert SecretNames().verdict(name) is Verdict.SECRET


@given(st.text())
def test_any_name_gets_a_verdict(name: str) -> None:
    assert SecretNames(also=["*x*", "y"]).verdict(name) in Verdict


@pytest.mark.parametrize("name", ["X-Api-Key", "xApiKey", "X_API_KEY", "XApiKey", "x api key"])
def test_spellings_have_the_same_words(name: str) -> None:
    assert words_of(name) == ["x", "api", "key"]
