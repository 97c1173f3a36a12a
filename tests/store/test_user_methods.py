"""Sessions from elsewhere, and providers without the optional methods."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appsync_gql import (
    ChallengeRequired,
    Clock,
    ConfigurationError,
    MemoryPersistence,
    Tokens,
    TokenStore,
)
from appsync_gql.testing import FakeClock
from support.store import NOON, FakeProvider, tokens_at
from support.tracebacks import assert_hidden


@pytest.fixture
def clock() -> Clock:
    return FakeClock(NOON)


def store_with(clock: Clock, **more: Any) -> TokenStore:
    return TokenStore(FakeProvider(clock), clock=clock, **more)


@pytest.mark.parametrize("kind", ["async", "blocking"])
async def test_a_session_from_elsewhere_is_used_and_saved(clock: Clock, kind: str) -> None:
    persistence = MemoryPersistence()
    store = store_with(clock, persistence=persistence)
    tokens = tokens_at(NOON)
    if kind == "async":
        await store.use(tokens)
    else:
        await asyncio.to_thread(store.blocking.use, tokens)
    assert (await store.headers())["Authorization"] == tokens.access_token
    assert not store.status().unsaved
    other = store_with(clock, persistence=persistence)
    assert await other.tokens() == tokens


async def test_it_replaces_the_former_session(clock: Clock) -> None:
    store = store_with(clock, tokens=tokens_at(NOON, user="ada"))
    await store.use(tokens_at(NOON, user="grace"))
    assert store.status().username == "grace"


async def test_a_refresh_token_alone_is_refreshed_by_the_next_request(clock: Clock) -> None:
    persistence = MemoryPersistence()
    store = store_with(clock, persistence=persistence)
    await store.use(Tokens(refresh_token="refresh-0"))
    tokens = await store.tokens()
    assert tokens.refresh_token == "refresh-1"
    assert await store_with(clock, persistence=persistence).tokens() == tokens


@pytest.mark.parametrize("given", [None, "hush-hush", {"access_token": "hush-hush"}])
async def test_what_are_no_tokens_are_refused(clock: Clock, given: Any) -> None:
    store = store_with(clock)
    with pytest.raises(ConfigurationError) as caught:
        await store.use(given)
    assert caught.value.setting == "tokens"
    with pytest.raises(ConfigurationError):
        store.blocking.use(given)


async def test_tokens_without_the_kind_that_is_sent_are_refused(clock: Clock) -> None:
    tokens = Tokens(access_token=tokens_at(NOON).access_token)
    with pytest.raises(ConfigurationError, match="id token"):
        await store_with(clock, token_use="id").use(tokens)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("answer", (ChallengeRequired(""),)),
        ("sign_up", ("ada", "hush-hush")),
        ("confirm_sign_up", ("ada", "hush-hush")),
        ("forgot_password", ("ada",)),
        ("confirm_forgot_password", ("ada", "hush-hush", "hush-hush")),
    ],
)
async def test_a_provider_without_an_optional_method_is_named(
    clock: Clock, method: str, arguments: tuple[Any, ...]
) -> None:
    store = store_with(clock)
    with pytest.raises(ConfigurationError, match=f"FakeProvider has no method {method}") as caught:
        await getattr(store, method)(*arguments)
    assert_hidden(caught.value, "hush-hush")
    with pytest.raises(ConfigurationError, match="CognitoProvider has"):
        await asyncio.to_thread(getattr(store.blocking, method), *arguments)
