"""Cognito through a real boto3 client, against the emulator."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appsync_gql import (
    ChallengeRequired,
    CognitoProvider,
    ConfigurationError,
    RenewalFailed,
    SessionExpired,
    SignedOut,
    SignInFailed,
    Tokens,
    TokenStore,
)
from appsync_gql.boto3_client import client_for
from appsync_gql.testing import Emulator

SECRET = "5ecre7" * 8
"""As long as Cognito's are: boto3 refuses shorter ones by itself."""


def provider_for(emulator: Emulator, **more: Any) -> CognitoProvider:
    arguments = {"region": emulator.region, "endpoint_url": emulator.cognito_url, **more}
    return CognitoProvider(emulator.client_id, **arguments)


async def refreshed(provider: CognitoProvider, tokens: Tokens) -> tuple[Tokens, str]:
    grant = await asyncio.to_thread(provider.refresh, tokens)
    return grant.tokens, grant.api


# -- ending a session --------------------------------------------------------------


@pytest.mark.parametrize("secret", [None, SECRET])
async def test_a_revoked_session_can_not_be_refreshed_and_revoking_it_again_is_no_error(
    secret: str | None,
) -> None:
    async with Emulator(client_secret=secret) as emulator:
        provider = provider_for(emulator, client_secret=secret)
        tokens = emulator.issue_tokens()
        for _ in range(2):
            await asyncio.to_thread(provider.revoke, tokens)
        with pytest.raises(SessionExpired):
            await refreshed(provider, tokens)
        assert emulator.counters["cognito.RevokeToken"] == 2


async def test_a_wrong_secret_at_a_revocation_names_the_setting() -> None:
    async with Emulator(client_secret=SECRET) as emulator:
        provider = provider_for(emulator, client_secret="wr0ng" * 8)
        with pytest.raises(ConfigurationError) as caught:
            await asyncio.to_thread(provider.revoke, emulator.issue_tokens())
        assert caught.value.setting == "client_secret"


async def test_tokens_without_a_refresh_token_need_no_revocation(emulator: Emulator) -> None:
    tokens = Tokens(access_token=emulator.issue_tokens().access_token)
    await asyncio.to_thread(provider_for(emulator).revoke, tokens)
    assert emulator.counters["cognito"] == 0


async def test_sign_out_ends_the_session_at_cognito_and_here(emulator: Emulator) -> None:
    tokens = emulator.issue_tokens()
    store = TokenStore(provider_for(emulator), tokens=tokens)
    await store.sign_out()
    with pytest.raises(SignedOut):
        await store.headers()
    again = TokenStore(provider_for(emulator), refresh_token=tokens.refresh_token)
    with pytest.raises(SessionExpired):
        await again.headers()


# -- refreshing ------------------------------------------------------------------


@pytest.mark.parametrize("rotation", [True, False])
@pytest.mark.parametrize("secret", [None, SECRET])
async def test_one_call_refreshes_with_rotation_on_or_off_with_a_secret_or_without(
    *, rotation: bool, secret: str | None
) -> None:
    async with Emulator(rotation=rotation, client_secret=secret) as emulator:
        tokens = emulator.issue_tokens()
        newer, api = await refreshed(provider_for(emulator, client_secret=secret), tokens)
        assert api == "GetTokensFromRefreshToken"
        assert newer.access_token != tokens.access_token
        assert (newer.refresh_token != tokens.refresh_token) is rotation
        assert newer.username == "ada"


async def test_an_answer_without_a_refresh_token_or_device_keeps_the_old_ones() -> None:
    async with Emulator() as emulator:
        tokens = emulator.issue_tokens()
        tokens = Tokens(refresh_token=tokens.refresh_token, device_key="device-1")
        newer, _ = await refreshed(provider_for(emulator), tokens)
        assert (newer.refresh_token, newer.device_key) == (tokens.refresh_token, "device-1")


async def test_an_endpoint_without_the_call_is_asked_for_it_once_and_then_in_the_old_way() -> None:
    async with Emulator(
        client_secret=SECRET,
        device_remembering=True,
        gets_tokens_from_refresh_token=False,
    ) as emulator:
        provider = provider_for(emulator, client_secret=SECRET, device_key="device-1")
        for _ in range(3):
            _, api = await refreshed(provider, emulator.issue_tokens())
            assert api == "InitiateAuth"
        assert emulator.counters["cognito.InitiateAuth"] == 3
        # boto3's own three attempts at a 500, and never again
        assert emulator.counters["cognito.GetTokensFromRefreshToken"] <= 3


