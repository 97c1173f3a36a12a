from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appsync_gql import ConfigurationError, SessionKey, Tokens
from appsync_gql.session_key import digest
from support.store import NOON, jwt_of, tokens_at

POOL = "eu-west-1_Example"
ADA = tokens_at(NOON, user="ada", refresh_token="refresh-ada")
BOB = tokens_at(NOON, user="bob", refresh_token="refresh-bob")


def key(**more: Any) -> SessionKey:
    return SessionKey(**more)


def test_a_key_is_read_from_the_claims_of_tokens() -> None:
    found = SessionKey.of(ADA)
    assert found == key(
        user_pool_id=POOL,
        client_id="client",
        username="ada",
        first_token_digest=digest("refresh-ada"),
        signed_in_at=NOON,
    )


def test_a_refresh_token_alone_identifies_the_session_by_its_digest_only() -> None:
    found = SessionKey.of(Tokens(refresh_token="refresh-ada"))
    assert found == key(first_token_digest=digest("refresh-ada"))
    assert "refresh-ada" not in repr(found)


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        (key(), key(username="ada"), None),
        (key(client_id="a"), key(username="ada"), None),
        (key(username="ada"), key(username="ada", client_id="a"), None),
        (key(username="ada"), key(username="bob"), "user"),
        (key(client_id="a", username="x"), key(client_id="b", username="x"), "app client"),
        (key(user_pool_id="p_1"), key(user_pool_id="p_2"), "user pool"),
        (key(user_pool_id="p_1", username="a"), key(user_pool_id="p_2", username="b"), "user pool"),
        (key(first_token_digest="1"), key(first_token_digest="2"), None),
        (key(signed_in_at=1.0), key(signed_in_at=2.0), None),
    ],
)
def test_keys_conflict_only_in_what_both_know_of_pool_client_and_user(
    one: SessionKey, other: SessionKey, conflict: str | None
) -> None:
    assert one.conflict(other) == other.conflict(one) == conflict
    assert one.fits(other) is other.fits(one) is (conflict is None)


def test_tokens_complete_a_key_and_replace_what_was_assumed() -> None:
    assumed = key(client_id="client", username="ada@example.com")
    assert assumed.with_tokens(ADA).username == "ada"
    assert assumed.with_tokens(None) is assumed
    assert assumed.with_tokens(Tokens(refresh_token="x")).username == "ada@example.com"


def test_what_tokens_say_counts_more_than_what_was_assumed_and_that_more_than_nothing() -> None:
    assumed = key(user_pool_id="eu-west-1_Old", client_id="old", username="old", signed_in_at=1.0)
    assert assumed.with_tokens(ADA) == SessionKey.of(ADA)
    opaque = Tokens(refresh_token="refresh-ada")
    completed = replace(assumed, first_token_digest=digest("refresh-ada"))
    assert assumed.with_tokens(opaque) == completed


def test_the_time_of_the_sign_in_is_the_same_after_all_renewals() -> None:
    renewed = Tokens(access_token=jwt_of(exp=NOON + 60, iat=NOON, auth_time=NOON - 1000))
    assert SessionKey.of(renewed).signed_in_at == NOON - 1000


def test_the_digest_of_the_first_refresh_token_stays_through_renewals() -> None:
    begun = SessionKey.of(ADA)
    renewed = begun.with_tokens(tokens_at(NOON + 60, user="ada", refresh_token="rotated"))
    assert renewed.first_token_digest == digest("refresh-ada")


def test_the_digest_is_replaced_when_another_user_signs_in() -> None:
    """Else a program that is configured with ada's refresh token would act as bob."""
    assert SessionKey.of(ADA).with_tokens(BOB).first_token_digest == digest("refresh-bob")


@pytest.mark.parametrize("name", ["user_pool_id", "client_id", "username"])
@pytest.mark.parametrize("value", ["", "a\nb", b"bytes", 42, ["ada"]])
def test_a_name_of_a_wrong_kind_is_refused_by_its_argument(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SessionKey(**{name: value})  # type: ignore[arg-type]
    assert caught.value.setting == name


def test_a_key_is_shown_by_the_names_it_knows() -> None:
    shown = str(
        key(user_pool_id=POOL, client_id="client", username="ada", first_token_digest="5eed")
    )
    assert shown == "pool eu-west-1_Example, app client client, user ada"
    assert str(key()) == "anybody"


def test_no_secret_has_no_digest() -> None:
    assert digest(None) is None
    assert digest("a") != digest("b")
