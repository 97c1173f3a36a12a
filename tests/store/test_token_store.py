"""The store as a whole, where its parts must work together: real threads, and a real clock."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from typing import TYPE_CHECKING

import pytest

from appsync_gql import (
    MemoryPersistence,
    RenewalFailed,
    SessionKey,
    SignInFailed,
    StorageFailed,
    Tokens,
    TokenState,
    TokenStore,
)
from appsync_gql.clock import SystemClock
from appsync_gql.exceptions import AppSyncError
from appsync_gql.testing import FakeClock
from support.store import ANYBODY, BlockedCall, FakeProvider, no_delay, token, tokens_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appsync_gql import Grant

OFFLINE = RenewalFailed("offline", kind="network")


@pytest.fixture
def blocked() -> Iterator[BlockedCall]:
    """What is held by it is let go at the end, whatever the test does."""
    blocked = BlockedCall()
    yield blocked
    blocked.release()


@pytest.fixture
def now_provider() -> FakeProvider:
    return FakeProvider(SystemClock())


def expired(provider: FakeProvider) -> Tokens:
    return tokens_at(provider.time() - 7200, refresh_token=provider.valid)


class Hanging(MemoryPersistence):
    """A persistence of which one method hangs."""

    def __init__(self, blocked: BlockedCall, what: str) -> None:
        super().__init__()
        self._gate, self._what = blocked, what

    def load(self, key: SessionKey) -> Tokens | None:
        if self._what == "load":
            self._gate()
        return super().load(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        if self._what == "save":
            self._gate()
        super().save(key, tokens)


# -- patience ---------------------------------------------------------------------------


async def test_expired_callers_wait_through_failures(now_provider: FakeProvider) -> None:
    now_provider.outcomes.extend([OFFLINE] * 5)
    store = TokenStore(now_provider, tokens=expired(now_provider), delays=no_delay)
    got = await asyncio.gather(*(store.headers() for _ in range(20)))
    assert len({token(headers) for headers in got}) == 1
    assert len(now_provider.calls) == 6
    await store.aclose()


async def test_refused_callers_and_threads_wait_through_failures_too(
    now_provider: FakeProvider,
) -> None:
    store = TokenStore(now_provider, tokens=now_provider.issue(), delays=no_delay)
    rejected = await store.headers()
    now_provider.outcomes.extend([OFFLINE] * 3)
    newer = await asyncio.to_thread(store.blocking.renew, rejected)
    assert token(newer) != token(rejected)


@pytest.mark.parametrize("front", ["async", "blocking"])
async def test_a_caller_stops_waiting_for_a_provider_that_hangs_when_its_patience_ends(
    now_provider: FakeProvider, blocked: BlockedCall, front: str
) -> None:
    now_provider.outcomes.append(blocked)
    store = TokenStore(now_provider, tokens=expired(now_provider), patience=0.1)
    with pytest.raises(RenewalFailed, match=r"provider has not responded, after 0\.1 s"):
        await (store.headers() if front == "async" else asyncio.to_thread(store.blocking.headers))
    blocked.release()
    assert await store.headers()
    assert now_provider.calls == ["refresh-0"], "the call went on"


async def test_a_caller_stops_waiting_for_a_persistence_that_hangs_when_its_patience_ends(
    now_provider: FakeProvider, blocked: BlockedCall
) -> None:
    store = TokenStore(
        now_provider,
        tokens=expired(now_provider),
        persistence=Hanging(blocked, "load"),
        patience=0.1,
    )
    with pytest.raises(StorageFailed, match="persistence has not responded"):
        await store.headers()


@pytest.mark.slow
async def test_users_whose_lock_stays_taken_delay_no_other(
    now_provider: FakeProvider,
) -> None:
    """A stopped process holds the lock of 40 users."""
    taken = MemoryPersistence()
    with taken.lock(ANYBODY):
        waiting = [
            asyncio.ensure_future(
                TokenStore(
                    now_provider, tokens=expired(now_provider), persistence=taken, patience=3
                ).headers()
            )
            for _ in range(40)
        ]
        await asyncio.sleep(0)
        other = FakeProvider(SystemClock())
        began = time.monotonic()
        assert await TokenStore(other, tokens=expired(other)).headers()
        assert time.monotonic() - began < 2
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    until_idle()


def until_idle() -> None:
    """Wait until no worker thread has anything to do."""
    from appsync_gql.threads import _threads  # noqa: PLC0415

    end = time.monotonic() + 40
    while _threads._running:
        assert time.monotonic() < end
        time.sleep(0.01)


# -- endings ---------------------------------------------------------------------------------


async def test_leaving_the_block_of_a_store_that_can_not_save_raises(
    clock: FakeClock, provider: FakeProvider
) -> None:
    store = TokenStore(provider, tokens=provider.issue(), persistence=Down(), clock=clock)
    with pytest.raises(StorageFailed, match="could not be saved in Down"):
        async with store:
            pass


async def test_but_an_error_raised_in_the_block_counts_more(
    clock: FakeClock, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    store = TokenStore(provider, tokens=provider.issue(), persistence=Down(), clock=clock)
    with pytest.raises(KeyError):
        async with store:
            raise KeyError
    assert "could not be saved in Down" in caplog.text


class Down(MemoryPersistence):
    """A persistence that can't save."""

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        del key, tokens
        raise OSError(28, "No space left on device")


