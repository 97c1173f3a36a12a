"""The saved tokens: the first save, sharing, and failures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import (
    ConfigurationError,
    Headers,
    LockTimeout,
    MemoryPersistence,
    RenewalFailed,
    SessionKey,
    StorageCorrupt,
    StorageFailed,
    Tokens,
    TokenState,
    TokenStore,
    events,
)
from appsync_gql.testing import FakeClock
from support.store import (
    ANYBODY,
    EXPIRED,
    NOON,
    STALE,
    BlockedCall,
    EventRecorder,
    FakeProvider,
    fixed_delay,
    token,
    tokens_at,
    wait_until_idle,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[..., TokenStore]


class FailingPersistence(MemoryPersistence):
    """Raises the errors that a test sets; records its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: dict[str, list[Exception]] = {"load": [], "save": [], "lock": []}
        self.uses: list[str] = []

    def _use(self, what: str) -> None:
        self.uses.append(what)
        if self.failing[what]:
            raise self.failing[what].pop(0)

    def load(self, key: SessionKey) -> Tokens | None:
        self._use("load")
        return super().load(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        self._use("save")
        super().save(key, tokens)

    def lock(self, key: SessionKey) -> Any:
        self._use("lock")
        return super().lock(key)

    def kept(self, key: SessionKey = ANYBODY) -> Tokens | None:
        """What is kept, whatever fails."""
        return MemoryPersistence.load(self, key)


@pytest.fixture
def persistence() -> FailingPersistence:
    return FailingPersistence()


@pytest.fixture
def make(
    clock: FakeClock,
    provider: FakeProvider,
    persistence: FailingPersistence,
    recorder: EventRecorder,
) -> Make:
    """Make a store on the persistence, as each process does."""

    def make(**arguments: Any) -> TokenStore:
        given = {
            "persistence": persistence,
            "clock": clock,
            "on_event": recorder,
            "delays": fixed_delay(5),
            "jitter": float,
            "patience": 0,
            **arguments,
        }
        return TokenStore(provider, **given)

    return make


FULL = OSError(28, "No space left on device")


def a_few_attempts() -> Iterator[float]:
    return iter([0.0, 0.0, 0.0])


# -- seeding --------------------------------------------------------------------


async def test_given_tokens_are_saved_at_first_use_and_not_before(
    make: Make, provider: FakeProvider, persistence: FailingPersistence
) -> None:
    store = make(tokens=provider.issue())
    assert persistence.uses == []
    assert store.headers_nowait() is not None
    await wait_until_idle(store)
    assert persistence.kept() == await store.tokens()
    assert not store.status().unsaved


async def test_saved_tokens_that_are_newer_are_used_in_place_of_the_given(
    make: Make,
    provider: FakeProvider,
    persistence: FailingPersistence,
    clock: FakeClock,
    recorder: EventRecorder,
) -> None:
    given = provider.issue()
    clock.advance(60)
    newer = tokens_at(clock.wall(), refresh_token="refresh-5", renewals=5)
    persistence.save(ANYBODY, newer)
    store = make(tokens=given)
    assert token(await store.headers()) == given.access_token, "a living token waits for nothing"
    await wait_until_idle(store)
    assert token(await store.headers()) == newer.access_token
    assert persistence.kept() == newer
    (renewed,) = recorder.wait_for(events.Renewed)
    assert isinstance(renewed, events.Renewed)
    assert (renewed.reason, renewed.api) == ("newer_saved", None)


async def test_saved_tokens_that_are_older_are_replaced_by_the_given(
    make: Make, provider: FakeProvider, persistence: FailingPersistence, clock: FakeClock
) -> None:
    persistence.save(ANYBODY, tokens_at(clock.wall() - 60, refresh_token="older"))
    store = make(tokens=provider.issue())
    await store.headers()
    await wait_until_idle(store)
    saved = persistence.kept()
    assert saved is not None
    assert saved.refresh_token == "refresh-0"


async def test_an_expired_seed_is_renewed_by_what_others_have_saved(
    make: Make, provider: FakeProvider, persistence: FailingPersistence, clock: FakeClock
) -> None:
    given = provider.issue()
    clock.advance(EXPIRED)
    newer = tokens_at(clock.wall(), refresh_token="refresh-1", renewals=1)
    persistence.save(ANYBODY, newer)
    assert token(await make(tokens=given).headers()) == newer.access_token
    assert provider.calls == []


async def test_without_tokens_the_saved_session_is_found(
    make: Make, provider: FakeProvider, persistence: FailingPersistence
) -> None:
    saved = provider.issue()
    persistence.save(ANYBODY, saved)
    assert token(await make().headers()) == saved.access_token


async def test_a_refresh_token_alone_finds_what_became_of_it_in_another_process(
    make: Make, provider: FakeProvider, clock: FakeClock
) -> None:
    """With rotation the token that a program is configured with is soon used up."""
    for _ in range(3):
        assert token(await make(refresh_token="refresh-0").headers())
        clock.advance(EXPIRED)
    assert provider.calls == ["refresh-0", "refresh-1", "refresh-2"]
    assert not provider.reused


async def test_a_refresh_token_of_another_user_does_not_find_the_saved_session(
    make: Make, persistence: FailingPersistence, provider: FakeProvider
) -> None:
    persistence.save(ANYBODY, tokens_at(NOON, user="grace", refresh_token="refresh-g"))
    provider.valid = "refresh-ada"
    tokens = await make(refresh_token="refresh-ada").tokens()
    assert tokens.username == "ada"
    grace = persistence.kept(SessionKey(client_id="client", username="grace"))
    assert grace is not None
    assert grace.refresh_token == "refresh-g"


async def test_two_users_of_one_persistence_never_get_each_others_headers(
    clock: FakeClock, persistence: FailingPersistence
) -> None:
    """Pitfall: what is shared under way is taken for the session of whoever asks."""
    stores = {}
    for user in ("ada", "grace"):
        provider = FakeProvider(clock)
        provider.user, provider.valid = user, f"refresh-{user}"
        stores[user] = TokenStore(
            provider, tokens=provider.issue(), persistence=persistence, clock=clock, jitter=float
        )
    for _ in range(3):
        clock.advance(EXPIRED)
        got = await asyncio.gather(*(store.tokens() for store in stores.values()))
        assert [tokens.username for tokens in got] == ["ada", "grace"]


async def test_tokens_of_another_app_client_are_refused(
    make: Make, clock: FakeClock, provider: FakeProvider
) -> None:
    class Careless(MemoryPersistence):
        def load(self, key: SessionKey) -> Tokens | None:
            del key
            return tokens_at(clock.wall(), user="ada", refresh_token="theirs")

    provider.session_key = SessionKey(client_id="another")
    with pytest.raises(StorageFailed, match=r"app client client.*app client another"):
        await make(persistence=Careless()).headers()
    assert provider.calls == []


# -- several stores, as in several processes --------------------------------------


async def test_of_stores_that_share_a_persistence_one_refreshes_and_all_go_on(
    make: Make, provider: FakeProvider, clock: FakeClock
) -> None:
    given = provider.issue()
    stores = [make(tokens=given) for _ in range(20)]
    clock.advance(EXPIRED)
    headers = await asyncio.gather(*(store.headers() for store in stores))
    assert len({token(h) for h in headers}) == 1
    assert provider.calls == ["refresh-0"]


async def test_a_token_refused_everywhere_is_refreshed_once(
    make: Make, provider: FakeProvider
) -> None:
    given = provider.issue()
    stores = [make(tokens=given) for _ in range(8)]
    rejected = [await store.headers() for store in stores]
    renewed = await asyncio.gather(
        *(store.renew(headers) for store, headers in zip(stores, rejected, strict=True))
    )
    assert len({token(h) for h in renewed}) == 1
    assert len(provider.calls) == 1


async def test_stores_that_share_a_persistence_renew_at_different_moments_of_the_window(
    make: Make, provider: FakeProvider, clock: FakeClock
) -> None:
    given = provider.issue()
    early, late = make(tokens=given, jitter=lambda: 0.0), make(tokens=given, jitter=lambda: 1.0)
    clock.advance(EXPIRED - 30)
    assert [s.status().state for s in (early, late)] == [TokenState.STALE, TokenState.FRESH]
    clock.advance(15)
    assert late.status().state is TokenState.STALE


async def test_older_saved_tokens_never_replace_newer_ones_that_could_not_be_saved(
    make: Make, provider: FakeProvider, persistence: FailingPersistence, clock: FakeClock
) -> None:
    """The saved refresh token is used up: going back to it would end the session."""
    store = make(tokens=provider.issue())
    await store.headers()
    await wait_until_idle(store)
    clock.advance(EXPIRED)
    persistence.failing["save"] = [FULL, FULL, FULL]
    newest = await store.tokens()
    await store.renew()
    assert provider.calls == ["refresh-0", newest.refresh_token]
    assert not provider.reused


# -- a persistence that fails --------------------------------------------------------


async def test_a_failed_save_is_reported_loses_nothing_and_is_tried_again(
    make: Make,
    provider: FakeProvider,
    persistence: FailingPersistence,
    clock: FakeClock,
    recorder: EventRecorder,
) -> None:
    store = make(tokens=provider.issue())
    persistence.failing["save"] = [FULL]
    clock.advance(EXPIRED)
    renewed = await store.tokens()
    (failed,) = await asyncio.to_thread(recorder.wait_for, events.SaveFailed)
    assert isinstance(failed, events.SaveFailed)
    assert "No space left" in failed.message
    assert store.status().unsaved
    assert persistence.kept() is None
    clock.advance(5)
    assert await store.tokens() is renewed
    await wait_until_idle(store)
    assert persistence.kept() is renewed
    assert not store.status().unsaved


async def test_what_is_unsaved_is_saved_when_the_store_is_closed(
    make: Make, provider: FakeProvider, persistence: FailingPersistence, clock: FakeClock
) -> None:
    store = make(tokens=provider.issue())
    persistence.failing["save"] = [FULL]
    clock.advance(EXPIRED)
    renewed = await store.tokens()
    await store.aclose()
    assert persistence.kept() == renewed


async def test_a_store_that_can_not_save_at_its_close_says_so(
    make: Make,
    provider: FakeProvider,
    persistence: FailingPersistence,
    clock: FakeClock,
    recorder: EventRecorder,
) -> None:
    store = make(tokens=provider.issue())
    persistence.failing["save"] = [FULL, FULL]
    clock.advance(EXPIRED)
    await store.tokens()
    with pytest.raises(StorageFailed, match="No space left"):
        await store.aclose()
    await asyncio.to_thread(recorder.wait_for, events.SaveFailed, 2)


@pytest.mark.parametrize("step", ["load", "lock"])
async def test_while_the_storage_is_down_a_valid_token_is_used_and_an_expired_one_waits(
    make: Make,
    provider: FakeProvider,
    persistence: FailingPersistence,
    clock: FakeClock,
    recorder: EventRecorder,
    step: str,
) -> None:
    """Whether refresh tokens rotate is not known yet: refreshing without the lock may end all."""
    store = make(tokens=provider.issue())
    await store.headers()
    await wait_until_idle(store)
    persistence.failing[step] = [OSError(5, "Input/output error")] * 2
    clock.advance(STALE)
    assert store.headers_nowait() is not None
    await asyncio.to_thread(recorder.wait_for, events.RenewalFailed)
    clock.advance(EXPIRED - STALE)
    with pytest.raises(RenewalFailed) as caught:
        await store.headers()
    assert caught.value.kind == "storage"
    assert provider.calls == []
    clock.advance(5)
    assert token(await store.headers())
    assert provider.calls == ["refresh-0"]


@pytest.mark.parametrize("step", ["load", "lock"])
async def test_where_refresh_tokens_do_not_rotate_an_outage_of_the_storage_stops_no_renewal(
    make: Make,
    provider: FakeProvider,
    persistence: FailingPersistence,
    clock: FakeClock,
    recorder: EventRecorder,
    step: str,
) -> None:
    provider.rotation = False
    store = make(tokens=provider.issue())
    clock.advance(EXPIRED)
    await store.headers()
    persistence.failing[step] = [OSError(5, "Input/output error")] * 2
    clock.advance(EXPIRED)
    renewed = await store.tokens()
    await asyncio.to_thread(recorder.wait_for, events.LoadFailed)
    assert renewed.renewals == 2
    assert store.status().unsaved
    persistence.failing[step].clear()
    clock.advance(5)
    await store.headers()
    await wait_until_idle(store)
    assert persistence.kept() == renewed


async def test_a_lock_that_is_held_by_another_process_is_a_transient_failure(
    make: Make, provider: FakeProvider, persistence: FailingPersistence, clock: FakeClock
) -> None:
    store = make(tokens=provider.issue(), lock_delays=a_few_attempts)
    clock.advance(EXPIRED)
    with persistence.lock(ANYBODY), pytest.raises(LockTimeout) as caught:
        await store.headers()
    assert caught.value.kind == "storage"
    assert provider.calls == []
    assert token(await store.headers())


async def test_who_waits_for_the_lock_takes_the_newer_tokens_as_soon_as_they_are_saved(
    make: Make, provider: FakeProvider, persistence: FailingPersistence, clock: FakeClock
) -> None:
    """The one with the lock may be slow to let go, or dead."""
    store, blocked = make(tokens=provider.issue()), BlockedCall()

    def looks() -> Iterator[float]:
        yield 0.0
        blocked()
        yield 0.0

    waiting = make(tokens=await store.tokens(), lock_delays=looks)
    clock.advance(EXPIRED)
    with persistence.lock(ANYBODY):
        waiter = asyncio.ensure_future(waiting.headers())
        await asyncio.to_thread(blocked.started.wait, 10)
        newer = tokens_at(clock.wall(), refresh_token="refresh-1", renewals=1)
        persistence.save(ANYBODY, newer)
        blocked.release()
        assert token(await waiter) == newer.access_token
    assert provider.calls == []


async def test_a_stored_value_that_is_no_session_is_reported_and_replaced(
    make: Make,
    provider: FakeProvider,
    persistence: FailingPersistence,
    clock: FakeClock,
    recorder: EventRecorder,
) -> None:
    store = make(tokens=provider.issue())
    persistence.failing["load"] = [StorageCorrupt("The file x has no saved sessions in it.")] * 2
    clock.advance(EXPIRED)
    renewed = await store.tokens()
    (failed,) = await asyncio.to_thread(recorder.wait_for, events.LoadFailed)
    assert isinstance(failed, events.LoadFailed)
    assert "The file x" in failed.message
    assert persistence.kept() == renewed


async def test_a_stored_value_that_is_no_session_is_an_error_for_a_store_without_tokens(
    make: Make, persistence: FailingPersistence
) -> None:
    persistence.failing["load"] = [StorageCorrupt("The file x has no saved sessions in it.")] * 2
    with pytest.raises(StorageCorrupt, match="The file x"):
        await make().headers()


async def test_of_several_saved_users_one_must_be_named(
    make: Make, persistence: FailingPersistence
) -> None:
    for user in ("ada", "grace"):
        tokens = tokens_at(NOON, user=user)
        persistence.save(ANYBODY.with_tokens(tokens), tokens)
    with pytest.raises(ConfigurationError, match="username"):
        await make().headers()


class CallingBack(MemoryPersistence):
    """A save hook that asks the store it belongs to."""

    owner: TokenStore
    seen: Headers | None = None

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        super().save(key, tokens)
        self.seen = self.owner.blocking.headers()


async def test_a_save_hook_that_calls_back_gets_the_new_headers(
    make: Make, provider: FakeProvider, clock: FakeClock
) -> None:
    """Pitfall: it would wait for the renewal that waits for it."""
    persistence = CallingBack()
    persistence.owner = store = make(tokens=provider.issue(), persistence=persistence)
    clock.advance(EXPIRED)
    headers = await asyncio.wait_for(store.headers(), 5)
    assert persistence.seen == headers


async def test_a_provider_that_calls_the_store_gets_an_error_and_does_not_hang(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    provider.outcomes.append(store.blocking.headers)
    clock.advance(EXPIRED)
    with pytest.raises(RenewalFailed, match="inside the renewal"):
        await asyncio.wait_for(store.headers(), 5)
