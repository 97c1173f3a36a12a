"""Tasks, loops and threads that come together, and leave."""

from __future__ import annotations

import asyncio
import threading

import pytest

from appsync_gql import (
    MemoryPersistence,
    TokenStore,
    events,
)
from appsync_gql.testing import FakeClock
from support.store import (
    ANYBODY,
    EXPIRED,
    BlockedCall,
    EventRecorder,
    FakeProvider,
    token,
)


async def test_a_cancelled_waiter_leaves_the_others_and_the_renewal_alone(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    blocked = BlockedCall()
    provider.outcomes.append(blocked)
    clock.advance(EXPIRED)
    waiters = [asyncio.ensure_future(store.headers()) for _ in range(5)]
    await asyncio.to_thread(blocked.started.wait, 10)
    waiters[0].cancel()
    blocked.release()
    got = await asyncio.gather(*waiters, return_exceptions=True)
    assert isinstance(got[0], asyncio.CancelledError)
    assert len({token(h) for h in got[1:] if not isinstance(h, BaseException)}) == 1
    assert await store.headers()
    assert len(provider.calls) == 1


async def test_the_renewal_goes_on_when_every_caller_is_cancelled(
    store: TokenStore, clock: FakeClock, provider: FakeProvider, recorder: EventRecorder
) -> None:
    blocked = BlockedCall()
    provider.outcomes.append(blocked)
    clock.advance(EXPIRED)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(store.headers(), 0.01)
    blocked.release()
    await asyncio.to_thread(recorder.wait_for, events.Renewed)
    assert await store.headers()
    assert provider.calls == ["refresh-0"]


def test_a_loop_that_ends_in_mid_renewal_does_not_lose_the_rotated_token(
    clock: FakeClock, provider: FakeProvider, recorder: EventRecorder
) -> None:
    blocked, persistence = BlockedCall(), MemoryPersistence()
    provider.outcomes.append(blocked)
    store = TokenStore(
        provider,
        tokens=provider.issue(),
        clock=clock,
        on_event=recorder,
        persistence=persistence,
    )
    clock.advance(EXPIRED)

    async def leave_early() -> None:
        task = asyncio.ensure_future(store.headers())
        await asyncio.to_thread(blocked.started.wait, 10)
        assert not task.done()

    asyncio.run(leave_early())
    blocked.release()
    recorder.wait_for(events.Renewed)
    assert token(asyncio.run(store.headers()))
    saved = persistence.load(ANYBODY)
    assert saved is not None
    assert saved.refresh_token == "refresh-1"


def test_one_store_serves_two_event_loops_one_after_the_other(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    """Pitfall: a lock that is bound to the first loop."""

    async def contend() -> set[str]:
        return {token(h) for h in await asyncio.gather(*(store.headers() for _ in range(10)))}

    for _ in range(2):
        clock.advance(EXPIRED)
        assert len(asyncio.run(contend())) == 1
    assert len(provider.calls) == 2


@pytest.mark.parametrize("callers", ["loops", "threads"])
def test_loops_and_threads_that_contend_share_one_renewal(
    store: TokenStore, clock: FakeClock, provider: FakeProvider, callers: str
) -> None:
    blocked = BlockedCall()
    provider.outcomes.append(blocked)
    clock.advance(EXPIRED)
    got: list[str] = []

    async def several() -> None:
        got.extend(token(h) for h in await asyncio.gather(*(store.headers() for _ in range(5))))

    def run() -> None:
        if callers == "loops":
            asyncio.run(several())
        else:
            got.append(token(store.blocking.headers()))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert blocked.started.wait(10)
    blocked.release()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert len(got) == (20 if callers == "loops" else 4)
    assert len(set(got)) == 1
    assert len(provider.calls) == 1


async def test_a_slow_refresh_does_not_stop_the_loop(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    """Pitfall: a thread lock held over an await; two tasks would deadlock."""
    blocked = BlockedCall()
    provider.outcomes.append(blocked)
    clock.advance(EXPIRED)
    two = [asyncio.ensure_future(store.headers()) for _ in range(2)]
    await asyncio.to_thread(blocked.started.wait, 10)
    ticks = 0
    for _ in range(100):
        await asyncio.sleep(0)
        ticks += 1
    assert ticks == 100
    assert not any(task.done() for task in two)
    blocked.release()
    await asyncio.wait_for(asyncio.gather(*two), 1)


@pytest.mark.slow
async def test_a_thousand_stores_share_a_few_threads(clock: FakeClock) -> None:
    stores = []
    for _ in range(1000):
        provider = FakeProvider(clock)
        stores.append(TokenStore(provider, refresh_token="refresh-0", clock=clock))
    await asyncio.gather(*(s.headers() for s in stores))
    ours = [t for t in threading.enumerate() if t.name.startswith("appsync-gql")]
    # Sixteen and a supervisor; more only where a slow machine makes work look stuck.
    assert len(ours) <= 64


async def test_a_caller_cancelled_in_the_queue_for_the_lock_does_not_keep_it(
    clock: FakeClock, provider: FakeProvider
) -> None:
    """Pitfall: the thread gets the lock after its caller has gone, and never gives it back."""
    persistence = MemoryPersistence()
    store = TokenStore(provider, tokens=provider.issue(), persistence=persistence, clock=clock)
    clock.advance(EXPIRED)
    with persistence.lock(ANYBODY):
        waiter = asyncio.ensure_future(store.headers())
        await asyncio.sleep(0.01)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
    assert token(await asyncio.wait_for(store.headers(), 5))
    with persistence.lock(ANYBODY):
        pass
    assert len(provider.calls) == 1
