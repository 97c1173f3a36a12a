"""Renewals that fail."""

from __future__ import annotations

import asyncio

import pytest

from appsync_gql import (
    ConfigurationError,
    MemoryPersistence,
    RenewalFailed,
    SessionExpired,
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
    tokens_at,
    wait_until_idle,
)


async def test_a_failed_early_renewal_is_never_shown_and_is_tried_again_after_a_delay(
    store: TokenStore, clock: FakeClock, provider: FakeProvider, recorder: EventRecorder
) -> None:
    """Pitfall: a background refresher dies at its first error."""
    provider.outcomes.append(RenewalFailed("offline", kind="network"))
    clock.advance(STALE)
    assert store.headers_nowait() is not None
    (failed,) = await asyncio.to_thread(recorder.wait_for, events.RenewalFailed)
    assert isinstance(failed, events.RenewalFailed)
    assert (failed.kind, failed.reason, failed.next_attempt_in) == ("network", "stale", 5)
    await wait_until_idle(store)
    for _ in range(20):
        assert store.headers_nowait() is not None
    assert len(provider.calls) == 1
    clock.advance(5)
    assert store.headers_nowait() is not None
    await asyncio.to_thread(recorder.wait_for, events.Renewed)
    assert len(provider.calls) == 2


async def test_every_waiter_gets_the_failure_and_the_next_call_tries_again(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    blocked = BlockedCall()

    def fail() -> None:
        blocked()
        raise RenewalFailed("offline", kind="network")

    provider.outcomes.append(fail)
    clock.advance(EXPIRED)
    waiters = [asyncio.ensure_future(store.headers()) for _ in range(10)]
    await asyncio.to_thread(blocked.started.wait, 10)
    blocked.release()
    errors = await asyncio.wait_for(asyncio.gather(*waiters, return_exceptions=True), 1)
    assert all(isinstance(e, RenewalFailed) for e in errors)
    assert len({id(e) for e in errors}) == 10, "no error object is shared between tasks"
    assert await store.headers()
    assert len(provider.calls) == 2


async def test_repeated_failures_are_not_repeated_by_every_request(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    provider.outcomes.extend(RenewalFailed("offline", kind="network") for _ in range(2))
    clock.advance(EXPIRED)
    for _ in range(20):
        with pytest.raises(RenewalFailed) as caught:
            await store.headers()
    assert caught.value.retry_after == 5
    assert len(provider.calls) == 2
    clock.advance(5)
    assert await store.headers()


async def test_a_back_off_never_hands_out_an_expired_token(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    """Pitfall: botocore looks at its back-off before it looks at the expiry."""
    provider.outcomes.extend(RenewalFailed("offline") for _ in range(3))
    clock.advance(STALE)
    store.headers_nowait()
    await wait_until_idle(store)
    clock.advance(100)
    with pytest.raises(RenewalFailed):
        await store.headers()
    assert store.headers_nowait() is None


@pytest.mark.parametrize(
    "error",
    [RenewalFailed("503"), ConfigurationError("secret"), ValueError("a bug"), OSError("down")],
)
async def test_whatever_fails_the_tokens_are_kept(
    store: TokenStore, clock: FakeClock, provider: FakeProvider, error: Exception
) -> None:
    before = await store.tokens()
    provider.outcomes.append(error)
    clock.advance(STALE)
    store.headers_nowait()
    await wait_until_idle(store)
    assert await store.tokens() is before
    clock.advance(5)
    store.headers_nowait()
    await wait_until_idle(store)
    assert provider.calls == ["refresh-0", "refresh-0"]
    assert await store.tokens() is not before


async def test_a_bug_in_a_provider_arrives_as_a_transient_error_that_names_it(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    provider.outcomes.append(KeyError("secret-detail"))
    clock.advance(EXPIRED)
    with pytest.raises(RenewalFailed, match="KeyError") as caught:
        await store.headers()
    assert isinstance(caught.value.__cause__, KeyError)


async def test_a_session_that_is_over_serves_its_living_token_and_says_so_once(
    store: TokenStore, clock: FakeClock, provider: FakeProvider, recorder: EventRecorder
) -> None:
    over = SessionExpired("revoked", error_type="NotAuthorizedException")
    provider.outcomes.extend([over, over, over])
    clock.advance(STALE)
    assert store.headers_nowait() is not None
    (ended,) = await asyncio.to_thread(recorder.wait_for, events.SessionEnded)
    assert isinstance(ended, events.SessionEnded)
    assert ended.error_type == "NotAuthorizedException"
    await wait_until_idle(store)
    clock.advance(100)
    for _ in range(3):
        with pytest.raises(SessionExpired):
            await store.headers()
    assert len(recorder.of(events.SessionEnded)) == 1


async def test_after_the_session_is_over_a_newer_one_found_in_the_persistence_is_used(
    clock: FakeClock, provider: FakeProvider
) -> None:
    persistence = MemoryPersistence()
    store = TokenStore(provider, tokens=provider.issue(), clock=clock, persistence=persistence)
    clock.advance(EXPIRED)
    elsewhere = tokens_at(clock.wall(), refresh_token="from-elsewhere")

    def somebody_was_faster() -> None:
        persistence.save(ANYBODY, elsewhere)
        raise SessionExpired("used up")

    provider.outcomes.append(somebody_was_faster)
    assert await store.tokens() == elsewhere


async def test_tokens_that_are_born_expired_end_in_a_clear_error_not_in_a_loop(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    provider.lifetime = 0
    clock.advance(EXPIRED)
    with pytest.raises(RenewalFailed, match="clocks") as caught:
        await store.headers()
    assert caught.value.kind == "clock"
    assert len(provider.calls) == 1
