"""This package's token store with moto's Cognito, where an administrator can end sessions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from appsync_gql import (
    CognitoProvider,
    ConfigurationError,
    RenewalFailed,
    SessionExpired,
    SignInFailed,
    TokenStore,
)

from .cognito_calls import REGION

if TYPE_CHECKING:
    from .moto_pool import MotoServer

pytestmark = pytest.mark.peer("moto")


async def renewal_error(store: TokenStore) -> Exception:
    """Return the error of a renewal; check that the tokens remain in use."""
    before = await store.headers()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller checks it
        await store.renew()
    assert await store.headers() == before
    return caught.value


async def test_a_provider_uses_the_older_call_because_moto_lacks_the_newer(
    moto_server: MotoServer,
) -> None:
    """Moto responds to the newer call with 500 and a page of HTML without an error name."""
    provider = CognitoProvider(
        moto_server.client_id, region=REGION, endpoint_url=moto_server.endpoint_url
    )
    async with TokenStore(provider, tokens=moto_server.sign_in()) as store:
        before = await store.headers()
        assert await store.renew() != before


async def test_a_session_is_renewed(moto_server: MotoServer) -> None:
    async with TokenStore(moto_server.provider(), tokens=moto_server.sign_in()) as store:
        before = await store.tokens()
        assert await store.renew() != {"Authorization": before.access_token}
        assert (await store.tokens()).refresh_token == before.refresh_token
        assert store.status().counts == {"Renewed": 1}


async def test_a_global_sign_out_ends_the_session_at_its_next_renewal(
    moto_server: MotoServer,
) -> None:
    async with TokenStore(moto_server.provider(), tokens=moto_server.sign_in()) as store:
        await store.renew()
        await asyncio.to_thread(moto_server.global_sign_out)
        error = await renewal_error(store)
        assert isinstance(error, SessionExpired)
        assert error.error_type == "NotAuthorizedException"
        assert store.status().counts == {"Renewed": 1, "SessionEnded": 1}


async def test_a_crash_of_the_identity_provider_ends_no_session(moto_server: MotoServer) -> None:
    async with TokenStore(moto_server.provider(), tokens=moto_server.sign_in()) as store:
        await asyncio.to_thread(moto_server.delete_user)
        error = await renewal_error(store)
        assert isinstance(error, RenewalFailed)
        assert error.kind == "server"


async def test_an_app_client_with_a_secret_needs_the_secret_hash(moto_server: MotoServer) -> None:
    provider = moto_server.secret_provider(moto_server.client_secret)
    async with TokenStore(provider, tokens=moto_server.sign_in(with_secret=True)) as store:
        await store.renew()
        assert store.status().counts == {"Renewed": 1}


@pytest.mark.parametrize("secret", ["wrong" * 9, None], ids=["a wrong secret", "no secret"])
async def test_tokens_are_kept_with(moto_server: MotoServer, secret: str | None) -> None:
    provider = moto_server.secret_provider(secret)
    async with TokenStore(provider, tokens=moto_server.sign_in(with_secret=True)) as store:
        error = await renewal_error(store)
    # Cognito's message names the secret, which gives a ConfigurationError. moto's message
    # contains only the hash, so it can't be distinguished from an ended session.
    assert isinstance(error, SessionExpired)


async def test_an_unknown_app_client_is_a_configuration_error(moto_server: MotoServer) -> None:
    provider = moto_server.provider("unknown")
    async with TokenStore(provider, tokens=moto_server.sign_in()) as store:
        error = await renewal_error(store)
    assert isinstance(error, ConfigurationError)
    assert error.setting == "client_id"


async def test_a_user_signs_in_with_the_right_password_only(moto_server: MotoServer) -> None:
    async with TokenStore(moto_server.provider()) as store:
        with pytest.raises(SignInFailed, match="user name or password is wrong"):
            await store.sign_in(moto_server.username, "wrong", flow="USER_PASSWORD_AUTH")
        tokens = await store.sign_in(
            moto_server.username, moto_server.password, flow="USER_PASSWORD_AUTH"
        )
        assert await store.headers() == {"Authorization": tokens.access_token}


async def test_a_disabled_user_does_not_sign_in_until_enabled(moto_server: MotoServer) -> None:
    async with TokenStore(moto_server.provider()) as store:
        await asyncio.to_thread(moto_server.disable_user)
        with pytest.raises(SignInFailed, match="User is disabled"):
            await store.sign_in(
                moto_server.username, moto_server.password, flow="USER_PASSWORD_AUTH"
            )
        await asyncio.to_thread(moto_server.enable_user)
        await store.sign_in(moto_server.username, moto_server.password, flow="USER_PASSWORD_AUTH")