async def test_a_failure_of_cognito_does_not_count_as_lacking_the_call(emulator: Emulator) -> None:
    provider = provider_for(emulator)
    tokens = emulator.issue_tokens()
    emulator.faults.server_error(3, on="cognito")
    with pytest.raises(RenewalFailed):
        await refreshed(provider, tokens)
    _, api = await refreshed(provider, tokens)
    assert api == "GetTokensFromRefreshToken"


async def test_a_remembered_device_needs_its_key() -> None:
    async with Emulator(device_remembering=True) as strict:
        with pytest.raises(ConfigurationError) as caught:
            await refreshed(provider_for(strict), strict.issue_tokens())
        assert caught.value.setting == "device_key"
        await refreshed(provider_for(strict, device_key="device-1"), strict.issue_tokens())


@pytest.mark.parametrize("secret", [None, "too short", "wrong" * 9])
@pytest.mark.parametrize("new_call", [True, False])
async def test_a_wrong_client_secret_is_a_matter_of_configuration_and_ends_no_session(
    *, secret: str | None, new_call: bool
) -> None:
    async with Emulator(client_secret=SECRET, gets_tokens_from_refresh_token=new_call) as emulator:
        tokens = emulator.issue_tokens()
        with pytest.raises(ConfigurationError) as caught:
            await refreshed(provider_for(emulator, client_secret=secret), tokens)
        assert caught.value.setting == "client_secret"
        await refreshed(provider_for(emulator, client_secret=SECRET), tokens)


async def test_a_wrong_client_id_is_named(emulator: Emulator) -> None:
    provider = CognitoProvider("other", region="us-east-1", endpoint_url=emulator.cognito_url)
    with pytest.raises(ConfigurationError) as caught:
        await refreshed(provider, emulator.issue_tokens())
    assert caught.value.setting == "client_id"


@pytest.mark.parametrize("how", ["revoked", "disabled", "expired", "unknown", "reused"])
async def test_a_dead_refresh_token_ends_the_session(emulator: Emulator, how: str) -> None:
    provider, tokens = provider_for(emulator), emulator.issue_tokens()
    if how == "revoked":
        emulator.sign_out("ada")
    elif how == "disabled":
        emulator.disable_user("ada")
    elif how == "expired":
        emulator.shift_clock(31 * 86400)
    elif how == "unknown":
        tokens = Tokens(refresh_token="never-issued")
    else:
        await refreshed(provider, tokens)
    with pytest.raises(SessionExpired) as caught:
        await refreshed(provider, tokens)
    reuse = "RefreshTokenReuseException"
    assert caught.value.error_type == (reuse if how == "reused" else "NotAuthorizedException")
    assert caught.value.request_id


async def test_a_retired_refresh_token_works_within_the_grace_period() -> None:
    async with Emulator(rotation=True, grace_period=10) as emulator:
        provider, tokens = provider_for(emulator), emulator.issue_tokens()
        await refreshed(provider, tokens)
        await refreshed(provider, tokens)
        emulator.shift_clock(10)
        with pytest.raises(SessionExpired):
            await refreshed(provider, tokens)


@pytest.mark.parametrize("fault", ["throttle", "server", "lambda", "drop"])
async def test_every_transient_failure_keeps_the_tokens(emulator: Emulator, fault: str) -> None:
    """Pitfall: any error that is no network error logs the user out."""
    expected = {"throttle": "throttled", "server": "server", "lambda": "trigger", "drop": "network"}
    if fault == "throttle":
        emulator.faults.throttle(3, on="cognito")
    elif fault == "server":
        emulator.faults.server_error(3, on="cognito")
    elif fault == "lambda":
        emulator.faults.lambda_error(1)
    else:
        emulator.faults.drop(3, on="cognito")
    tokens = emulator.issue_tokens(issued_ago=4000)
    store = TokenStore(provider_for(emulator), tokens=tokens, patience=0)
    with pytest.raises(RenewalFailed) as caught:
        await store.headers()
    assert caught.value.kind == expected[fault]
    assert await store.headers()
    assert emulator.counters["refreshes"] == 1


async def test_an_answer_without_tokens_is_a_failure_not_a_crash(emulator: Emulator) -> None:
    emulator.faults.answer(1, 200, {}, on="cognito")
    with pytest.raises(RenewalFailed, match="no tokens"):
        await refreshed(provider_for(emulator), Tokens(refresh_token="x"))


