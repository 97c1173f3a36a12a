"""Whose tokens an answer holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appsync_gql import ConfigurationError, RenewalFailed, SessionKey, Tokens
from appsync_gql.session_key import digest
from appsync_gql.store.identity import check_identity, key_of_new_session
from support.store import ISSUER, NOON, jwt_of, tokens_at

CLIENT = SessionKey(client_id="client")
ADA, BOB = tokens_at(NOON), tokens_at(NOON, user="bob")
ADAS = digest("refresh-ada")
ELSEWHERE = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"


def access(**claims: object) -> Tokens:
    given = {"iss": ISSUER, "exp": NOON + 60, "client_id": "client", "username": "ada", **claims}
    return Tokens(access_token=jwt_of(**given))


@pytest.mark.parametrize(
    ("found", "before", "key"),
    [
        pytest.param(tokens_at(NOON + 1), ADA, CLIENT, id="the same user"),
        pytest.param(ADA, Tokens(refresh_token="r"), CLIENT, id="nothing known but the client"),
        pytest.param(ADA, Tokens(refresh_token="r"), SessionKey(), id="nothing known"),
        pytest.param(Tokens(refresh_token="r"), ADA, CLIENT, id="an answer without JWTs"),
        pytest.param(access(), ADA, CLIENT, id="an answer without ID token"),
        pytest.param(
            Tokens(id_token=ADA.id_token), access(), CLIENT, id="an ID token after an access token"
        ),
        pytest.param(
            replace(access(client_id=None, aud="https://api"), id_token=ADA.id_token),
            replace(access(client_id=None, aud="https://api"), id_token=ADA.id_token),
            SessionKey(),
            id="an access token whose audience is the API",
        ),
    ],
)
def test_tokens_of_the_session_are_accepted(found: Tokens, before: Tokens, key: SessionKey) -> None:
    check_identity(found, before, key)


@pytest.mark.parametrize(
    ("found", "before", "key"),
    [
        pytest.param(BOB, ADA, CLIENT, id="another user"),
        pytest.param(access(sub="2"), access(sub="1"), CLIENT, id="another user of that name"),
        pytest.param(
            replace(ADA, id_token=jwt_of(iss=ISSUER, aud="client", sub="2", exp=NOON + 60)),
            replace(ADA, id_token=jwt_of(iss=ISSUER, aud="client", sub="1", exp=NOON + 60)),
            CLIENT,
            id="an ID token of another user of that name",
        ),
        pytest.param(access(client_id="another"), ADA, CLIENT, id="another app client"),
        pytest.param(access(iss=ELSEWHERE), ADA, CLIENT, id="another pool"),
        pytest.param(
            access(client_id="another"), Tokens(refresh_token="r"), CLIENT, id="at first use"
        ),
        pytest.param(
            BOB,
            Tokens(refresh_token="r"),
            SessionKey(client_id="client", username="ada"),
            id="another user than the one that was named",
        ),
        pytest.param(
            Tokens(access_token=ADA.access_token, id_token=BOB.id_token),
            ADA,
            CLIENT,
            id="an ID token of another user",
        ),
        pytest.param(
            Tokens(access_token=ADA.access_token, id_token=BOB.id_token),
            Tokens(refresh_token="r"),
            CLIENT,
            id="two users in the first answer",
        ),
    ],
)
def test_tokens_of_another_session_are_refused(
    found: Tokens, before: Tokens, key: SessionKey
) -> None:
    with pytest.raises(RenewalFailed, match="neither used nor saved") as caught:
        check_identity(found, before, key)
    assert caught.value.kind == "identity"


@pytest.mark.parametrize(
    ("before", "seed"),
    [
        pytest.param(CLIENT.with_tokens(BOB), "refresh-bob", id="another user's session"),
        pytest.param(
            SessionKey(first_token_digest=ADAS),
            "refresh-bob",
            id="an unknown user's",
        ),
        pytest.param(SessionKey(), "refresh-bob", id="no session"),
        pytest.param(
            replace(CLIENT.with_tokens(ADA), first_token_digest=ADAS),
            "refresh-ada",
            id="the same user's",
        ),
        pytest.param(
            replace(
                CLIENT.with_tokens(ADA),
                first_token_digest=ADAS,
                client_id="another",
            ),
            "refresh-bob",
            id="the same name in another app client",
        ),
        pytest.param(
            replace(CLIENT.with_tokens(ADA), first_token_digest=None),
            "refresh-bob",
            id="the same user's, without a refresh token",
        ),
    ],
)
def test_the_former_refresh_token_finds_a_new_session_of_the_same_user_only(
    before: SessionKey, seed: str
) -> None:
    new = replace(ADA, refresh_token="refresh-bob")
    key = key_of_new_session(before, CLIENT, new)
    assert (key.username, key.first_token_digest) == ("ada", digest(seed))


def test_two_sessions_without_a_known_user_are_not_taken_for_one_users() -> None:
    before = replace(CLIENT, first_token_digest=ADAS)
    key = key_of_new_session(before, CLIENT, Tokens(refresh_token="refresh-bob"))
    assert key.first_token_digest == digest("refresh-bob")


@pytest.mark.parametrize(
    "tokens",
    [
        pytest.param(access(client_id="another"), id="another app client"),
        pytest.param(access(iss=ELSEWHERE), id="another user pool"),
    ],
)
def test_a_session_does_not_begin_with_tokens_of_another_provider(tokens: Tokens) -> None:
    asked = SessionKey(client_id="client", user_pool_id=ADA.user_pool_id)
    with pytest.raises(ConfigurationError, match="neither used nor saved") as raised:
        key_of_new_session(SessionKey(), asked, tokens)
    assert raised.value.setting == "provider"
    assert str(tokens.access_token) not in str(raised.value)


def test_another_user_of_the_provider_may_begin_a_session() -> None:
    asked = SessionKey(client_id="client", username="ada")
    assert key_of_new_session(SessionKey(), asked, BOB).username == "bob"
