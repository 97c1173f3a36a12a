"""Events, status, signing in, closing."""

from __future__ import annotations

import asyncio
import pickle
import threading

import pytest
from gql.transport.exceptions import TransportClosed

from appsync_gql import (
    MemoryPersistence,
    TokenState,
    TokenStore,
    events,
)
from appsync_gql.testing import FakeClock
from support.store import (
    ANYBODY,
    EXPIRED,
    STALE,
    BlockedCall,
    EventRecorder,
    FakeProvider,
    wait_until_idle,
)


async def test_a_renewal_is_reported_with_its_reason_times_and_call(
    store: TokenStore, clock: FakeClock, recorder: EventRecorder
) -> None:
    clock.advance(EXPIRED)
    await store.headers()
    (renewed,) = await asyncio.to_thread(recorder.wait_for, events.Renewed)
    assert isinstance(renewed, events.Renewed)
    assert (renewed.reason, renewed.api) == ("expired", "FakeRefresh")
    assert renewed.issued_at is not None
    assert (renewed.expires_at - renewed.issued_at).total_seconds() == 3600


@pytest.mark.parametrize("misbehave", ["raise", "call back", "wait for a renewal"])
async def test_a_listener_that_misbehaves_harms_nothing(
    clock: FakeClock, provider: FakeProvider, misbehave: str
) -> None:
    done = threading.Event()

    def listener(event: events.Event) -> None:
        if isinstance(event, events.Replayed):
            done.set()
        elif misbehave == "raise":
            raise RuntimeError
        elif misbehave == "call back":
            store.blocking.headers()
        elif len(provider.calls) < 3:
            store.blocking.renew(store.blocking.headers())

    store = TokenStore(provider, tokens=provider.issue(), clock=clock, on_event=listener)
    clock.advance(EXPIRED)
    await asyncio.wait_for(store.headers(), 5)
    store.replayed("refused")
    assert await asyncio.to_thread(done.wait, 5), "later events still arrive"
    await asyncio.wait_for(store.headers(), 5)


async def test_status_shows_the_session_and_counts_without_a_secret(
    store: TokenStore, clock: FakeClock, recorder: EventRecorder
) -> None:
    status = store.status()
    assert (status.state, status.username) == (TokenState.FRESH, "ada")
    assert (status.user_pool_id, status.seconds_left) == ("eu-west-1_Example", 3599.0)
    clock.advance(EXPIRED)
    await store.headers()
    store.replayed("refused")
    await asyncio.to_thread(recorder.wait_for, events.Replayed)
    assert store.status().counts == {"Renewed": 1, "Replayed": 1}
    tokens = await store.tokens()
    for shown in (repr(store), repr(store.status())):
        assert "ada" in shown
        assert str(tokens.access_token) not in shown
        assert str(tokens.refresh_token) not in shown


async def test_a_store_is_not_pickled(store: TokenStore) -> None:
    with pytest.raises(TypeError, match="neither pickled nor copied"):
        pickle.dumps(store)


async def test_a_closed_store_hands_out_nothing(store: TokenStore) -> None:
    async with store:
        assert await store.headers()
    with pytest.raises(TransportClosed):
        store.headers_nowait()
    with pytest.raises(TransportClosed):
        await store.renew()
    await store.aclose()


async def test_closing_waits_for_the_renewal_so_that_a_rotated_token_is_saved(
    clock: FakeClock, provider: FakeProvider
) -> None:
    persistence, blocked = MemoryPersistence(), BlockedCall()
    store = TokenStore(
        provider, tokens=provider.issue(), persistence=persistence, clock=clock, jitter=float
    )
    provider.outcomes.append(blocked)
    clock.advance(STALE)
    store.headers_nowait()
    await asyncio.to_thread(blocked.started.wait, 10)
    closing = asyncio.ensure_future(store.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    blocked.release()
    await asyncio.wait_for(closing, 5)
    saved = persistence.load(ANYBODY)
    assert saved is not None
    assert saved.refresh_token == "refresh-1"


async def test_signing_in_starts_a_new_session_that_an_older_renewal_can_not_undo(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    blocked = BlockedCall()
    provider.outcomes.append(blocked)
    clock.advance(STALE)
    store.headers_nowait()
    await asyncio.to_thread(blocked.started.wait, 10)
    signing_in = asyncio.ensure_future(store.sign_in("grace", "password"))
    while store.status().username != "grace":
        await asyncio.sleep(0)
    blocked.release()
    signed_in = await signing_in
    await wait_until_idle(store)
    assert signed_in.username == "grace"
    assert (await store.tokens()).username == "grace"
