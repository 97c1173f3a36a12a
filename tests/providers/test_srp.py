"""Our SRP against pycognito's, which is the oracle, and against RFC 5054."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycognito import aws_srp as oracle

from appsync_gql.providers import srp
from appsync_gql.providers.srp import SrpChallenge, SrpIdentity
from appsync_gql.secret import Secret

USER = SrpIdentity("Pool", "ada-1")
PASSWORD = Secret("correct horse")


def theirs(private: int) -> oracle.AWSSRP:
    """Make pycognito's client with a private value of ours."""
    client = oracle.AWSSRP(
        username="ada",
        password=str(PASSWORD),
        pool_id=f"eu-west-1_{USER.group}",
        client_id="client",
        client=object(),
    )
    client.small_a_value = private
    client.large_a_value = client.calculate_a()
    return client


def test_the_group_is_the_one_of_the_oracle_and_the_multiplier_follows() -> None:
    assert int(oracle.N_HEX, 16) == srp.MODULUS
    assert int(oracle.G_HEX, 16) == srp.GENERATOR
    assert theirs(1).val_k == srp.MULTIPLIER


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**3072))
def test_numbers_are_padded_as_the_oracle_pads_them(number: int) -> None:
    assert srp.padded(number) == bytes.fromhex(oracle.pad_hex(number))


@settings(deadline=None, max_examples=8)  # each takes milliseconds
@given(
    private=st.integers(min_value=1, max_value=2**1024),
    public=st.integers(min_value=1, max_value=srp.MODULUS - 1),
    salt=st.integers(min_value=1, max_value=2**128),
)
def test_the_key_of_a_user_is_the_oracles(private: int, public: int, salt: int) -> None:
    challenge = SrpChallenge(salt=salt, public=public, secret_block=b"")
    expected = theirs(private).get_password_authentication_key(
        USER.name, str(PASSWORD), public, f"{salt:x}"
    )
    assert srp.public_key(private) == theirs(private).large_a_value
    assert srp.session_key(USER, PASSWORD, private, challenge) == bytes(expected)


@settings(deadline=None, max_examples=8)  # each takes milliseconds
@given(
    private=st.integers(min_value=1, max_value=2**1024),
    public=st.integers(min_value=1, max_value=srp.MODULUS - 1),
    salt=st.integers(min_value=1, max_value=2**128),
)
def test_the_key_of_a_device_is_the_oracles(private: int, public: int, salt: int) -> None:
    challenge = SrpChallenge(salt=salt, public=public, secret_block=b"")
    expected = theirs(private).get_device_authentication_key(
        "-group", "eu-west-1_key", str(PASSWORD), public, f"{salt:x}"
    )
    device = SrpIdentity("-group", "eu-west-1_key")
    assert srp.session_key(device, PASSWORD, private, challenge) == bytes(expected)


def test_a_claim_is_the_signature_that_the_oracle_sends() -> None:
    parameters = {
        "USER_ID_FOR_SRP": USER.name,
        "USERNAME": USER.name,
        "SALT": "5a17",
        "SRP_B": "b" * 64,
        "SECRET_BLOCK": base64.b64encode(b"block").decode(),
    }
    sent = theirs(12345).process_challenge(parameters, {"USERNAME": "ada"})
    challenge = SrpChallenge.read(parameters)
    key = srp.session_key(USER, PASSWORD, 12345, challenge)
    found = srp.claim(USER, key, challenge.secret_block, sent["TIMESTAMP"])
    assert found == sent["PASSWORD_CLAIM_SIGNATURE"]
    assert repr(found) == "<redacted>"


@pytest.mark.parametrize("day", [1, 9, 10, 28])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_timestamp_is_english_with_an_unpadded_day(month: int, day: int) -> None:
    at = datetime(2026, month, day, 4, 5, 6, tzinfo=timezone.utc)
    assert srp.timestamp(at) == oracle.AWSSRP.get_cognito_formatted_timestamp(at)
    assert srp.timestamp(datetime(2026, 11, 3, 4, 5, 6)) == "Tue Nov 3 04:05:06 UTC 2026"  # noqa: DTZ001


def test_every_weekday_has_its_name() -> None:
    monday = datetime(2026, 11, 2, tzinfo=timezone.utc)
    names = [srp.timestamp(monday + timedelta(days=days))[:3] for days in range(7)]
    assert names == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def test_a_verifier_lets_a_server_derive_the_same_key() -> None:
    private, salt, server = srp.new_private_key(), secrets.randbits(128), secrets.randbits(1024)
    verifier = srp.verifier(USER, PASSWORD, salt)
    public = (srp.MULTIPLIER * verifier + pow(2, server, srp.MODULUS)) % srp.MODULUS
    a, u = srp.public_key(private), srp.mixed(srp.public_key(private), public)
    shared = pow(a * pow(verifier, u, srp.MODULUS), server, srp.MODULUS)
    challenge = SrpChallenge(salt=salt, public=public, secret_block=b"")
    assert srp.session_key(USER, PASSWORD, private, challenge) == srp.derived_key(shared, u)
    wrong = srp.session_key(USER, Secret("wrong"), private, challenge)
    assert wrong != srp.derived_key(shared, u)


def test_private_values_differ() -> None:
    assert len({srp.new_private_key() for _ in range(20)}) == 20


@pytest.mark.parametrize("public", ["0", "00", f"{srp.MODULUS:x}", f"{2 * srp.MODULUS:x}"])
def test_a_public_value_that_would_reveal_the_key_is_refused(public: str) -> None:
    with pytest.raises(ValueError, match="multiple of the modulus"):
        SrpChallenge.read({"SALT": "5a17", "SRP_B": public, "SECRET_BLOCK": ""})


def test_a_challenge_shows_nothing() -> None:
    assert repr(SrpChallenge(salt=1, public=2, secret_block=b"3")) == "SrpChallenge()"
