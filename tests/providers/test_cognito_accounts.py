"""Signing up, and changing and resetting passwords, against the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from appsync_gql import (
    AccountFailed,
    CognitoProvider,
    ConfigurationError,
    NotSignedIn,
    RenewalFailed,
    SignInFailed,
    Tokens,
    TokenStore,
)
from appsync_gql.providers.cognito_accounts import error_of_account
from appsync_gql.providers.cognito_errors import ErrorResponse
from appsync_gql.testing import Emulator
from support.tracebacks import assert_hidden

SECRET = "5ecre7" * 8
OLD, NEW = "0ld-password", "n3w-password"


@pytest.fixture(scope="module", params=[None, SECRET], ids=["public", "with a secret"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with Emulator.in_thread(client_secret=request.param) as running:
        yield running


def provider_for(emulator: Emulator) -> CognitoProvider:
    return CognitoProvider(
        emulator.client_id,
        client_secret=emulator.client_secret,
        user_pool_id=emulator.user_pool_id,
        endpoint_url=emulator.cognito_url,
    )


class Blocking:
    """The methods of ``store.blocking`` as coroutine functions."""

    def __init__(self, store: TokenStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store.blocking, name)
        return lambda *args, **more: asyncio.to_thread(method, *args, **more)


@pytest.fixture(params=["async", "blocking"])
def store(request: pytest.FixtureRequest, emulator: Emulator) -> Any:
    made = TokenStore(provider_for(emulator))
    return made if request.param == "async" else Blocking(made)


async def test_a_user_signs_up_confirms_and_signs_in(store: Any, emulator: Emulator) -> None:
    emulator._pool.sign_in.users.pop("joan", None)
    sent_to = await store.sign_up("joan", OLD, {"email": "joan@example.com"})
    assert sent_to == "j***@e***"
    with pytest.raises(SignInFailed, match="not confirmed"):
        await store.sign_in("joan", OLD)
    with pytest.raises(AccountFailed, match="code is wrong"):
        await store.confirm_sign_up("joan", "000000")
    await store.confirm_sign_up("joan", "123456")
    with pytest.raises(AccountFailed, match="present state"):
        await store.confirm_sign_up("joan", "123456")
    assert (await store.sign_in("joan", OLD)).username == "joan"
    with pytest.raises(AccountFailed, match="of that name already"):
        await store.sign_up("joan", OLD)


async def test_a_password_is_reset_with_the_code_that_was_sent(
    store: Any, emulator: Emulator
) -> None:
    emulator.add_user("grace", OLD)
    assert await store.forgot_password("grace") == "g***@e***"
    with pytest.raises(AccountFailed, match="code is wrong"):
        await store.confirm_forgot_password("grace", "000000", NEW)
    with pytest.raises(AccountFailed, match="rules"):
        await store.confirm_forgot_password("grace", "123456", f" {NEW}")
    await store.confirm_forgot_password("grace", "123456", NEW)
    assert (await store.sign_in("grace", NEW)).username == "grace"
    with pytest.raises(AccountFailed, match="no such user"):
        await store.forgot_password("nobody")


async def test_a_user_who_is_signed_in_changes_the_password(store: Any, emulator: Emulator) -> None:
    emulator.add_user("grace", OLD)
    with pytest.raises(NotSignedIn):
        await store.change_password(OLD, NEW)
    tokens = await store.sign_in("grace", OLD)
    with pytest.raises(AccountFailed, match="wrong password"):
        await store.change_password("wrong", NEW)
    await store.change_password(OLD, NEW)
    assert await store.tokens() == tokens
    assert (await store.sign_in("grace", NEW)).username == "grace"


def test_no_password_or_code_is_shown(emulator: Emulator) -> None:
    emulator.add_user("grace", OLD)
    store = TokenStore(provider_for(emulator)).blocking
    store.sign_in("grace", OLD)
    calls: list[tuple[Callable[..., Any], tuple[str, ...]]] = [
        (store.sign_up, ("grace", "hush-hush")),
        (store.confirm_sign_up, ("grace", "hush-hush")),
        (store.confirm_forgot_password, ("grace", "hush-hush", "hush-hush")),
        (store.change_password, ("hush-hush", "hush-hush")),
    ]
    for call, arguments in calls:
        with pytest.raises(AccountFailed) as caught:
            call(*arguments)
        assert_hidden(caught.value, "hush-hush")
        assert caught.value.error_type


def test_changing_a_password_needs_the_access_token() -> None:
    provider = CognitoProvider("client", region="eu-west-1")
    with pytest.raises(ConfigurationError, match="access token") as caught:
        provider.change_password(Tokens(refresh_token="r"), "hush-hush", "hush-hush")
    assert_hidden(caught.value, "hush-hush")


@pytest.mark.parametrize(
    ("name", "message", "kind", "text"),
    [
        ("UsernameExistsException", "User already exists", AccountFailed, "already"),
        ("CodeMismatchException", "", AccountFailed, "try again"),
        ("ExpiredCodeException", "", AccountFailed, "another"),
        ("LimitExceededException", "", AccountFailed, "later"),
        ("TooManyFailedAttemptsException", "", AccountFailed, "too many"),
        ("NotAuthorizedException", "Incorrect username or password.", AccountFailed, "wrong"),
        ("NotAuthorizedException", "SecretHash does not match", ConfigurationError, "secret"),
        ("InvalidParameterException", "no registered/verified email", AccountFailed, "attributes"),
        ("InvalidParameterException", "ClientId", ConfigurationError, "parameter"),
        ("ResourceNotFoundException", "User pool client x", ConfigurationError, "app client"),
        ("TooManyRequestsException", "", RenewalFailed, "too many"),
    ],
)
def test_an_error_says_who_must_do_what(
    name: str, message: str, kind: type[Exception], text: str
) -> None:
    error = error_of_account(ErrorResponse(name=name, message=message))
    assert type(error) is kind
    assert text in str(error)
