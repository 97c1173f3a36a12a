"""Which authorization mode a request has, and who its sender is, without sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from multidict import CIMultiDict

from appsync_gql.testing import Caller, Emulator
from appsync_gql.testing.emulator.auth_api_key import ApiKeyMode
from appsync_gql.testing.emulator.auth_user_pool import UserPoolMode
from appsync_gql.testing.emulator.authorization import (
    Authorization,
    AuthorizationFailed,
    AuthorizationRequest,
)


@pytest.fixture
def pool() -> Emulator:
    """An emulator that issues tokens and is never started."""
    return Emulator()


def authorization_of(pool: Emulator, *, keys: tuple[str, ...] = ("da2-key",)) -> Authorization:
    mode = UserPoolMode(issuer=pool.issuer, client_id=pool.client_id, now=pool.now)
    return Authorization([mode, ApiKeyMode(keys, now=pool.now)] if keys else [mode])


async def caller(authorization: Authorization, /, **headers: str) -> Caller:
    return await authorization.authorize(AuthorizationRequest(headers=CIMultiDict(headers)))


def access_token(pool: Emulator, **more: Any) -> str:
    return str(pool.issue_tokens(**more).access_token)


async def error_of(authorization: Authorization, /, **headers: str) -> tuple[str, str, int]:
    with pytest.raises(AuthorizationFailed) as caught:
        await caller(authorization, **headers)
    return caught.value.error_type, caught.value.message, caught.value.status


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (lambda _: {}, "Valid authorization header not provided."),
        (lambda _: {"Authorization": ""}, "Valid authorization header not provided."),
        (lambda _: {"Authorization": "garbage"}, "Unable to parse JWT token."),
        (lambda _: {"Authorization": "Bearer garbage"}, "Unable to parse JWT token."),
        (
            lambda p: {"Authorization": p.forge_token()},
            "Valid authorization header not provided.",
        ),
        (
            lambda _: {"Authorization": access_token(Emulator(region="eu-west-1"))},
            "Valid authorization header not provided.",
        ),
        (lambda p: {"Authorization": access_token(p, issued_ago=3600)}, "Token has expired."),
        (lambda _: {"x-api-key": "da2-other"}, "You are not authorized to make this call."),
    ],
    ids=["none", "empty", "no JWT", "Bearer", "forged", "another pool", "expired", "wrong key"],
)
async def test_a_request_without_valid_credentials_is_refused(
    pool: Emulator, headers: Callable[[Emulator], dict[str, str]], message: str
) -> None:
    expected = ("UnauthorizedException", message, 401)
    assert await error_of(authorization_of(pool), **headers(pool)) == expected


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", ""])
async def test_a_token_is_accepted_with_the_scheme_bearer_and_without(
    pool: Emulator, scheme: str
) -> None:
    headers = {"Authorization": f"{scheme}{access_token(pool)}"}
    caller = await authorization_of(pool).authorize(AuthorizationRequest(headers=headers))
    assert caller.claims["username"] == "ada"


def test_the_default_mode_is_one_of_the_apis(pool: Emulator) -> None:
    mode = UserPoolMode(issuer=pool.issuer, client_id=pool.client_id, now=pool.now)
    assert Authorization([mode], "AMAZON_COGNITO_USER_POOLS").default_mode == mode.name
    with pytest.raises(ValueError, match="AMAZON_COGNITO_USER_POOLS"):
        Authorization([mode], "API_KEY")


async def test_a_token_of_another_app_client_is_refused(pool: Emulator) -> None:
    mode = UserPoolMode(issuer=pool.issuer, client_id="other", now=pool.now)
    found = await error_of(Authorization([mode]), Authorization=access_token(pool))
    assert found[1] == "Valid authorization header not provided."


@pytest.mark.parametrize("use", ["access_token", "id_token"])
async def test_access_and_id_tokens_are_accepted(pool: Emulator, use: str) -> None:
    token = str(getattr(pool.issue_tokens(), use))
    found = await caller(authorization_of(pool), authorization=token, **{"X-App": "x"})
    assert found.mode == "AMAZON_COGNITO_USER_POOLS"
    assert found.claims["sub"]
    assert dict(found.headers) == {"X-App": "x"}


async def test_an_api_key_is_accepted_and_redacted(pool: Emulator) -> None:
    found = await caller(authorization_of(pool), **{"X-Api-Key": "da2-key"})
    assert (found.mode, dict(found.claims)) == ("API_KEY", {})
    assert found.headers["x-api-key"] == "da2-key"
    assert "da2-key" not in repr(dict(found.headers))


async def test_a_token_takes_precedence_over_an_api_key(pool: Emulator) -> None:
    found = await caller(
        authorization_of(pool), Authorization=access_token(pool), **{"x-api-key": "da2-key"}
    )
    assert found.mode == "AMAZON_COGNITO_USER_POOLS"


@pytest.mark.parametrize(("keys", "single"), [((), True), (("da2-key",), False)])
def test_an_api_knows_whether_it_has_one_mode_only(
    pool: Emulator, keys: tuple[str, ...], *, single: bool
) -> None:
    assert authorization_of(pool, keys=keys).single_mode is single


async def test_without_the_api_key_mode_a_key_is_wrong(pool: Emulator) -> None:
    found = await error_of(authorization_of(pool, keys=()), **{"x-api-key": "da2-key"})
    assert found[1] == "You are not authorized to make this call."
