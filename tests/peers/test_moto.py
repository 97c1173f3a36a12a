"""What moto's Cognito does, as far as this package's tests rely on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .cognito import Said, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from .moto_pool import MotoServer

pytestmark = pytest.mark.peer("moto")

OK = Said(200)
REVOKED = Said(400, "NotAuthorizedException", "Refresh Token has been revoked")
CRASHED = Said(500, "500", "<!doctype html>")
"""An HTML page, in which boto3 finds no name of an error: the status has to do."""


def head(answer: Said) -> Said:
    """Shorten an HTML page to its first line."""
    return Said(answer.status, answer.code, (answer.message or "").partition("\n")[0] or None)


def refresh(pool: MotoServer, token: str, client_id: str | None = None, **more: str) -> Said:
    return said(
        pool.client.initiate_auth,
        ClientId=client_id or pool.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token, **more},
    )


def refresh_token(pool: MotoServer, *, with_secret: bool = False) -> str:
    return str(pool.sign_in(with_secret=with_secret).refresh_token)


def refresh_with_secret(pool: MotoServer, **more: str) -> Said:
    return refresh(pool, refresh_token(pool, with_secret=True), pool.secret_client_id, **more)


def after(pool: MotoServer, change: Callable[[], None]) -> Said:
    token = refresh_token(pool)
    change()
    return refresh(pool, token)


def sign_in(pool: MotoServer, username: str, password: str) -> Said:
    return said(
        pool.client.initiate_auth,
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )


def sign_in_disabled(pool: MotoServer) -> Said:
    pool.disable_user()
    return sign_in(pool, pool.username, pool.password)


def sign_in_enabled_again(pool: MotoServer) -> Said:
    pool.disable_user()
    pool.enable_user()
    return sign_in(pool, pool.username, pool.password)


def new_call(pool: MotoServer) -> Said:
    return said(
        pool.client.get_tokens_from_refresh_token,
        ClientId=pool.client_id,
        RefreshToken=refresh_token(pool),
    )


def revoke(pool: MotoServer) -> Said:
    return said(pool.client.revoke_token, ClientId=pool.client_id, Token=refresh_token(pool))


ANSWERS: dict[str, tuple[Callable[[MotoServer], Said], Said]] = {
    "GetTokensFromRefreshToken crashes it": (new_call, CRASHED),
    "RevokeToken crashes it": (revoke, CRASHED),
    "a refresh is accepted again and again": (
        lambda pool: [refresh(pool, t) for t in [refresh_token(pool)] * 2][-1],
        OK,
    ),
    "an unknown refresh token is called revoked": (lambda pool: refresh(pool, "unknown"), REVOKED),
    "a refresh token is dead after a global sign-out": (
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
        Said(400, "ResourceNotFoundException", "unknown"),
    ),
    "a right secret hash is accepted": (
        lambda pool: refresh_with_secret(pool, SECRET_HASH=pool.secret_hash()),
        OK,
    ),
    "unlike at AWS a missing secret hash has an error without a text": (
        refresh_with_secret,
        Said(400, "NotAuthorizedException"),
    ),
    "unlike at AWS a wrong secret hash is all that the error says": (
        lambda pool: refresh_with_secret(pool, SECRET_HASH="wrong"),
        Said(400, "NotAuthorizedException", "wrong"),
    ),
    "a wrong password is not authorized": (
        lambda pool: sign_in(pool, pool.username, "x"),
        Said(400, "NotAuthorizedException", "Incorrect username or password."),
    ),
    "an unknown user does not exist": (
        lambda pool: sign_in(pool, "eve", "x"),
        Said(400, "UserNotFoundException", "User does not exist."),
    ),
    "a disabled user can't sign in": (
        sign_in_disabled,
        Said(400, "NotAuthorizedException", "User is disabled."),
    ),
    "a user who is enabled again can": (sign_in_enabled_again, OK),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_its_answers(moto_server: MotoServer, case: str) -> None:
    ask, expected = ANSWERS[case]
    assert head(ask(moto_server)) == expected


def test_a_refresh_gives_two_new_jwts_of_an_hour_and_no_refresh_token(
    moto_server: MotoServer,
) -> None:
    answer = moto_server.client.initiate_auth(
        ClientId=moto_server.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh_token(moto_server)},
    )
    result = answer["AuthenticationResult"]
    assert sorted(result) == ["AccessToken", "ExpiresIn", "IdToken", "TokenType"]
    assert result["ExpiresIn"] == 3600
