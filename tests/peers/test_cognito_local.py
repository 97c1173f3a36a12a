"""The behaviour of cognito-local on which this package's tests rely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest

from .cognito_calls import CallResult, result_of
from .cognito_local import ISSUER_DOMAIN, LIFETIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cognito_local import CognitoLocal

pytestmark = pytest.mark.peer("cognito-local")

OK = CallResult(200)
UNAUTHORIZED = CallResult(400, "NotAuthorizedException", "User not authorized")


def unsupported(what: str) -> CallResult:
    return CallResult(500, "Unsupported", f"Cognito Local unsupported feature: {what}")


def refresh(
    pool: CognitoLocal, token: str, client_id: str | None = None, **more: str
) -> CallResult:
    return result_of(
        pool.client.initiate_auth,
        ClientId=client_id or pool.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token, **more},
    )


def refresh_token(pool: CognitoLocal) -> str:
    return str(pool.sign_in().refresh_token)


def another_client(pool: CognitoLocal, *, secret: bool = False) -> str:
    made = pool.client.create_user_pool_client(
        UserPoolId=pool.user_pool_id, ClientName="another", GenerateSecret=secret
    )
    return made["UserPoolClient"]["ClientId"]


def revoked(pool: CognitoLocal) -> CallResult:
    tokens = pool.sign_in()
    pool.revoke(tokens)
    return refresh(pool, str(tokens.refresh_token))


def disabled(pool: CognitoLocal) -> CallResult:
    token = refresh_token(pool)
    pool.disable_user()
    return refresh(pool, token)


def deleted(pool: CognitoLocal) -> CallResult:
    token = refresh_token(pool)
    pool.client.admin_delete_user(UserPoolId=pool.user_pool_id, Username=pool.username)
    return refresh(pool, token)


def signed_out(pool: CognitoLocal) -> CallResult:
    token = str(pool.sign_in().access_token)
    return result_of(pool.client.global_sign_out, AccessToken=token)


def new_call(pool: CognitoLocal) -> CallResult:
    return result_of(
        pool.client.get_tokens_from_refresh_token,
        ClientId=pool.client_id,
        RefreshToken=refresh_token(pool),
    )


def sign_in(pool: CognitoLocal, flow: str, **parameters: str) -> CallResult:
    return result_of(
        pool.client.initiate_auth,
        ClientId=pool.client_id,
        AuthFlow=flow,
        AuthParameters=parameters,
    )


RESULTS: dict[str, tuple[Callable[[CognitoLocal], CallResult], CallResult]] = {
    "GetTokensFromRefreshToken does not exist": (
        new_call,
        unsupported('Unsupported x-amz-target header "GetTokensFromRefreshToken"'),
    ),
    "GlobalSignOut does not exist": (
        signed_out,
        unsupported('Unsupported x-amz-target header "GlobalSignOut"'),
    ),
    "SRP does not exist": (
        lambda pool: sign_in(pool, "USER_SRP_AUTH", USERNAME=pool.username, SRP_A="1"),
        unsupported("InitAuth with AuthFlow=USER_SRP_AUTH"),
    ),
    "a refresh is accepted again and again": (
        lambda pool: [refresh(pool, t) for t in [refresh_token(pool)] * 2][-1],
        OK,
    ),
    "an unknown refresh token is refused": (lambda pool: refresh(pool, "unknown"), UNAUTHORIZED),
    "a revoked refresh token is refused": (revoked, UNAUTHORIZED),
    "a deleted user's refresh token is refused": (deleted, UNAUTHORIZED),
    "unlike at AWS a disabled user's refresh token is accepted": (disabled, OK),
    "an unknown app client is named": (
        lambda pool: refresh(pool, refresh_token(pool), "unknown"),
        CallResult(400, "ResourceNotFoundException", "App Client unknown not found"),
    ),
    "unlike at AWS another app client of the pool may refresh": (
        lambda pool: refresh(pool, refresh_token(pool), another_client(pool)),
        OK,
    ),
    "unlike at AWS no secret hash is needed": (
        lambda pool: refresh(pool, refresh_token(pool), another_client(pool, secret=True)),
        OK,
    ),
    "unlike at AWS a wrong secret hash is accepted": (
        lambda pool: refresh(
            pool, refresh_token(pool), another_client(pool, secret=True), SECRET_HASH="wrong"
        ),
        OK,
    ),
    "unlike at AWS a wrong password has another error": (
        lambda pool: sign_in(pool, "USER_PASSWORD_AUTH", USERNAME=pool.username, PASSWORD="x"),
        CallResult(400, "InvalidPasswordException", "Invalid password"),
    ),
    "an unknown user is not authorized": (
        lambda pool: sign_in(pool, "USER_PASSWORD_AUTH", USERNAME="eve", PASSWORD="x"),
        UNAUTHORIZED,
    ),
}


@pytest.mark.parametrize("case", RESULTS)
def test_its_results(cognito_local: CognitoLocal, case: str) -> None:
    ask, expected = RESULTS[case]
    assert ask(cognito_local) == expected


def test_its_tokens_are_valid_for_three_seconds_and_their_issuer_is_cognito(
    cognito_local: CognitoLocal,
) -> None:
    tokens = cognito_local.sign_in()
    for claims in (tokens.access, tokens.id):
        assert claims is not None
        assert claims.lifetime == LIFETIME
        assert claims.issuer == f"{ISSUER_DOMAIN}/{cognito_local.user_pool_id}"
        assert claims.client_id == cognito_local.client_id
        assert claims.username == cognito_local.username


def test_its_signatures_verify_with_its_published_key(cognito_local: CognitoLocal) -> None:
    token = str(cognito_local.sign_in().access_token)
    pool = f"{cognito_local.endpoint_url}/{cognito_local.user_pool_id}"
    key = jwt.PyJWKClient(f"{pool}/.well-known/jwks.json").get_signing_key_from_jwt(token)
    assert jwt.decode(token, key, algorithms=["RS256"], leeway=60)["token_use"] == "access"


def test_a_refresh_returns_two_new_jwts_and_nothing_else(cognito_local: CognitoLocal) -> None:
    before = cognito_local.sign_in()
    response = cognito_local.client.initiate_auth(
        ClientId=cognito_local.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": str(before.refresh_token)},
    )
    result = response["AuthenticationResult"]
    assert sorted(result) == ["AccessToken", "IdToken"]
    assert result["AccessToken"] != before.access_token
    assert result["IdToken"] != before.id_token


def test_the_tokens_of_the_next_refresh_contain_a_new_group(cognito_local: CognitoLocal) -> None:
    tokens = cognito_local.sign_in()
    cognito_local.join("Admins")
    newer = cognito_local.provider().refresh(tokens).tokens
    claims = jwt.decode(str(newer.access_token), options={"verify_signature": False})
    assert claims["cognito:groups"] == ["Admins"]
