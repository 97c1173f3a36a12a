"""This package signs in at emulators of Cognito that are not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import (
    ChallengeRequired,
    CognitoProvider,
    SessionExpired,
    SignInFailed,
    TokenStore,
)

from .cognito_calls import PASSWORD, REGION, USERNAME, admin_client
from .ministack import ministack_running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .cognito_local import CognitoLocal
    from .moto_pool import MotoServer

NEW_PASSWORD = "N3w-Password-9"
TEMPORARY = "Temp0rary-Pw-1"

by_password: dict[str, Any] = {"flow": "USER_PASSWORD_AUTH"}


def with_temporary_password(admin: CognitoIdentityProviderClient, user_pool_id: str) -> str:
    """Create a user who must set another password; return the name."""
    admin.admin_create_user(
        UserPoolId=user_pool_id,
        Username="grace",
        TemporaryPassword=TEMPORARY,
        MessageAction="SUPPRESS",
    )
    return "grace"


async def signs_in(provider: CognitoProvider) -> None:
    store = TokenStore(provider)
    tokens = await store.sign_in(USERNAME, PASSWORD, **by_password)
    assert tokens.username == USERNAME
    before = await store.headers()
    assert await store.renew() != before


async def sets_a_new_password(provider: CognitoProvider, username: str) -> None:
    store = TokenStore(provider)
    with pytest.raises(ChallengeRequired) as caught:
        await store.sign_in(username, TEMPORARY, **by_password)
    assert caught.value.challenge_name == "NEW_PASSWORD_REQUIRED"
    await store.answer(caught.value, new_password=NEW_PASSWORD)
    assert store.status().username == username
    again = TokenStore(provider)
    await again.sign_in(username, NEW_PASSWORD, **by_password)
    assert (await again.headers())["Authorization"]


@pytest.mark.peer("cognito-local")
async def test_cognito_local_accepts_a_password(cognito_local: CognitoLocal) -> None:
    await signs_in(cognito_local.provider())


@pytest.mark.peer("cognito-local")
async def test_cognito_local_accepts_a_new_password(cognito_local: CognitoLocal) -> None:
    username = with_temporary_password(cognito_local.client, cognito_local.user_pool_id)
    await sets_a_new_password(cognito_local.provider(), username)


@pytest.mark.peer("moto")
@pytest.mark.parametrize("secret", [False, True], ids=["public", "with a secret"])
async def test_moto_accepts_a_password(moto_server: MotoServer, *, secret: bool) -> None:
    await signs_in(moto_provider(moto_server, secret=secret))


@pytest.mark.peer("moto")
@pytest.mark.parametrize("secret", [False, True], ids=["public", "with a secret"])
async def test_moto_accepts_a_new_password(moto_server: MotoServer, *, secret: bool) -> None:
    username = with_temporary_password(moto_server.admin, moto_server.user_pool_id)
    await sets_a_new_password(moto_provider(moto_server, secret=secret), username)


def moto_provider(moto: MotoServer, *, secret: bool) -> CognitoProvider:
    return moto.secret_provider(moto.client_secret) if secret else moto.provider()


@pytest.mark.peer("cognito-local")
async def test_a_wrong_password_at_cognito_local_is_refused(cognito_local: CognitoLocal) -> None:
    with pytest.raises(SignInFailed):
        await TokenStore(cognito_local.provider()).sign_in(USERNAME, "wrong", **by_password)


@pytest.mark.peer("moto")
async def test_a_wrong_password_at_moto_is_refused(moto_server: MotoServer) -> None:
    with pytest.raises(SignInFailed, match="name or password"):
        await TokenStore(moto_server.provider()).sign_in(USERNAME, "wrong", **by_password)


# -- ministack -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ministack_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CognitoProvider]:
    """Run ministack, with a user pool that has one confirmed user."""
    with ministack_running(tmp_path_factory.mktemp("ministack")) as running:
        admin = admin_client(running.url, running.access_key, running.secret_key)
        pool = admin.create_user_pool(PoolName="pool")["UserPool"]["Id"]
        flows: Any = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        app = admin.create_user_pool_client(
            UserPoolId=pool, ClientName="app", ExplicitAuthFlows=flows
        )["UserPoolClient"]["ClientId"]
        admin.admin_create_user(UserPoolId=pool, Username=USERNAME, MessageAction="SUPPRESS")
        admin.admin_set_user_password(
            UserPoolId=pool, Username=USERNAME, Password=PASSWORD, Permanent=True
        )
        with_temporary_password(admin, pool)
        yield CognitoProvider(app, user_pool_id=pool, region=REGION, endpoint_url=running.url)


@pytest.mark.peer("ministack")
async def test_ministack_accepts_a_password_and_refreshes(
    ministack_provider: CognitoProvider,
) -> None:
    await signs_in(ministack_provider)


@pytest.mark.peer("ministack")
async def test_ministack_accepts_a_new_password(ministack_provider: CognitoProvider) -> None:
    await sets_a_new_password(ministack_provider, "grace")


@pytest.mark.peer("ministack")
async def test_a_session_that_was_ended_at_ministack_is_over(
    ministack_provider: CognitoProvider,
) -> None:
    store = TokenStore(ministack_provider)
    await store.sign_in(USERNAME, PASSWORD, **by_password)
    tokens = await store.tokens()
    await store.sign_out()
    with pytest.raises(SessionExpired):
        await TokenStore(ministack_provider, tokens=tokens).renew()
