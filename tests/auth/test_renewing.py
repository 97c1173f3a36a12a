from __future__ import annotations

import asyncio
import math
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import ConfigurationError, RenewalFailed
from appsync_gql.auth.renewing import Credential, Renewing
from appsync_gql.clock import Instant, ServerClock, SystemClock
from appsync_gql.store.validity import Validity
from appsync_gql.testing import FakeClock
from appsync_gql.tokens import TokenClaims
from support.store import fixed_delay

if TYPE_CHECKING:
    from collections.abc import Callable

    from appsync_gql import AppSyncError

LIFETIME, WINDOW = 100.0, 30.0


class Source:
    """Returns numbered credentials, after the outcomes that a test sets."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.count = 0
        self.outcomes: deque[AppSyncError] = deque()
        self.pending: list[Callable[[Any], None]] = []
        self.hanging = False

    def __call__(self, done: Callable[[Credential[int] | AppSyncError], None]) -> None:
        self.count += 1
        if self.hanging:
            self.pending.append(done)
            return
        outcome = self.outcomes.popleft() if self.outcomes else self.credential()
        # As a worker thread does: never in the caller's own step.
        threading.Thread(target=done, args=(outcome,)).start()

    def credential(self) -> Credential[int]:
        now = Instant.now(self.clock)
        claims = TokenClaims(expires_at=now.wall + LIFETIME, issued_at=now.wall)
        server = ServerClock.assumed(now)
        validity = Validity.of(claims, window=WINDOW, server=server, now=now)
        return Credential(self.count, validity, now)


@pytest.fixture
def source(clock: FakeClock) -> Source:
    return Source(clock)


def renewing(
    source: Source,
    *,
    patience: float = 20.0,
    timeout: float = 30.0,
    delay: float = 0.0,
    limit: float = math.inf,
) -> Renewing[int]:
    return Renewing(
        source,
        clock=source.clock,
        delays=fixed_delay(delay),
        patience=patience,
        timeout=timeout,
        late=f"Nothing came within {timeout:g} s.",
        limit=lambda: limit,
    )


async def value(found: Renewing[int]) -> int:
    return (await asyncio.wait_for(found.get(), 5)).value


async def test_it_is_fetched_once_for_all_callers(source: Source) -> None:
    found = renewing(source)
    assert found.nowait() is None
    assert found.credential is None
    assert await asyncio.gather(*(value(found) for _ in range(50))) == [1] * 50
    assert source.count == 1
    assert found.credential is found.nowait()


async def test_near_its_end_it_is_used_while_the_next_is_fetched(source: Source) -> None:
    found = renewing(source)
    await value(found)
    source.clock.advance(LIFETIME - WINDOW + 1)
    stale = found.nowait()
    assert stale is not None
    assert stale.value == 1
    while (now := found.nowait()) is None or now.value == 1:
        await asyncio.sleep(0)
    assert source.count == 2


async def test_after_its_end_it_is_waited_for(source: Source) -> None:
    found = renewing(source)
    await value(found)
    source.clock.advance(LIFETIME + 1)
    assert found.nowait() is None
    assert await value(found) == 2


async def test_a_failure_that_passes_is_waited_through(source: Source) -> None:
    source.outcomes += [RenewalFailed("down"), RenewalFailed("down")]
    assert await value(renewing(source)) == 3


async def test_without_patience_the_failure_of_the_attempt_is_raised(source: Source) -> None:
    source.outcomes.append(RenewalFailed("down"))
    with pytest.raises(RenewalFailed, match="down"):
        await value(renewing(source, patience=0))


async def test_without_patience_repeated_failures_are_raised_without_a_further_attempt(
    source: Source,
) -> None:
    source.outcomes += [RenewalFailed("down"), RenewalFailed("still down")]
    found = renewing(source, patience=0, delay=5)
    for expected, count in (("down", 1), ("still down", 2), ("still down", 2)):
        with pytest.raises(RenewalFailed, match=f"^{expected}"):
            await value(found)
        assert source.count == count
    source.clock.advance(5)
    assert await value(found) == 3


async def test_with_patience_the_delay_between_attempts_is_waited_for(source: Source) -> None:
    source.outcomes += [RenewalFailed("down")] * 2
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert await value(renewing(source, delay=0.02)) == 3
    assert loop.time() - started > 0.019


async def test_an_error_that_would_only_be_repeated_is_raised_at_once(source: Source) -> None:
    source.outcomes.append(ConfigurationError("wrong"))
    with pytest.raises(ConfigurationError, match="wrong"):
        await value(renewing(source))
    assert source.count == 1


async def test_one_that_has_expired_when_it_arrives_is_a_failure(source: Source) -> None:
    found = renewing(source, patience=0)
    source.clock.advance(0)

    def late() -> Credential[int]:
        credential = Source.credential(source)
        source.clock.advance(LIFETIME + 1)
        return credential

    source.credential = late  # type: ignore[method-assign]
    with pytest.raises(RenewalFailed, match="clocks") as caught:
        await value(found)
    assert caught.value.kind == "clock"


async def test_a_rejected_one_is_replaced_and_a_late_rejection_costs_nothing(
    source: Source,
) -> None:
    found = renewing(source)
    first = await found.get()
    second = await found.newer_than(first, denied=False)
    assert (second.value, source.count) == (2, 2)
    assert await found.newer_than(first, denied=False) is second
    assert source.count == 2


async def test_young_ones_that_are_rejected_again_and_again_are_replaced_more_slowly(
    source: Source,
) -> None:
    found = renewing(source, delay=5)
    current = await found.get()
    values = []
    for _ in range(6):
        current = await found.newer_than(current, denied=False)
        values.append(current.value)
    assert values == [2, 3, 4, 5, 5, 5]
    source.clock.advance(5)
    assert (await found.newer_than(current, denied=False)).value == 6


async def test_a_denial_while_one_is_fetched_waits_for_it_and_is_not_counted(
    source: Source,
) -> None:
    found = renewing(source)
    first = await found.get()
    source.clock.advance(LIFETIME - WINDOW + 1)
    source.hanging = True
    assert found.nowait() is first
    waiting = asyncio.ensure_future(found.newer_than(first, denied=True))
    await asyncio.sleep(0)
    source.hanging = False
    source.pending[0](source.credential())
    second = await asyncio.wait_for(waiting, 5)
    assert second is not first
    third = await found.newer_than(second, denied=True)
    assert (third.value, source.count) == (3, 3)


async def test_denials_cause_one_fetch_a_minute(source: Source) -> None:
    found = renewing(source)
    first = await found.get()
    second = await found.newer_than(first, denied=True)
    assert await found.newer_than(second, denied=True) is second
    assert source.count == 2


async def test_an_attempt_that_hangs_fails_its_callers_after_the_timeout_and_is_replaced(
    source: Source,
) -> None:
    found = renewing(source, timeout=0.01)
    source.hanging = True
    outcomes = await asyncio.gather(*(value(found) for _ in range(3)), return_exceptions=True)
    assert ["within 0.01 s" in str(outcome) for outcome in outcomes] == [True] * 3
    source.hanging = False
    assert await value(found) > 1
    source.pending[0](RenewalFailed("late"))
    assert found.nowait() is not None


async def test_attempts_that_hang_for_ever_are_not_repeated_for_ever(source: Source) -> None:
    """Each would leave a thread behind."""
    found = renewing(source, timeout=0.01, patience=0)
    source.hanging = True
    for _ in range(4):
        with pytest.raises(RenewalFailed, match="within"):
            await value(found)
        source.clock.advance(100)
    for _ in range(3):
        with pytest.raises(RenewalFailed, match="last 4 attempts"):
            await value(found)
        source.clock.advance(100)
    assert source.count == 4
    source.pending[0](RenewalFailed("it returned at last"))
    source.hanging = False
    source.clock.advance(100)
    assert await value(found) == 5


async def test_a_caller_with_a_time_limit_of_its_own_gets_an_error_and_the_attempt_goes_on(
    source: Source,
) -> None:
    source.hanging = True
    short = renewing(source, limit=0.01)
    with pytest.raises(RenewalFailed, match="own time limit"):
        await value(short)
    source.pending[0](source.credential())
    assert await value(short) == 1
    assert source.count == 1


async def test_at_its_own_time_limit_a_caller_gets_the_last_error(source: Source) -> None:
    source.outcomes.extend([RenewalFailed("offline")] * 50)
    found = renewing(source, delay=0.01, limit=0.0)
    with pytest.raises(RenewalFailed, match="offline"):
        await value(found)
    assert source.count < 50


async def test_a_timeout_longer_than_the_patience_is_waited_for(source: Source) -> None:
    found = renewing(source, patience=0.01, timeout=30)
    source.hanging = True
    waiting = asyncio.ensure_future(value(found))
    while not source.pending:
        await asyncio.sleep(0)
    source.clock.advance(29)
    await asyncio.sleep(0.05)
    source.pending[0](source.credential())
    assert await waiting == 1


async def test_a_credential_that_comes_late_is_used_unless_a_newer_one_is_there(
    source: Source,
) -> None:
    found = renewing(source, timeout=0.01)
    source.hanging = True
    for _ in range(2):
        with pytest.raises(RenewalFailed):
            await value(found)
    first, second = source.pending
    second(source.credential())
    assert await value(found) == 2
    source.count = 7
    first(source.credential())
    assert await value(found) == 2


async def test_a_failure_of_an_attempt_that_began_before_is_not_this_callers(
    source: Source,
) -> None:
    found = renewing(source, patience=0)
    source.hanging = True
    first = asyncio.ensure_future(value(found))
    while not source.pending:
        await asyncio.sleep(0)
    source.clock.advance(1)
    second = asyncio.ensure_future(value(found))
    await asyncio.sleep(0)
    source.hanging = False
    source.pending[0](ConfigurationError("wrong before"))
    with pytest.raises(ConfigurationError):
        await first
    assert await second == 2


async def test_callers_that_backed_off_together_make_one_attempt(source: Source) -> None:
    found = Renewing(source, clock=source.clock, delays=fixed_delay(0.05), patience=20, timeout=30)
    source.outcomes += [RenewalFailed("down"), RenewalFailed("down")]
    with_delays = asyncio.gather(*(value(found) for _ in range(20)))
    while source.count < 2:
        await asyncio.sleep(0.001)
    source.clock.advance(1)
    assert await with_delays == [3] * 20
    assert source.count == 3


async def test_while_attempts_are_slowed_down_impatient_callers_get_the_last_error(
    source: Source,
) -> None:
    found = Renewing(source, clock=source.clock, delays=fixed_delay(5), patience=0, timeout=30)
    source.outcomes += [RenewalFailed("down"), RenewalFailed("still down")]
    for said in ("down", "still down", "still down"):
        with pytest.raises(RenewalFailed, match=said):
            await value(found)
    assert source.count == 2


async def test_a_source_that_can_not_even_start_is_a_failure(clock: FakeClock) -> None:
    def fetch(done: object) -> None:
        raise OSError(done)

    found: Renewing[int] = Renewing(
        fetch, clock=clock, delays=fixed_delay(0), patience=0, timeout=30
    )
    with pytest.raises(RenewalFailed, match="OSError"):
        await value(found)


async def test_one_that_expires_before_it_can_be_used_ends_in_an_error_and_not_in_a_loop(
    source: Source,
) -> None:
    found = renewing(source)

    def done_late(done: Callable[[Any], None]) -> None:
        source.count += 1
        done(source.credential())
        source.clock.advance(LIFETIME + 1)

    found._fetch = done_late
    with pytest.raises(RenewalFailed, match="too short"):
        await value(found)
    assert source.count == 1


async def test_a_discarded_one_is_fetched_anew_and_a_newer_one_is_kept(source: Source) -> None:
    found = renewing(source)
    first = await found.get()
    found.discard(first)
    assert found.nowait() is None
    assert await value(found) == 2
    found.discard(first)
    assert await value(found) == 2


@pytest.mark.slow
def test_a_blocked_event_loop_delays_those_on_other_loops_by_a_second_at_most() -> None:
    """An attempt on the loop of the main thread, which makes a synchronous call meanwhile."""
    clock = SystemClock()
    count = 0

    def fetch(done: Callable[[Any], None]) -> asyncio.AbstractEventLoop:
        nonlocal count
        count += 1
        number, loop = count, asyncio.get_running_loop()
        loop.call_later(0.01, done, Credential(number, None, Instant.now(clock)))
        return loop

    found: Renewing[int] = Renewing(
        fetch, clock=clock, delays=fixed_delay(0), patience=20, timeout=30
    )

    async def main() -> tuple[int, float]:
        waiting = asyncio.ensure_future(found.get())
        await asyncio.sleep(0)
        elsewhere: list[int] = []
        thread = threading.Thread(target=lambda: elsewhere.append(asyncio.run(value(found))))
        began = clock.monotonic()
        thread.start()
        thread.join()  # this blocks the loop
        took = clock.monotonic() - began
        await waiting
        return elsewhere[0], took

    number, took = asyncio.run(main())
    assert number == 2
    assert took < 3
    assert found.credential is not None
    assert found.credential.value == 2


def test_a_loop_that_has_ended_delays_nobody() -> None:
    clock = SystemClock()
    count = 0

    def fetch(done: Callable[[Any], None]) -> asyncio.AbstractEventLoop:
        nonlocal count
        count += 1
        if count > 1:
            done(Credential(count, None, Instant.now(clock)))
        return asyncio.get_running_loop()

    found: Renewing[int] = Renewing(
        fetch, clock=clock, delays=fixed_delay(0), patience=20, timeout=30
    )

    async def leave() -> None:
        found._attempt()

    asyncio.run(leave())
    began = clock.monotonic()
    assert asyncio.run(value(found)) == 2
    assert clock.monotonic() - began < 0.5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_wait_for_an_attempt_of_its_parent(clock: FakeClock) -> None:
    source = Source(clock)
    found = renewing(source)
    source.hanging = True
    found._attempt()
    source.hanging = False
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(write, str(asyncio.run(value(found))).encode())
        finally:
            os._exit(0)
    os.close(write)
    assert os.read(read, 10) == b"2"
    os.close(read)
    os.waitpid(child, 0)


async def test_a_cancelled_caller_cancels_nothing_for_others(source: Source) -> None:
    found = renewing(source)
    source.hanging = True
    first, second = (asyncio.ensure_future(value(found)) for _ in range(2))
    while not source.pending:
        await asyncio.sleep(0)
    first.cancel()
    source.pending[0](source.credential())
    assert await second == 1
    assert source.count == 1
