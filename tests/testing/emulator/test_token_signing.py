"""JWTs are signed by the key of their owner and verified with it."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from appsync_gql.testing.emulator.token_signing import KEY_ID, jwks, sign_token, verified_claims

CLAIMS = {"sub": "ada", "exp": 1}


def test_the_claims_of_a_signed_token_are_returned_even_if_it_has_expired() -> None:
    assert verified_claims(sign_token(CLAIMS)) == CLAIMS


def test_a_token_of_another_key_has_no_verified_claims() -> None:
    token = sign_token(CLAIMS, owner="other")
    assert verified_claims(token) is None
    assert verified_claims(token, owner="other") == CLAIMS


def test_a_token_with_another_algorithm_has_no_verified_claims() -> None:
    assert verified_claims(jwt.encode(CLAIMS, "k" * 32, algorithm="HS256")) is None


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "Bearer " + sign_token(CLAIMS)])
def test_what_is_no_jwt_is_an_error(token: str) -> None:
    with pytest.raises(ValueError, match="DecodeError"):
        verified_claims(token)


@pytest.mark.parametrize("owner", ["pool", "other"])
def test_the_published_key_verifies_the_tokens_of_its_owner(owner: str) -> None:
    (key,) = jwt.PyJWKSet.from_dict(jwks(owner=owner)).keys
    assert key.key_id == KEY_ID
    options: Any = {"verify_exp": False}
    token = sign_token(CLAIMS, owner=owner)
    assert jwt.decode(token, key.key, ["RS256"], options=options) == CLAIMS
