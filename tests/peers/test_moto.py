"""The behaviour of moto's Cognito on which this package's tests rely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .cognito_calls import CallResult, result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .moto_pool import MotoServer

pytestmark = pytest.mark.peer("moto")

OK = CallResult(200)
REVOKED = CallResult(400, "NotAuthorizedException", "Refresh Token has been revoked")
CRASHED = CallResult(500, "500", "<!doctype html>")
"""An HTML page: boto3 finds no error name in it and uses the status."""


def shortened(result: CallResult) -> CallResult:
    """Shorten an HTML page to its first line."""
    first_line = (result.message or "").partition("\n")[0] or None
    return CallResult(result.status, result.code, first_line)


def refresh(pool: MotoServer, token: str, client_id: str | None = None, **more: str) -> CallResult:
    return result_of(
        pool.client.initiate_auth,
        ClientId=client_id or pool.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token, **more},
    )


def refresh_token(pool: MotoServer, *, with_secret: bool = False) -> str:
    return str(pool.sign_in(with_secret=with_secret).refresh_token)


def refresh_with_secret(pool: MotoServer, **more: str) -> CallResult:
    return refresh(pool, refresh_token(pool, with_secret=True), pool.secret_client_id, **more)


def after(pool: MotoServer, change: Callable[[], None]) -> CallResult:
    token = refresh_token(pool)
    change()
    return refresh(pool, token)


def sign_in(pool: MotoServer, username: str, password: str) -> CallResult:
    return result_of(
        pool.client.initiate_auth,
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )


def sign_in_disabled(pool: MotoServer) -> CallResult:
    pool.disable_user()
    return sign_in(pool, pool.username, pool.password)


def sign_in_enabled_again(pool: MotoServer) -> CallResult:
    pool.disable_user()
    pool.enable_user()
    return sign_in(pool, pool.username, pool.password)


def new_call(pool: MotoServer) -> CallResult:
    return result_of(
        pool.client.get_tokens_from_refresh_token,
        ClientId=pool.client_id,
        RefreshToken=refresh_token(pool),
    )


def revoke(pool: MotoServer) -> CallResult:
    return result_of(pool.client.revoke_token, ClientId=pool.client_id, Token=refresh_token(pool))


RESULTS: dict[str, tuple[Callable[[MotoServer], CallResult], CallResult]] = {
    "GetTokensFromRefreshToken crashes it": (new_call, CRASHED),
    "RevokeToken crashes it": (revoke, CRASHED),
    "a refresh is accepted again and again": (
        lambda pool: [refresh(pool, t) for t in [refresh_token(pool)] * 2][-1],
        OK,
    ),
    "an unknown refresh token is called revoked": (lambda pool: refresh(pool, "unknown"), REVOKED),
    "a global sign-out revokes refresh tokens": (
        lambda pool: after(pool, pool.global_sign_out),
        REVOKED,
    ),
    "unlike at AWS a disabled user's refresh token is accepted": (
        lambda pool: after(pool, pool.disable_user),
        OK,
    ),
    "a deleted user's refresh token crashes it": (
        lambda pool: after(pool, pool.delete_user),
        CRASHED,
    ),
    "an unknown app client is named": (
        lambda pool: refresh(pool, refresh_token(pool), "unknown"),
        CallResult(400, "ResourceNotFoundException", "unknown"),
    ),
    "a right secret hash is accepted": (
        lambda pool: refresh_with_secret(pool, SECRET_HASH=pool.secret_hash()),
        OK,
    ),
    "unlike at AWS a missing secret hash has an error without a text": (
        refresh_with_secret,
        CallResult(400, "NotAuthorizedException"),
    ),
    "unlike at AWS the error of a wrong secret hash contains only the hash": (
        lambda pool: refresh_with_secret(pool, SECRET_HASH="wrong"),
        CallResult(400, "NotAuthorizedException", "wrong"),
    ),
    "a wrong password is not authorized": (
        lambda pool: sign_in(pool, pool.username, "x"),
        CallResult(400, "NotAuthorizedException", "Incorrect username or password."),
    ),
    "an unknown user does not exist": (
        lambda pool: sign_in(pool, "eve", "x"),
        CallResult(400, "UserNotFoundException", "User does not exist."),
    ),
    "a disabled user can't sign in": (
        sign_in_disabled,
        CallResult(400, "NotAuthorizedException", "User is disabled."),
    ),
    "a user who is enabled again can": (sign_in_enabled_again, OK),
}


@pytest.mark.parametrize("case", RESULTS)
def test_its_results(moto_server: MotoServer, case: str) -> None:
    ask, expected = RESULTS[case]
    assert shortened(ask(moto_server)) == expected


def test_a_refresh_returns_two_new_jwts_of_an_hour_and_no_refresh_token(
    moto_server: MotoServer,
) -> None:
    response = moto_server.client.initiate_auth(
        ClientId=moto_server.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh_token(moto_server)},
    )
    result = response["AuthenticationResult"]
    assert sorted(result) == ["AccessToken", "ExpiresIn", "IdToken", "TokenType"]
    assert result["ExpiresIn"] == 3600
