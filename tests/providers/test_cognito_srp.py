from __future__ import annotations

import sys

import pytest

from appsync_gql import ConfigurationError, MissingExtra, RenewalFailed
from appsync_gql.providers.cognito_srp import SrpExchange, secret_hash
from appsync_gql.secret import Secret
from support.tracebacks import assert_hidden

PASSWORD = "correct horse"
CHALLENGE = {
    "USER_ID_FOR_SRP": "ada-1",
    "USERNAME": "ada-1",
    "SALT": "5a17",
    "SRP_B": "b" * 64,
    "SECRET_BLOCK": "QUJD",
}


def exchange(client_secret: str | None = None) -> SrpExchange:
    return SrpExchange(
        username="ada",
        password=Secret(PASSWORD),
        pool_id="eu-west-1_Pool",
        client_id="client",
        client_secret=None if client_secret is None else Secret(client_secret),
    )


def test_the_first_parameters_hide_all_but_the_name() -> None:
    assert repr(exchange().parameters) == "{'USERNAME': 'ada', 'SRP_A': <redacted>}"
    assert set(exchange("hush").parameters) == {"USERNAME", "SRP_A", "SECRET_HASH"}


def test_the_responses_prove_the_password_for_the_name_in_the_challenge() -> None:
    found = exchange("hush").responses({k: Secret(v) for k, v in CHALLENGE.items()})
    assert found["USERNAME"] == "ada-1"
    assert found["PASSWORD_CLAIM_SECRET_BLOCK"] == "QUJD"
    assert found["SECRET_HASH"] == secret_hash("client", Secret("hush"), "ada-1")
    assert repr(found["PASSWORD_CLAIM_SIGNATURE"]) == "<redacted>"


@pytest.mark.parametrize(
    "challenge",
    [
        {},
        {**CHALLENGE, "SRP_B": "no hexadecimal"},
        {**CHALLENGE, "SALT": ""},
        {**CHALLENGE, "SECRET_BLOCK": "x"},
        {name: value for name, value in CHALLENGE.items() if name != "SALT"},
    ],
)
def test_a_challenge_of_a_wrong_form_is_a_failure_that_shows_no_password(
    challenge: dict[str, str],
) -> None:
    with pytest.raises(RenewalFailed, match="documented form") as caught:
        exchange("hush-hush").responses(challenge)
    assert caught.value.kind == "server"
    assert caught.value.__context__ is None
    assert_hidden(caught.value, PASSWORD, "hush-hush")


def test_without_pycognito_the_error_is_the_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycognito.aws_srp", None)
    with pytest.raises(MissingExtra, match=r"appsync-gql\[srp\]") as caught:
        exchange("hush-hush")
    assert_hidden(caught.value, PASSWORD, "hush-hush")


def test_a_secret_hash_is_that_of_the_documentation() -> None:
    """HMAC-SHA256 of name and client id, keyed with the secret, in Base64."""
    found = secret_hash("client", Secret("key"), "ada")
    assert found == "WOdHnkxDWeiucmcnuHVsiAkrSYzUGAZH/j/nbXgKfD0="
    assert repr(found) == "<redacted>"


@pytest.mark.parametrize("username", [None, ""])
def test_a_secret_hash_needs_the_users_name(username: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        secret_hash("client", Secret("hush-hush"), username)
    assert caught.value.setting == "username"
    assert_hidden(caught.value, "hush-hush")
