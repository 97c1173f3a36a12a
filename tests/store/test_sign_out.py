"""Ending a session, for everybody who shares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appsync_gql import (
    MemoryPersistence,
    NotSignedIn,
    RenewalFailed,
    SignedOut,
    TokenStore,
    events,
)
from support.store import ANYBODY, EXPIRED, EventRecorder, FakeProvider, token, tokens_at

if TYPE_CHECKING:
    from appsync_gql.testing import FakeClock


@pytest.fixture
def persistence() -> MemoryPersistence:
    return MemoryPersistence()


def on(persistence: MemoryPersistence, provider: FakeProvider, clock: FakeClock) -> TokenStore:
    return TokenStore(provider, persistence=persistence, clock=clock, jitter=float)


async def test_sign_out_revokes_the_refresh_token_and_hands_out_no_more(
    store: TokenStore, provider: FakeProvider
) -> None:
    await store.headers()
    await store.sign_out()
    assert provider.revoked == ["refresh-0"]
    with pytest.raises(SignedOut):
        await store.headers()
    assert provider.calls == []


async def test_sign_out_revokes_the_newest_refresh_token_whoever_has_it(
    persistence: MemoryPersistence, provider: FakeProvider, clock: FakeClock
) -> None:
    persistence.save(ANYBODY, provider.issue())
    mine, other = on(persistence, provider, clock), on(persistence, provider, clock)
    await mine.headers()
    await other.headers()
    await other.renew()
    await mine.sign_out()
    assert provider.revoked == ["refresh-1"]


async def test_other_stores_notice_a_sign_out_at_their_next_load(
    persistence: MemoryPersistence,
    provider: FakeProvider,
    clock: FakeClock,
    recorder: EventRecorder,
) -> None:
    persistence.save(ANYBODY, provider.issue())
    mine = on(persistence, provider, clock)
    other = TokenStore(
        provider, persistence=persistence, clock=clock, jitter=float, on_event=recorder
    )
    await other.headers()
    await mine.sign_out()
    clock.advance(EXPIRED)
    for _ in range(3):
        with pytest.raises(SignedOut):
            await other.headers()
    assert len(recorder.wait_for(events.SessionEnded)) == 1
    assert provider.calls == []


async def test_after_a_sign_out_one_can_sign_in_again_and_others_follow(
    persistence: MemoryPersistence, provider: FakeProvider, clock: FakeClock
) -> None:
    persistence.save(ANYBODY, provider.issue())
    mine, other = on(persistence, provider, clock), on(persistence, provider, clock)
    await other.headers()
    await mine.sign_out()
    provider.valid = "refresh-new"
    signed_in = await mine.sign_in("ada", "password")
    clock.advance(60)
    assert token(await other.renew()) == signed_in.access_token


async def test_tokens_of_a_later_sign_in_are_not_taken_for_the_session_that_was_ended(
    persistence: MemoryPersistence, provider: FakeProvider, clock: FakeClock
) -> None:
    persistence.save(ANYBODY, provider.issue())
    await on(persistence, provider, clock).sign_out()
    clock.advance(60)
    provider.valid = "refresh-new"
    again = TokenStore(provider, tokens=provider.issue(), persistence=persistence, clock=clock)
    clock.advance(EXPIRED)
    assert token(await again.headers())


async def test_a_sign_out_that_can_not_reach_the_provider_changes_nothing(
    persistence: MemoryPersistence, clock: FakeClock
) -> None:
    class Unreachable(FakeProvider):
        def revoke(self, tokens: object) -> None:
            del tokens
            raise ConnectionError

    provider = Unreachable(clock)
    persistence.save(ANYBODY, provider.issue())
    store = on(persistence, provider, clock)
    headers = await store.headers()
    with pytest.raises(RenewalFailed):
        await store.sign_out()
    assert await store.headers() == headers
    assert persistence.load(ANYBODY) is not None


async def test_signing_out_twice_or_without_a_session_is_no_error(
    persistence: MemoryPersistence, provider: FakeProvider, clock: FakeClock
) -> None:
    store = on(persistence, provider, clock)
    await store.sign_out()
    with pytest.raises(NotSignedIn):
        await store.headers()
    persistence.save(ANYBODY, tokens_at(clock.wall()))
    store = on(persistence, provider, clock)
    store.blocking.sign_out()
    await store.sign_out()
    assert len(provider.revoked) == 1
