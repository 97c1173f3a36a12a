"""This package's transport and token store with cognito-local and Amplify's simulator."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jwt
import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError

from appsync_gql import (
    AppSyncTransport,
    Denied,
    Refused,
    SessionExpired,
    Tokens,
    TokenStore,
)

from .cognito_local import LIFETIME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gql.client import AsyncClientSession

    from .cognito_local import CognitoLocal
    from .expiry_proxy import ExpiryProxy
    from .simulator import Simulator

pytestmark = [pytest.mark.peer("cognito-local"), pytest.mark.peer("amplify-appsync-simulator")]

TASKS = 20
SECONDS = 10
PAUSE = 0.05
AT_ONCE = 100
"""Fields of one query."""


@asynccontextmanager
async def signed_in(
    url: str, pool: CognitoLocal, tokens: Tokens | None = None
) -> AsyncIterator[tuple[AsyncClientSession, TokenStore]]:
    """Connect to the API as the pool's user."""
    if tokens is None:
        tokens = await asyncio.to_thread(pool.sign_in)
    async with (
        TokenStore(pool.provider(), tokens=tokens) as store,
        Client(transport=AppSyncTransport(url, auth=store)) as session,
    ):
        yield session, store


async def add(session: AsyncClientSession, key: str) -> Any:
    return await session.execute(gql(f'mutation {{ add(key: "{key}") }}'))


async def expiry_of(tokens: Tokens) -> None:
    """Wait until the access token has expired."""
    assert tokens.access is not None
    assert tokens.access.expires_at - time.time() <= LIFETIME
    await asyncio.sleep(max(0.0, tokens.access.expires_at - time.time()))


def foreign(tokens: Tokens) -> Tokens:
    """The same session with an access token that the simulator refuses."""
    issuer = f"https://example.com/{tokens.user_pool_id}"
    claims = {"iss": issuer, "iat": time.time(), "exp": time.time() + 3600}
    token = jwt.encode(claims, "k" * 32, algorithm="HS256")
    return Tokens(access_token=token, refresh_token=tokens.refresh_token)


@pytest.mark.slow
async def test_twenty_tasks_see_no_error_of_tokens_that_are_valid_for_three_seconds(
    proxy: ExpiryProxy, appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    keys: list[str] = []

    async def work(session: AsyncClientSession) -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            keys.append(str(uuid4()))
            assert await add(session, keys[-1]) == {"add": 1}
            assert await session.execute(gql("{ me }")) == {"me": "ada"}
            await asyncio.sleep(PAUSE)

    async with signed_in(proxy.url, cognito_local) as (session, store):
        await asyncio.gather(*(work(session) for _ in range(TASKS)))
        counts = store.status().counts
    assert set(counts) <= {"Renewed", "Replayed"}
    assert SECONDS // LIFETIME <= counts["Renewed"] <= SECONDS / (LIFETIME / 4) + 1
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        assert await appsync_simulator.runs(*some) == [1] * len(some)
    assert proxy.requests == 2 * len(keys) + proxy.refused


@pytest.mark.slow
async def test_an_expired_session_is_renewed_before_anything_is_sent(
    proxy: ExpiryProxy, appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    tokens = await asyncio.to_thread(cognito_local.sign_in)
    await expiry_of(tokens)
    key = str(uuid4())
    async with signed_in(proxy.url, cognito_local, tokens) as (session, _):
        await add(session, key)
    assert await appsync_simulator.runs(key) == [1]
    assert proxy.refused == 0
    assert proxy.tokens != [tokens.access_token]


async def test_a_mutation_refused_in_flight_is_replayed_and_runs_once(
    proxy: ExpiryProxy, appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    tokens = await asyncio.to_thread(cognito_local.sign_in)
    proxy.reject.add(str(tokens.access_token))
    key = str(uuid4())
    async with signed_in(proxy.url, cognito_local, tokens) as (session, store):
        assert await add(session, key) == {"add": 1}
        assert store.status().counts["Replayed"] == 1
    assert (proxy.requests, proxy.refused) == (2, 1)
    assert await appsync_simulator.runs(key) == [1]


async def test_a_token_of_another_issuer_is_replaced_after_the_simulators_401(
    appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    tokens = foreign(await asyncio.to_thread(cognito_local.sign_in))
    async with signed_in(appsync_simulator.url, cognito_local, tokens) as (session, store):
        assert await session.execute(gql("{ me }")) == {"me": "ada"}
        assert store.status().counts == {"Renewed": 1, "Replayed": 1}


@pytest.mark.slow
async def test_a_revoked_session_works_until_its_token_expires_and_then_raises_session_expired(
    proxy: ExpiryProxy, cognito_local: CognitoLocal
) -> None:
    tokens = await asyncio.to_thread(cognito_local.sign_in)
    async with signed_in(proxy.url, cognito_local, tokens) as (session, _):
        await asyncio.to_thread(cognito_local.revoke, tokens)
        assert await session.execute(gql("{ me }")) == {"me": "ada"}
        await expiry_of(tokens)
        with pytest.raises(SessionExpired, match="sign in again"):
            await session.execute(gql("{ me }"))
    assert proxy.refused == 0


async def test_a_denied_query_raises_an_error_with_the_other_data(
    appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    async with signed_in(appsync_simulator.url, cognito_local) as (session, _):
        with pytest.raises(Denied) as caught:
            await session.execute(gql("{ me secret }"))
    assert caught.value.data == {"me": "ada", "secret": None}
    assert caught.value.status == 200
    assert caught.value.error_type == "Unauthorized"


async def test_a_denied_query_succeeds_when_new_tokens_contain_the_group(
    appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    async with signed_in(appsync_simulator.url, cognito_local) as (session, _):
        await asyncio.to_thread(cognito_local.join, "Admins")
        assert await session.execute(gql("{ secret }")) == {"secret": "the vault is open"}


async def test_a_denied_mutation_is_not_replayed_although_new_tokens_would_help(
    appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    key = str(uuid4())
    async with signed_in(appsync_simulator.url, cognito_local) as (session, store):
        await asyncio.to_thread(cognito_local.join, "Admins")
        with pytest.raises(Denied) as caught:
            await session.execute(gql(f'mutation {{ add(key: "{key}") addAsAdmin(key: "{key}") }}'))
        assert "Replayed" not in store.status().counts
    assert caught.value.data == {"add": 1, "addAsAdmin": None}
    assert caught.value.may_have_executed
    assert await appsync_simulator.runs(key) == [1]


async def test_a_request_with_a_header_of_the_caller_is_not_replayed(
    proxy: ExpiryProxy, cognito_local: CognitoLocal
) -> None:
    async with signed_in(proxy.url, cognito_local) as (session, store):
        with pytest.raises(Refused, match="Invalid API key") as caught:
            await session.execute(gql("{ me }"), extra_args={"headers": {"x-api-key": "nonsense"}})
        assert store.status().counts == {}
    assert caught.value.status == 401
    assert proxy.requests == 1


async def test_a_missing_token_is_the_same_error_as_with_gqls_own_transport(
    appsync_simulator: Simulator,
) -> None:
    async with Client(transport=AppSyncTransport(appsync_simulator.url)) as session:
        with pytest.raises(TransportQueryError) as caught:
            await session.execute(gql("{ me }"))
    assert caught.value.errors is not None
    assert caught.value.errors[0]["errorType"] == "UnauthorizedException"