async def test_garbage_in_place_of_an_answer_is_a_failure_not_a_crash(emulator: Emulator) -> None:
    emulator.faults.answer(3, 200, b"<html>", on="cognito")
    store = TokenStore(provider_for(emulator), refresh_token="x", patience=0)
    with pytest.raises(RenewalFailed):
        await store.headers()


# -- signing in --------------------------------------------------------------------


@pytest.mark.parametrize("flow", [None, "USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
@pytest.mark.parametrize("secret", [None, SECRET])
async def test_signing_in_by_srp_or_password(*, flow: str | None, secret: str | None) -> None:
    async with Emulator(client_secret=secret) as emulator:
        pool = emulator.user_pool_id
        provider = provider_for(emulator, user_pool_id=pool, client_secret=secret)
        store = TokenStore(provider)
        tokens = await store.sign_in("ada", "correct horse", flow=flow)
        assert tokens.username == "ada"
        assert (await store.headers())["Authorization"] == tokens.access_token
        with pytest.raises(SignInFailed, match="name or password"):
            await store.sign_in("ada", "wrong", flow=flow)
        assert (await store.tokens()) == tokens


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
async def test_a_challenge_carries_what_the_next_step_needs(emulator: Emulator, flow: str) -> None:
    emulator.add_user("grace", "pw", mfa_code="123456")
    emulator.add_user("joan", "pw", temporary_password=True)
    provider = provider_for(emulator, user_pool_id=emulator.user_pool_id)
    store = TokenStore(provider)
    with pytest.raises(ChallengeRequired) as mfa:
        await store.sign_in("grace", "pw", flow=flow)
    assert (mfa.value.challenge_name, mfa.value.username) == ("SOFTWARE_TOKEN_MFA", "grace")
    with pytest.raises(ChallengeRequired, match="NEW_PASSWORD_REQUIRED"):
        await store.sign_in("joan", "pw", flow=flow)

    def go_on() -> dict[str, Any]:
        client = client_for("cognito-idp", emulator.region, emulator.cognito_url, None, None)
        answer = client.respond_to_auth_challenge(
            ClientId=emulator.client_id,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=mfa.value.session,
            ChallengeResponses={"USERNAME": "grace", "SOFTWARE_TOKEN_MFA_CODE": "123456"},
        )
        return dict(answer["AuthenticationResult"])

    assert (await asyncio.to_thread(go_on))["AccessToken"]


async def test_srp_needs_to_know_the_pool(emulator: Emulator) -> None:
    store = TokenStore(provider_for(emulator))
    with pytest.raises(ConfigurationError) as caught:
        await store.sign_in("ada", "correct horse")
    assert caught.value.setting == "user_pool_id"


async def test_an_unknown_flow_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="flow"):
        await TokenStore(provider_for(emulator)).sign_in("ada", "x", flow="ADMIN")


# -- settings ----------------------------------------------------------------------


def test_the_region_comes_from_the_pools_id() -> None:
    assert CognitoProvider("c", user_pool_id="eu-west-1_AbC").region == "eu-west-1"
    assert CognitoProvider("c", user_pool_id="local_AbC", region="us-east-1").region == "us-east-1"
    with pytest.raises(ConfigurationError, match="contradicts"):
        CognitoProvider("c", user_pool_id="eu-west-1_AbC", region="us-east-1")


async def test_the_region_comes_from_the_tokens_issuer_when_nobody_gave_it(
    emulator: Emulator,
) -> None:
    provider = CognitoProvider(emulator.client_id, endpoint_url=emulator.cognito_url)
    newer, _ = await refreshed(provider, emulator.issue_tokens())
    assert newer.username == "ada"


async def test_without_any_region_the_error_says_what_to_give(emulator: Emulator) -> None:
    store = TokenStore(CognitoProvider("c", endpoint_url=emulator.cognito_url), refresh_token="x")
    with pytest.raises(ConfigurationError) as caught:
        await store.headers()
    assert caught.value.setting == "region"


def test_an_empty_client_id_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="client_id"):
        CognitoProvider("")


async def test_providers_with_equal_settings_share_one_client(emulator: Emulator) -> None:
    first, second = (provider_for(emulator)._client(None) for _ in range(2))
    assert first is second


async def test_no_aws_credentials_are_needed_or_looked_for(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    newer, _ = await refreshed(provider_for(emulator), emulator.issue_tokens())
    assert newer.username == "ada"


def test_repr_shows_the_client_and_no_secret() -> None:
    shown = repr(CognitoProvider("c", region="eu-west-1", client_secret="hush"))
    assert "hush" not in shown
    assert "'c'" in shown
    assert "hush" not in repr(vars(CognitoProvider("c", client_secret="hush")))