async def test_a_sign_in_that_can_not_be_saved_is_an_error_and_the_user_is_signed_in(
    clock: FakeClock, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    store = TokenStore(provider, persistence=Down(), clock=clock)
    with pytest.raises(StorageFailed, match="No space left"):
        await store.sign_in("ada", "password")
    assert (await store.tokens()).username == "ada"
    assert store.status().unsaved
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.slow
async def test_closing_a_store_whose_renewal_hangs_takes_a_few_seconds(
    now_provider: FakeProvider, blocked: BlockedCall, caplog: pytest.LogCaptureFixture
) -> None:
    now_provider.outcomes.append(blocked)
    store = TokenStore(now_provider, tokens=expired(now_provider), patience=0.1)
    with pytest.raises(RenewalFailed):
        await store.headers()
    began = time.monotonic()
    await store.aclose()
    assert 4 < time.monotonic() - began < 10
    assert "identity provider has not responded" in caplog.text


@pytest.mark.slow
async def test_closing_a_store_whose_save_hangs_is_an_error_after_a_few_seconds(
    now_provider: FakeProvider, blocked: BlockedCall
) -> None:
    store = TokenStore(
        now_provider, tokens=now_provider.issue(), persistence=Hanging(blocked, "save")
    )
    began = time.monotonic()
    with pytest.raises(StorageFailed):
        await store.aclose()
    assert time.monotonic() - began < 15


ENDING = """
import asyncio, sys, threading, time
from appsync_gql import TokenStore, Tokens, SessionKey
from support.store import FakeProvider, tokens_at
from appsync_gql.clock import SystemClock

provider = FakeProvider(SystemClock())
provider.outcomes.append(lambda: time.sleep({seconds}))

class Printing:
    def load(self, key): return None
    def save(self, key, tokens): print("saved", tokens.refresh_token, flush=True)
    def delete(self, key): pass
    def lock(self, key): return open("/dev/null")

store = TokenStore(
    provider, tokens=tokens_at(time.time() - 7200), persistence=Printing(), on_event={listener}
)

async def main():
    asyncio.ensure_future(store.headers())
    await asyncio.sleep(0.3)

asyncio.run(main())
"""


def end(seconds: float, listener: str) -> tuple[str, str, float]:
    """Run a program that ends while a renewal is under way; return its outputs, and seconds."""
    began = time.monotonic()
    outcome = subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(ENDING).format(seconds=seconds, listener=listener)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    return outcome.stdout, outcome.stderr, time.monotonic() - began


@pytest.mark.slow
def test_a_program_that_ends_in_mid_renewal_saves_the_rotated_token() -> None:
    out, err, _ = end(0.6, "None")
    assert (out, err) == ("saved refresh-1\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("listener", ["None", "lambda event: time.sleep(60)"])
def test_a_program_that_ends_while_the_provider_hangs_ends_within_seconds(listener: str) -> None:
    out, err, took = end(60, listener)
    assert out == ""
    assert "The program ends while this has not finished" in err
    assert "a renewal of tokens of pool eu-west-1_Example, app client client, user ada" in err
    assert took < 15


# -- secrets ------------------------------------------------------------------------------------

PASSWORD = "correct horse battery"


@pytest.mark.parametrize("front", ["async", "blocking"])
async def test_a_wrong_password_is_not_in_the_local_variables_of_an_error(
    clock: FakeClock, front: str
) -> None:
    class Refusing(FakeProvider):
        def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Grant:
            del username, password, flow
            raise SignInFailed("wrong name or password")

    store = TokenStore(Refusing(clock), clock=clock)

    async def sign_in() -> None:
        if front == "async":
            await store.sign_in("ada", PASSWORD)
        else:
            store.blocking.sign_in("ada", PASSWORD)

    with pytest.raises(SignInFailed) as caught:
        await sign_in()
    error: BaseException | None = caught.value
    while error is not None:
        trace = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert PASSWORD not in "".join(trace.format())
        # Some agents (elastic-apm) copy what is a str by its type, whatever its repr is.
        for frame, _line in traceback.walk_tb(error.__traceback__):
            assert PASSWORD not in frame.f_locals.values()
        error = error.__cause__ or error.__context__


# -- what is sent -------------------------------------------------------------------------------


async def test_a_scheme_is_sent_before_the_token_and_is_renewed_with_it(
    clock: FakeClock, provider: FakeProvider
) -> None:
    store = TokenStore(provider, tokens=provider.issue(), clock=clock, scheme="Bearer")
    first = await store.headers()
    assert token(first) == f"Bearer {(await store.tokens()).access_token!s}"
    second = await store.renew(first)
    assert token(second) != token(first)
    assert await store.renew(first) == second
    assert len(provider.calls) == 1


async def test_a_user_who_signs_in_after_another_is_not_found_by_the_others_refresh_token(
    clock: FakeClock, provider: FakeProvider
) -> None:
    persistence = MemoryPersistence()
    one = TokenStore(provider, refresh_token="refresh-0", persistence=persistence, clock=clock)
    provider.user = "ada"
    await one.headers()
    provider.valid = "refresh-bob"
    await one.sign_in("bob", "password")
    other = TokenStore(
        provider, refresh_token="refresh-0", persistence=persistence, clock=clock, patience=0
    )
    assert (await other.tokens()).username == "ada"
    bob = await TokenStore(
        provider, refresh_token="refresh-bob", persistence=persistence, clock=clock, patience=0
    ).tokens()
    assert bob.username == "bob"


async def test_a_store_that_has_read_nothing_yet_says_so(
    clock: FakeClock, provider: FakeProvider
) -> None:
    persistence = MemoryPersistence()
    store = TokenStore(provider, persistence=persistence, clock=clock)
    assert store.status().state is TokenState.UNKNOWN
    assert "unknown" in repr(store)
    with pytest.raises(AppSyncError):
        await store.headers()
    assert store.status().state is TokenState.NOT_SIGNED_IN
    with persistence.lock(ANYBODY):
        persistence.save(ANYBODY, provider.issue())
    await store.headers()
    assert store.status().state is TokenState.FRESH


async def test_a_new_refresh_token_with_unusable_jwts_is_used_by_the_next_attempt(
    clock: FakeClock, provider: FakeProvider
) -> None:
    provider.unusable_answers = 1
    store = TokenStore(provider, tokens=provider.issue(), clock=clock, delays=no_delay)
    clock.advance(7200)
    assert token(await store.headers())
    assert provider.calls == ["refresh-0", "refresh-1"]
    assert not provider.reused


def test_many_quick_renewals_use_few_threads(clock: FakeClock) -> None:
    providers = [FakeProvider(clock) for _ in range(300)]
    stores = [TokenStore(p, refresh_token="refresh-0", clock=clock) for p in providers]

    async def all_headers() -> None:
        await asyncio.gather(*(store.headers() for store in stores))

    asyncio.run(all_headers())
    assert len([t for t in threading.enumerate() if t.name == "appsync-gql"]) <= 60
