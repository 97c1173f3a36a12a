from __future__ import annotations

import base64
from datetime import datetime, timezone

import pytest
from pycognito.aws_srp import generate_hash_device

from appsync_gql import ConfigurationError, RenewalFailed
from appsync_gql.providers.cognito_srp import (
    SrpExchange,
    device_verifier,
    new_device_password,
    secret_hash,
)
from appsync_gql.secret import Secret
from support.tracebacks import assert_hidden

PASSWORD = "correct horse"
CHALLENGE = {"SALT": "5a17", "SRP_B": "b" * 64, "SECRET_BLOCK": "QUJD"}
NOW = datetime(2026, 11, 3, 4, 5, 6, tzinfo=timezone.utc)


def test_the_public_value_is_hidden() -> None:
    exchange = SrpExchange(Secret(PASSWORD), private=3)
    assert (repr(exchange.public), str(exchange.public)) == ("<redacted>", "8")
    assert SrpExchange(Secret(PASSWORD)).public != SrpExchange(Secret(PASSWORD)).public


def test_the_responses_prove_the_password_for_the_name_in_the_challenge() -> None:
    exchange = SrpExchange(Secret(PASSWORD), private=3)
    challenge = {name: Secret(value) for name, value in CHALLENGE.items()}
    found = exchange.responses("Pool", "ada-1", challenge, NOW)
    assert found["TIMESTAMP"] == "Tue Nov 3 04:05:06 UTC 2026"
    assert found["PASSWORD_CLAIM_SECRET_BLOCK"] == "QUJD"
    assert repr(found["PASSWORD_CLAIM_SIGNATURE"]) == "<redacted>"
    other = exchange.responses("Pool", "bob", challenge, NOW)
    assert other["PASSWORD_CLAIM_SIGNATURE"] != found["PASSWORD_CLAIM_SIGNATURE"]


@pytest.mark.parametrize(
    "challenge",
    [
        {},
        {**CHALLENGE, "SRP_B": "no hexadecimal"},
        {**CHALLENGE, "SRP_B": "0"},
        {**CHALLENGE, "SALT": ""},
        {**CHALLENGE, "SECRET_BLOCK": "x"},
        {name: value for name, value in CHALLENGE.items() if name != "SALT"},
    ],
)
def test_a_challenge_of_a_wrong_form_is_a_failure_that_shows_no_password(
    challenge: dict[str, str],
) -> None:
    with pytest.raises(RenewalFailed, match="documented form") as caught:
        SrpExchange(Secret(PASSWORD)).responses("Pool", "ada", challenge, NOW)
    assert caught.value.kind == "server"
    assert caught.value.__context__ is None
    assert_hidden(caught.value, PASSWORD)


def test_a_device_is_registered_with_the_verifier_that_the_oracle_computes() -> None:
    password, config = generate_hash_device("-group", "eu-west-1_key")
    salt = int.from_bytes(base64.b64decode(config["Salt"]), "big")
    found = device_verifier("-group", "eu-west-1_key", Secret(password), salt)
    assert found == config
    assert "redacted" in repr(found)


def test_every_device_has_a_password_and_a_salt_of_its_own() -> None:
    passwords = {new_device_password() for _ in range(20)}
    assert len(passwords) == 20
    assert repr(passwords.pop()) == "<redacted>"
    salts = {device_verifier("g", "k", Secret("pw"))["Salt"] for _ in range(3)}
    assert len(salts) == 3


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
