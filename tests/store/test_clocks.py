"""Clocks that are wrong, jump or sleep."""

from __future__ import annotations

import pytest

from appsync_gql import (
    TokenStore,
)
from appsync_gql.testing import FakeClock
from support.store import (
    EXPIRED,
    NOON,
    FakeProvider,
    tokens_at,
    wait_until_idle,
)


@pytest.mark.parametrize("skew", [-5.0, -600.0, 7200.0, 43200.0, -43200.0])
async def test_a_wrong_clock_makes_no_refresh_loop_and_expiry_is_met_on_time(
    clock: FakeClock, skew: float
) -> None:
    provider = FakeProvider(clock, lifetime=300, skew=skew)
    store = TokenStore(provider, refresh_token="refresh-0", clock=clock)
    await store.headers()
    for _ in range(26):
        clock.advance(10)
        assert store.headers_nowait() is not None
    assert len(provider.calls) == 1
    clock.advance(10)
    store.headers_nowait()
    await wait_until_idle(store)
    assert len(provider.calls) == 2


async def test_the_servers_date_corrects_tokens_that_were_not_issued_to_this_process(
    clock: FakeClock, provider: FakeProvider
) -> None:
    """The machine's clock is two hours behind: the token looks alive and is not."""
    store = TokenStore(provider, tokens=tokens_at(NOON, lifetime=3600), clock=clock)
    assert store.headers_nowait() is not None
    store.answered("Fri, 15 Jan 2027 10:00:00 GMT", 0.1)
    assert store.headers_nowait() is not None, "one response alone may be a broken machine's"
    clock.advance(1)
    store.answered("Fri, 15 Jan 2027 10:00:01 GMT", 0.1)
    assert store.headers_nowait() is None


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Foo 2026 25:61:61 GMT"])
async def test_a_date_that_makes_no_sense_is_passed_over(
    store: TokenStore, date: str | None
) -> None:
    store.answered(date, 0.1)
    assert store.headers_nowait() is not None


async def test_twelve_hours_of_sleep_with_the_monotonic_clock_frozen_are_noticed(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    clock.jump_wall(12 * 3600)
    assert store.headers_nowait() is None
    await store.headers()
    assert len(provider.calls) == 1
    await store.headers()
    assert len(provider.calls) == 1


async def test_a_wall_clock_that_is_set_back_changes_nothing(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    clock.jump_wall(-7200)
    clock.advance(EXPIRED)
    assert store.headers_nowait() is None
    await store.headers()
    assert len(provider.calls) == 1


async def test_a_window_longer_than_the_tokens_life_does_not_refresh_at_every_call(
    clock: FakeClock,
) -> None:
    provider = FakeProvider(clock, lifetime=20)
    store = TokenStore(provider, tokens=provider.issue(), clock=clock, refresh_window=30)
    for _ in range(100):
        await store.headers()
        await wait_until_idle(store)
        clock.advance(1)
    assert len(provider.calls) <= 100 / (20 - 10) + 1
