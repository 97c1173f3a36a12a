from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import ConfigurationError, RenewalFailed
from appsync_gql.auth.renewing import Credential, Renewing
from appsync_gql.clock import Instant, ServerClock
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


def renewing(source: Source, *, patience: float = 20.0, timeout: float = 30.0) -> Renewing[int]:
    return Renewing(
        source, clock=source.clock, delays=fixed_delay(0), patience=patience, timeout=timeout
    )


async def value(found: Renewing[int]) -> int:
    return (await asyncio.wait_for(found.get(), 5)).value


async def test_it_is_fetched_once_for_all_callers(source: Source) -> None:
    found = renewing(source)
    assert found.nowait() is None
    assert await asyncio.gather(*(value(found) for _ in range(50))) == [1] * 50
    assert source.count == 1


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


async def test_denials_cause_one_fetch_a_minute(source: Source) -> None:
    found = renewing(source)
    first = await found.get()
    second = await found.newer_than(first, denied=True)
    assert await found.newer_than(second, denied=True) is second
    assert source.count == 2


async def test_an_attempt_that_hangs_is_cancelled_and_its_late_outcome_ignored(
    source: Source,
) -> None:
    found = renewing(source, timeout=0.0)
    source.hanging = True
    waiting = asyncio.ensure_future(value(found))
    while not source.pending:
        await asyncio.sleep(0)
    source.hanging = False
    assert await waiting > 1
    source.pending[0](RenewalFailed("late"))
    assert found.nowait() is not None


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
