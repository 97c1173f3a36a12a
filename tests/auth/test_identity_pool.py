"""User-pool tokens are exchanged for AWS credentials, against the emulator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import (
    CognitoProvider,
    ConfigurationError,
    IdentityPoolAuth,
    InsecureEndpoint,
    NotSignedIn,
    RenewalFailed,
    SignableRequest,
    Tokens,
    TokenStore,
)
from appsync_gql.auth.sigv4 import access_key_of
from appsync_gql.testing import Emulator
from support.store import fixed_delay
from support.tracebacks import assert_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = SignableRequest(
    "https://example.appsync-api.us-east-1.amazonaws.com/graphql", b"{}", "http"
)
POOL = "eu-west-1:01234567-0123-0123-0123-0123456789ab"


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator.in_thread(iam_credentials={}, guests=True, rotation=True) as emulator:
        yield emulator


def store_of(api: Emulator, **more: Any) -> TokenStore:
    provider = CognitoProvider(api.client_id, region=api.region, endpoint_url=api.cognito_url)
    return TokenStore(provider, **{"tokens": api.issue_tokens(), **more})


def auth_of(api: Emulator, store: TokenStore | None, **more: Any) -> IdentityPoolAuth:
    arguments = {
        "identity_pool_id": api.identity_pool_id,
        "endpoint_url": api.cognito_url,
        "delays": fixed_delay(0),
        "patience": 0,
    }
    return IdentityPoolAuth(store, **{**arguments, **more})


async def key(auth: IdentityPoolAuth) -> str | None:
    return access_key_of(auth.sign_nowait(REQUEST) or await auth.sign(REQUEST))


@pytest.mark.parametrize("guest", [False, True])
async def test_credentials_are_obtained_once_for_all_callers(api: Emulator, *, guest: bool) -> None:
    auth = auth_of(api, None if guest else store_of(api))
    keys = await asyncio.gather(*(key(auth) for _ in range(10)))
    assert len(set(keys)) == 1
    assert api.counters["cognito.GetCredentialsForIdentity"] == 1


async def test_they_are_renewed_before_they_expire_for_the_same_identity(api: Emulator) -> None:
    auth = auth_of(api, store_of(api))
    first = await key(auth)
    assert await auth.renew_signing(await auth.sign(REQUEST))
    assert await key(auth) != first
    assert api.counters["cognito.GetId"] == 1


async def test_after_sign_out_they_are_not_used_any_more(api: Emulator) -> None:
    store = store_of(api)
    auth = auth_of(api, store)
    await key(auth)
    await store.sign_out()
    assert auth.sign_nowait(REQUEST) is None
    with pytest.raises(NotSignedIn):
        await auth.sign(REQUEST)


async def test_another_user_of_the_store_gets_credentials_of_their_own(api: Emulator) -> None:
    api.add_user("bob")
    store = store_of(api)
    auth = auth_of(api, store)
    first = await key(auth)
    await store.sign_in("bob", "correct horse", flow="USER_PASSWORD_AUTH")
    second = await key(auth)
    assert first != second
    assert api.counters["cognito.GetId"] == 2
    assert await key(auth) == second


async def test_an_id_token_that_expires_before_the_access_token_is_renewed_first(
    api: Emulator,
) -> None:
    fresh, old = api.issue_tokens(), api.issue_tokens(lifetime=60, issued_ago=100)
    tokens = Tokens(
        access_token=fresh.access_token,
        id_token=old.id_token,
        refresh_token=fresh.refresh_token,
    )
    assert await key(auth_of(api, store_of(api, tokens=tokens)))
    assert api.counters["refreshes"] == 1


async def test_an_id_token_that_cognito_calls_expired_is_renewed_first(api: Emulator) -> None:
    """This machine's clock is behind."""
    tokens = api.issue_tokens(lifetime=300)
    api.shift_clock(600)
    assert await key(auth_of(api, store_of(api, tokens=tokens)))
    assert api.counters["refreshes"] == 1


async def test_a_deleted_identity_is_made_anew(api: Emulator) -> None:
    auth = auth_of(api, store_of(api))
    rejected = await auth.sign(REQUEST)
    api.delete_identities()
    assert await auth.renew_signing(rejected)
    assert api.counters["cognito.GetId"] == 2


