"""Who gets which headers, and at what cost."""

from __future__ import annotations

import asyncio

import pytest

from appsync_gql import (
    NotSignedIn,
    SessionExpired,
    Tokens,
    TokenStore,
    events,
)
from appsync_gql.testing import FakeClock
from support.store import (
    EXPIRED,
    NOON,
    STALE,
    BlockedCall,
    EventRecorder,
    FakeProvider,
    token,
    tokens_at,
    wait_until_idle,
)


async def test_a_fresh_token_is_handed_out_bare_and_without_a_call(
    store: TokenStore, provider: FakeProvider
) -> None:
    headers = store.headers_nowait()
    assert headers is not None
    assert dict(headers) == {"Authorization": (await store.tokens()).access_token}
    assert await store.headers() is headers
    assert provider.calls == []


async def test_the_id_token_is_sent_on_request(clock: FakeClock, provider: FakeProvider) -> None:
    tokens = provider.issue()
    store = TokenStore(provider, tokens=tokens, clock=clock, token_use="id")
    assert token(await store.headers()) == tokens.id_token


async def test_a_stale_token_is_handed_out_while_one_renewal_runs_behind(
    store: TokenStore, clock: FakeClock, provider: FakeProvider, recorder: EventRecorder
) -> None:
    blocked = BlockedCall()
    provider.outcomes.append(blocked)
    old = token(store.headers_nowait())
    clock.advance(STALE)
    assert {token(store.headers_nowait()) for _ in range(50)} == {old}
    assert await asyncio.to_thread(blocked.started.wait, 10)
    assert token(store.headers_nowait()) == old
    blocked.release()
    await asyncio.to_thread(recorder.wait_for, events.Renewed)
    assert token(store.headers_nowait()) != old
    assert len(provider.calls) == 1


async def test_an_expired_token_makes_all_callers_wait_for_one_refresh(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    clock.advance(EXPIRED)
    assert store.headers_nowait() is None
    got = await asyncio.gather(*(store.headers() for _ in range(50)))
    assert len({token(h) for h in got}) == 1
    assert len(provider.calls) == 1


async def test_a_refresh_token_alone_gets_the_rest_at_first_use(
    clock: FakeClock, provider: FakeProvider
) -> None:
    store = TokenStore(provider, refresh_token="refresh-0", clock=clock)
    assert provider.calls == []
    await store.headers()
    assert provider.calls == ["refresh-0"]
    assert (await store.tokens()).username == "ada"


async def test_a_rotated_refresh_token_is_the_one_used_next(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    for _ in range(3):
        clock.advance(EXPIRED)
        await store.headers()
    assert provider.calls == ["refresh-0", "refresh-1", "refresh-2"]


async def test_without_a_sign_in_the_first_use_raises(
    clock: FakeClock, provider: FakeProvider
) -> None:
    store = TokenStore(provider, clock=clock)
    with pytest.raises(NotSignedIn, match="sign_in"):
        await store.headers()


async def test_tokens_without_a_refresh_token_serve_until_they_expire(
    clock: FakeClock, provider: FakeProvider
) -> None:
    store = TokenStore(provider, tokens=tokens_at(NOON, refresh_token=None), clock=clock)
    clock.advance(STALE)
    assert store.headers_nowait() is not None
    await wait_until_idle(store)
    clock.advance(100)
    with pytest.raises(SessionExpired, match="no refresh token"):
        await store.headers()


async def test_a_refused_token_is_renewed_once_for_all_that_were_refused(
    store: TokenStore, provider: FakeProvider
) -> None:
    """Pitfall: a lock without a comparison refreshes once for each of them."""
    rejected = await store.headers()
    got = await asyncio.gather(*(store.renew(rejected) for _ in range(50)))
    assert len({token(h) for h in got}) == 1
    assert token(got[0]) != token(rejected)
    assert len(provider.calls) == 1


async def test_a_late_refusal_of_an_older_token_costs_nothing(
    store: TokenStore, provider: FakeProvider
) -> None:
    rejected = await store.headers()
    newer = await store.renew(rejected)
    assert await store.renew(rejected) is newer
    assert await store.renew(rejected, denied=True) is newer
    assert len(provider.calls) == 1


async def test_denials_cause_at_most_one_refresh_a_minute(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    first = await store.headers()
    second = await store.renew(first, denied=True)
    assert token(second) != token(first)
    for _ in range(20):
        assert await store.renew(second, denied=True) == second
    clock.advance(61)
    assert token(await store.renew(second, denied=True)) != token(second)
    assert len(provider.calls) == 2


async def test_a_hundred_forced_renewals_are_slowed_down(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    """Pitfall: forcing a refresh in a loop runs into Cognito's rate limit."""
    for _ in range(100):
        await store.renew()
        clock.advance(0.1)
    assert len(provider.calls) <= 7


async def test_two_users_that_expire_together_never_get_each_others_headers(
    clock: FakeClock,
) -> None:
    stores = {}
    for user in ("ada", "grace"):
        provider = FakeProvider(clock)
        provider.user = user
        stores[user] = TokenStore(provider, tokens=provider.issue(), clock=clock)
    clock.advance(EXPIRED)
    users = [user for _ in range(20) for user in stores]
    got = await asyncio.gather(*(stores[user].headers() for user in users))
    for user, headers in zip(users, got, strict=True):
        assert Tokens(access_token=token(headers)).username == user
