"""The durable copy."""

from __future__ import annotations

import asyncio

import pytest

from appsync_gql import (
    Headers,
    MemoryPersistence,
    RenewalFailed,
    Tokens,
    TokenStore,
    events,
)
from appsync_gql.testing import FakeClock
from support import (
    EXPIRED,
    FakeProvider,
    Told,
    fixed_delay,
    landed,
)


class FailingPersistence(MemoryPersistence):
    """Fails to save as often as it is told."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def save(self, tokens: Tokens) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError(28, "No space left on device")
        super().save(tokens)


async def test_a_failed_save_is_told_loses_nothing_and_is_tried_again(
    clock: FakeClock, provider: FakeProvider, told: Told
) -> None:
    persistence = FailingPersistence(failures=1)
    store = TokenStore(
        provider,
        tokens=provider.issue(),
        persistence=persistence,
        clock=clock,
        on_event=told,
        delays=fixed_delay(5),
    )
    clock.advance(EXPIRED)
    renewed = await store.tokens()
    (failed,) = await asyncio.to_thread(told.wait_for, events.SaveFailed)
    assert isinstance(failed, events.SaveFailed)
    assert "No space left" in failed.message
    assert store.status().unsaved
    assert persistence.load() is None
    clock.advance(5)
    assert await store.tokens() is renewed
    await landed(store)
    assert persistence.load() is renewed
    assert not store.status().unsaved


async def test_what_is_unsaved_is_saved_when_the_store_is_closed(
    clock: FakeClock, provider: FakeProvider
) -> None:
    persistence = FailingPersistence(failures=1)
    store = TokenStore(provider, tokens=provider.issue(), persistence=persistence, clock=clock)
    clock.advance(EXPIRED)
    renewed = await store.tokens()
    await store.aclose()
    assert persistence.load() == renewed


class BrokenPersistence(MemoryPersistence):
    def load(self) -> Tokens | None:
        raise OSError(5, "Input/output error")


async def test_a_storage_that_can_not_be_read_is_a_transient_failure(
    clock: FakeClock, provider: FakeProvider
) -> None:
    store = TokenStore(
        provider, tokens=provider.issue(), persistence=BrokenPersistence(), clock=clock
    )
    clock.advance(EXPIRED)
    with pytest.raises(RenewalFailed) as caught:
        await store.headers()
    assert caught.value.kind == "storage"
    assert provider.calls == []


class CallingBack(MemoryPersistence):
    """A save hook that asks the store it belongs to."""

    owner: TokenStore
    seen: Headers | None = None

    def save(self, tokens: Tokens) -> None:
        super().save(tokens)
        self.seen = self.owner.blocking.headers()


async def test_a_save_hook_that_calls_back_gets_the_new_headers(
    clock: FakeClock, provider: FakeProvider
) -> None:
    """Pitfall: it would wait for the renewal that waits for it."""
    persistence = CallingBack()
    store = TokenStore(provider, tokens=provider.issue(), persistence=persistence, clock=clock)
    persistence.owner = store
    clock.advance(EXPIRED)
    headers = await asyncio.wait_for(store.headers(), 5)
    assert persistence.seen == headers


async def test_a_provider_that_calls_back_is_told_instead_of_hanging(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    provider.outcomes.append(store.blocking.headers)
    clock.advance(EXPIRED)
    with pytest.raises(RenewalFailed, match="inside the renewal"):
        await asyncio.wait_for(store.headers(), 5)