async def test_without_an_id_token_the_error_says_what_is_missing(api: Emulator) -> None:
    tokens = api.issue_tokens()
    bare = Tokens(access_token=tokens.access_token, refresh_token=tokens.refresh_token)
    with pytest.raises(ConfigurationError, match="openid") as caught:
        await key(auth_of(api, store_of(api, tokens=bare)))
    assert caught.value.setting == "store"


async def test_without_guests_a_guest_is_told_so() -> None:
    async with Emulator(iam_credentials={}) as members_only:
        with pytest.raises(ConfigurationError, match="no guests") as caught:
            await key(auth_of(members_only, None))
        assert caught.value.error_type == "NotAuthorizedException"


async def test_another_pools_tokens_are_a_matter_of_configuration(api: Emulator) -> None:
    with Emulator.in_thread(region="eu-west-1") as other:
        store = store_of(other)
        with pytest.raises(ConfigurationError, match="login provider") as caught:
            await key(auth_of(api, store))
    assert caught.value.setting == "identity_pool_id"


async def test_an_unknown_pool_is_a_matter_of_configuration(api: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="no such identity pool"):
        await key(auth_of(api, None, identity_pool_id="us-east-1:00000000"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("TooManyRequestsException", "throttled"),
        ("InternalErrorException", "server"),
        ("ExternalServiceException", "provider"),
    ],
)
async def test_what_may_pass_is_a_failed_renewal(api: Emulator, name: str, kind: str) -> None:
    api.faults.cognito_error(9, name, "said so")
    with pytest.raises(RenewalFailed, match=f"{name}: said so") as caught:
        await key(auth_of(api, None))
    assert caught.value.kind == kind


async def test_it_is_waited_through(api: Emulator) -> None:
    api.faults.cognito_error(4, "ExternalServiceException", "said so")
    assert await key(auth_of(api, None, patience=20))


async def test_a_response_of_a_wrong_shape_shows_no_secret(api: Emulator) -> None:
    secret = {"Credentials": {"AccessKeyId": "A", "SecretKey": "hide-me", "SessionToken": []}}
    api.faults.answer(1, 200, {"IdentityId": "us-east-1:0"}, {}, on="cognito")
    api.faults.answer(9, 200, secret, {}, on="cognito")
    with pytest.raises(RenewalFailed) as caught:
        await key(auth_of(api, None))
    assert_hidden(caught.value, "hide-me")


async def test_secrets_are_in_no_traceback(api: Emulator) -> None:
    store = store_of(api)
    auth = auth_of(api, store, identity_pool_id="us-east-1:00000000")
    with pytest.raises(ConfigurationError) as caught:
        await key(auth)
    tokens = await store.tokens()
    assert_hidden(caught.value, tokens.id_token, tokens.access_token)
    assert repr(auth) == "<IdentityPoolAuth us-east-1:00000000 user>"


async def test_cognito_that_can_not_be_reached_is_a_failure_of_the_network() -> None:
    auth = IdentityPoolAuth(None, POOL, endpoint_url="http://127.0.0.1:9", patience=0)
    with pytest.raises(RenewalFailed) as caught:
        await key(auth)
    assert caught.value.kind == "network"


async def test_the_address_may_come_from_the_environment(
    api: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY", api.cognito_url)
    assert await key(auth_of(api, None, endpoint_url=None, region="us-east-1"))


async def test_an_address_without_tls_on_another_machine_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InsecureEndpoint):
        IdentityPoolAuth(None, POOL, endpoint_url="http://cognito.example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY", "http://other.example.com")
    with pytest.raises(InsecureEndpoint, match=r"other\.example\.com"):
        await key(IdentityPoolAuth(None, POOL))


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"identity_pool_id": "pool"}, "identity_pool_id"),
        ({"identity_pool_id": 7}, "identity_pool_id"),
        ({"store": "store"}, "store"),
        ({"endpoint_url": "cognito"}, "endpoint_url"),
        ({"boto3_session": "session"}, "boto3_session"),
        ({"config": "config"}, "config"),
        ({"region": "Europe"}, "region"),
        ({"patience": -1}, "patience"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        IdentityPoolAuth(**{"store": None, "identity_pool_id": POOL, **arguments})
    assert caught.value.setting == setting
