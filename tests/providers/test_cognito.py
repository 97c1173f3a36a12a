"""Cognito through a real boto3 client, against the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any

import pytest

from appsync_gql import (
    AppSyncError,
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
from support.hanging_proxy import HangingProxy
from support.tracebacks import assert_hidden

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


async def test_the_older_call_is_made_where_the_newer_is_unknown_and_that_is_forgotten_again() -> (
    None
):
    async with Emulator(
        client_secret=SECRET, device_remembering=True, gets_tokens_from_refresh_token=False
    ) as emulator:
        now = [0.0]
        provider = provider_for(
            emulator, client_secret=SECRET, device_key="device-1", monotonic=lambda: now[0]
        )
        for _ in range(3):
            _, api = await refreshed(provider, emulator.issue_tokens())
            assert api == "InitiateAuth"
        assert emulator.counters["cognito.InitiateAuth"] == 3
        assert emulator.counters["cognito.GetTokensFromRefreshToken"] == 1
        now[0] = 301.0
        await refreshed(provider, emulator.issue_tokens())
        assert emulator.counters["cognito.GetTokensFromRefreshToken"] == 2


async def test_a_revoked_session_at_a_server_without_the_newer_call_is_over() -> None:
    async with Emulator(gets_tokens_from_refresh_token=False) as emulator:
        provider, tokens = provider_for(emulator), emulator.issue_tokens()
        for _ in range(2):
            with pytest.raises(SessionExpired):
                await refreshed(provider, Tokens(refresh_token="never-issued"))
            await refreshed(provider, tokens)


@pytest.mark.parametrize("status", [404, 500, 501])
async def test_one_page_of_a_proxy_does_not_stop_a_rotating_session(
    emulator: Emulator, status: int
) -> None:
    """Rotation disables the older call, so its refusal shows that the newer one is known."""
    emulator.faults.answer(1, status, b"<html>", {"Content-Type": "text/html"}, on="cognito")
    provider, tokens = provider_for(emulator), emulator.issue_tokens()
    for _ in range(3):
        tokens, api = await refreshed(provider, tokens)
        assert api == "GetTokensFromRefreshToken"


async def test_when_rotation_is_turned_on_the_newer_call_is_made_again() -> None:
    name = "UnsupportedOperationException"
    async with Emulator() as emulator:
        provider, tokens = provider_for(emulator), emulator.issue_tokens()
        emulator.faults.answer(1, 404, b"<html>", on="cognito")
        assert (await refreshed(provider, tokens))[1] == "InitiateAuth"
        emulator.faults.cognito_error(1, name, "Rotation is enabled for this client.")
        for _ in range(2):
            assert (await refreshed(provider, tokens))[1] == "GetTokensFromRefreshToken"


@pytest.mark.parametrize(
    ("status", "action"), [(405, "captcha"), (202, "challenge"), (403, None), (405, None)]
)
async def test_a_firewalls_page_keeps_the_tokens_and_changes_nothing_for_later(
    emulator: Emulator, status: int, action: str | None
) -> None:
    headers = {"Content-Type": "text/html", **({"x-amzn-waf-action": action} if action else {})}
    emulator.faults.answer(1, status, b"<html>", headers, on="cognito")
    provider, tokens = provider_for(emulator), emulator.issue_tokens()
    with pytest.raises(RenewalFailed) as caught:
        await refreshed(provider, tokens)
    assert caught.value.kind == ("server" if (status, action) == (405, None) else "firewall")
    assert caught.value.status == status
    assert (await refreshed(provider, tokens))[1] == "GetTokensFromRefreshToken"
    assert emulator.counters["cognito.InitiateAuth"] == 0


async def test_a_lost_response_of_a_refresh_is_made_up_for_in_the_grace_period() -> None:
    async with Emulator(rotation=True, grace_period=5) as emulator:
        provider, tokens = provider_for(emulator), emulator.issue_tokens()
        emulator.faults.drop(1, on="cognito", after_execution=True)
        newer, _ = await refreshed(provider, tokens)
        assert newer.refresh_token != tokens.refresh_token


@pytest.mark.slow
async def test_a_response_that_hangs_for_ever_is_made_up_for_in_a_grace_period_of_5_seconds() -> (
    None
):
    async with Emulator(rotation=True, grace_period=5) as emulator:
        tokens = emulator.issue_tokens()
        with HangingProxy(emulator.cognito_url, responses=1) as proxy:
            provider = provider_for(emulator, endpoint_url=proxy.url)
            newer, _ = await refreshed(provider, tokens)
        assert newer.refresh_token != tokens.refresh_token
        assert emulator.counters["refreshes"] == 2


async def test_a_rotated_refresh_token_is_returned_even_if_the_jwts_can_not_be_used(
    emulator: Emulator,
) -> None:
    result = {"AccessToken": "opaque", "IdToken": "opaque", "RefreshToken": "rotated"}
    emulator.faults.answer(1, 200, {"AuthenticationResult": result}, on="cognito")
    grant = await asyncio.to_thread(provider_for(emulator).refresh, emulator.issue_tokens())
    assert grant.tokens == Tokens(refresh_token="rotated")
    assert not grant.just_issued


async def test_a_failure_of_cognito_does_not_count_as_lacking_the_call(emulator: Emulator) -> None:
    provider = provider_for(emulator)
    tokens = emulator.issue_tokens()
    emulator.faults.server_error(3, on="cognito")
    with pytest.raises(RenewalFailed):
        await refreshed(provider, tokens)
    _, api = await refreshed(provider, tokens)
    assert api == "GetTokensFromRefreshToken"


async def test_without_a_refresh_token_there_is_nothing_to_refresh_with(
    emulator: Emulator,
) -> None:
    tokens = Tokens(access_token=emulator.issue_tokens().access_token)
    with pytest.raises(ConfigurationError, match="no refresh token"):
        await refreshed(provider_for(emulator), tokens)


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
async def test_a_revoked_refresh_token_ends_the_session(emulator: Emulator, how: str) -> None:
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


async def test_a_response_that_is_not_json_is_a_transient_failure(emulator: Emulator) -> None:
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


@pytest.mark.parametrize(
    ("username", "password", "flow", "text"),
    [
        ("ada", "hush-hush", "ADMIN", "flow"),
        ("", "hush-hush", None, "username"),
        (None, "hush-hush", None, "username"),
        ("ada\n", "hush-hush", None, "username"),
        ("ada", "", None, "password"),
        ("ada", b"hush-hush", None, "password"),
        ("ada", None, None, "password"),
    ],
)
def test_wrong_arguments_of_a_sign_in_are_refused(
    username: Any, password: Any, flow: str | None, text: str
) -> None:
    provider = CognitoProvider("c", region="eu-west-1", user_pool_id="eu-west-1_AbC")
    with pytest.raises(ConfigurationError, match=text) as caught:
        provider.sign_in(username, password, flow=flow)
    assert_hidden(caught.value, "hush-hush")


async def test_a_locked_account_is_not_called_a_wrong_password(emulator: Emulator) -> None:
    message = "Password attempts exceeded"
    emulator.faults.cognito_error(1, "NotAuthorizedException", message)
    provider = provider_for(emulator)
    with pytest.raises(SignInFailed, match="locked"):
        await asyncio.to_thread(provider.sign_in, "ada", "x", flow="USER_PASSWORD_AUTH")


async def test_the_answer_to_a_challenge_is_not_sent_twice(emulator: Emulator) -> None:
    """Cognito accepts it once, and would call the second a wrong password."""
    provider = provider_for(emulator, user_pool_id=emulator.user_pool_id)
    emulator.faults.delay(1, 0.0, on="cognito")  # the first call goes its normal way
    emulator.faults.drop(1, on="cognito", after_execution=True)
    with pytest.raises(RenewalFailed) as caught:
        await asyncio.to_thread(provider.sign_in, "ada", "correct horse")
    assert caught.value.kind == "network"
    assert emulator.counters["cognito.RespondToAuthChallenge"] == 1


# -- settings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "pool", "used"),
    [
        (None, "eu-west-1_AbC", "eu-west-1"),
        (None, "eusc-de-east-1_AbC", "eusc-de-east-1"),
        ("us-east-1", "local_AbC", "us-east-1"),
        # The id contains the region where the pool was made; a replica has another one.
        ("us-east-1", "eu-west-1_AbC", "us-east-1"),
        (None, None, None),
    ],
)
def test_the_region_is_the_one_configured_or_else_that_of_the_pools_id(
    region: str | None, pool: str | None, used: str | None
) -> None:
    assert CognitoProvider("c", user_pool_id=pool, region=region).region == used


async def test_the_region_comes_from_the_tokens_issuer_when_it_is_not_configured(
    emulator: Emulator,
) -> None:
    provider = CognitoProvider(emulator.client_id, endpoint_url=emulator.cognito_url)
    newer, _ = await refreshed(provider, emulator.issue_tokens())
    assert newer.username == "ada"


async def test_without_any_region_the_error_says_what_to_pass(emulator: Emulator) -> None:
    store = TokenStore(CognitoProvider("c", endpoint_url=emulator.cognito_url), refresh_token="x")
    with pytest.raises(ConfigurationError) as caught:
        await store.headers()
    assert caught.value.setting == "region"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("client_id", ""),
        ("client_id", None),
        ("client_id", " abc"),
        ("client_id", "abc\n"),
        ("client_id", b"abc"),
        ("region", "Ireland"),
        ("region", "eu_west_1"),
        ("user_pool_id", ""),
        ("user_pool_id", 42),
        ("client_secret", "hush-hush\n"),
        ("client_secret", b"hush-hush"),
        ("device_key", ""),
        ("username", "a\nb"),
        ("endpoint_url", "nonsense"),
        ("endpoint_url", "http://10.0.0.5:9229"),
        ("endpoint_url", "https://user:hush-hush@example.com"),
        ("boto3_session", "session"),
        ("config", {"read_timeout": 1}),
    ],
)
def test_a_wrong_argument_is_refused_at_once_by_its_name(setting: str, value: object) -> None:
    arguments: dict[str, Any] = {"client_id": "c", "client_secret": "s3cret-of-client"}
    with pytest.raises(ConfigurationError) as caught:
        CognitoProvider(**{**arguments, setting: value})
    assert caught.value.setting == setting
    assert_hidden(caught.value, "hush-hush", "s3cret-of-client")


def test_plain_http_to_another_machine_is_used_where_it_is_allowed() -> None:
    provider = CognitoProvider("c", endpoint_url="http://10.0.0.5:9229", allow_insecure=True)
    assert provider.client_id == "c"


async def test_the_address_in_boto3s_environment_variable_is_used(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", emulator.cognito_url)
    # A region of its own, because clients with equal settings are shared by the whole process.
    provider = CognitoProvider(emulator.client_id, region="ca-west-1")
    newer, _ = await refreshed(provider, emulator.issue_tokens())
    assert newer.username == "ada"


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


# -- secrets in tracebacks -----------------------------------------------------------

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator.in_thread(rotation=True, client_secret=SECRET) as emulator:
        emulator.add_user("joan", PASSWORD)
        yield emulator


OPAQUE = {"AuthenticationResult": {"AccessToken": "opaque-token-from-server"}}
RESPONSES: list[tuple[int, bytes | dict[str, Any], dict[str, str]]] = [
    (200, b'"opaque-token-from-server"', {}),
    (200, b"[]", {}),
    (200, b"42", {}),
    (200, b"null", {}),
    (200, b'{"AuthenticationResult": "opaque-token-from-server"}', {}),
    (200, b'{"AuthenticationResult": ["opaque-token-from-server"]}', {}),
    (200, b'{"AuthenticationResult": {"AccessToken": {}}}', {}),
    (200, b"\xff\xfe", {}),
    (200, {}, {}),
    (200, OPAQUE, {}),
    (202, b"", {"x-amzn-waf-action": "challenge"}),
    (301, b"", {"Location": "http://127.0.0.1:1/"}),
    (400, {"__type": "NotAuthorizedException", "message": "Invalid Refresh Token"}, {}),
    (400, {"__type": "NotAuthorizedException", "message": "User is disabled."}, {}),
    (400, {"__type": "NotAuthorizedException", "message": "client secret"}, {}),
    (400, {"__type": "RefreshTokenReuseException", "message": ""}, {}),
    (400, {"__type": "TooManyRequestsException", "message": ""}, {}),
    (400, {"__type": "UnknownOperationException", "message": ""}, {}),
    (400, b"[]", {}),
    (404, b"<html>", {}),
    (405, b"<html>", {"x-amzn-waf-action": "captcha"}),
    (500, {"__type": "InternalErrorException", "message": ""}, {}),
    (503, b"<html>", {}),
]


def error_of(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - its class is part of what is tested
        return error
    return None


@pytest.mark.parametrize(("status", "body", "headers"), RESPONSES)
def test_no_error_of_a_call_shows_a_token_or_a_secret_in_its_traceback(
    running: Emulator, status: int, body: bytes | dict[str, Any], headers: dict[str, str]
) -> None:
    provider = provider_for(running, client_secret=SECRET, user_pool_id=running.user_pool_id)
    tokens = running.issue_tokens()
    hidden = [str(tokens.refresh_token), SECRET, PASSWORD, "opaque-token-from-server", "eyJ"]
    calls: list[Callable[[], object]] = [
        lambda: provider.refresh(tokens),
        lambda: provider.revoke(tokens),
        lambda: provider.sign_in("joan", PASSWORD),
        lambda: provider.sign_in("joan", PASSWORD, flow="USER_PASSWORD_AUTH"),
    ]
    failed = 0
    # What is attempted three times, with pauses, is tried with one call only.
    repeated = (isinstance(body, dict) and "TooMany" in str(body)) or status in {500, 503}
    for call in calls[:1] if repeated else calls:
        running.faults.clear()
        running.faults.answer(9, status, body, headers, on="cognito")
        error = error_of(call)
        failed += error is not None
        if error is not None:
            assert isinstance(error, AppSyncError)
            assert_hidden(error, *hidden)
    assert failed >= (1 if repeated else 3)


def test_no_error_of_a_real_refusal_shows_a_token_or_a_secret(running: Emulator) -> None:
    running.faults.clear()
    wrong = SECRET[::-1]
    pool = {"user_pool_id": running.user_pool_id}
    provider = provider_for(running, client_secret=SECRET, **pool)
    unwanted = provider_for(running, client_secret=wrong, **pool)
    running.add_user("grace", PASSWORD, mfa_code="123456")
    tokens = running.issue_tokens()
    refresh_token = str(tokens.refresh_token)
    calls: list[tuple[Callable[[], object], type]] = [
        (lambda: provider.sign_in("joan", "wr0ng-password"), SignInFailed),
        (lambda: provider.sign_in("grace", PASSWORD), ChallengeRequired),
        (lambda: unwanted.sign_in("joan", PASSWORD), ConfigurationError),
        (lambda: unwanted.refresh(tokens), ConfigurationError),
        (lambda: unwanted.revoke(tokens), ConfigurationError),
        (lambda: provider.revoke(tokens), NoneType),
        (lambda: provider.refresh(tokens), SessionExpired),
    ]
    for call, kind in calls:
        error = error_of(call)
        assert type(error) is kind
        if error is not None:
            assert_hidden(error, refresh_token, PASSWORD, SECRET, wrong, "wr0ng-password")
    with pytest.raises(ConfigurationError) as caught:
        provider_for(running, client_secret="x").refresh(tokens)
    assert caught.value.setting == "client_secret"
    assert_hidden(caught.value, refresh_token)


def test_a_server_that_can_not_be_reached_is_a_failure_of_the_network() -> None:
    provider = CognitoProvider("c", region="eu-west-1", endpoint_url="http://127.0.0.1:1")
    with pytest.raises(RenewalFailed) as caught:
        provider.refresh(Tokens(refresh_token="refresh-token-1"))
    assert caught.value.kind == "network"
    assert_hidden(caught.value, "refresh-token-1")
