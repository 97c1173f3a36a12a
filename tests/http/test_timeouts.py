from __future__ import annotations

import asyncio
import sys

import pytest

from appsync_gql.http.timeouts import NO_TOTAL, SharedTimeout


class Clock:
    """Monotonic seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Request:
    """One request in a task of its own.

    Attributes:
        error: what the timer says about the cancellation.
    """

    def __init__(self, shared: SharedTimeout, clock: Clock) -> None:
        self._shared, self._clock = shared, clock
        self.error: BaseException | None = None
        self.answered = asyncio.Event()
        self.task = asyncio.ensure_future(self._run())

    async def _run(self) -> str:
        task = self._shared.start(self._clock())
        try:
            await self.answered.wait()
        except asyncio.CancelledError:
            self.error = self._shared.error_of(task)
            if self.error is None:
                raise
            return "late"
        else:
            return "answered"
        finally:
            self._shared.finish(task)


async def test_a_request_that_takes_too_long_is_cancelled_with_a_reason() -> None:
    clock = Clock()
    shared = SharedTimeout(300.0, clock)
    late = Request(shared, clock)
    await asyncio.sleep(0)
    clock.now = 200.0
    later = Request(shared, clock)
    await asyncio.sleep(0)
    clock.now = 300.0
    shared._check()
    assert not shared._cancelled, "it has the whole of the last second"
    assert shared._timer is not None, "the next check is planned"
    clock.now = 300.1
    shared._check()
    assert await late.task == "late"
    assert str(late.error) == "no response within 300 s"
    later.answered.set()
    assert await later.task == "answered"
    shared.stop()


async def test_a_request_is_cancelled_once_only() -> None:
    clock = Clock()
    shared = SharedTimeout(1.0, clock)
    late = Request(shared, clock)
    await asyncio.sleep(0)
    clock.now = 2.0
    shared._check()
    shared._check()
    assert await late.task == "late"
    shared.stop()


async def test_a_cancellation_by_somebody_else_is_not_a_timeout() -> None:
    clock = Clock()
    shared = SharedTimeout(1.0, clock)
    cancelled = Request(shared, clock)
    await asyncio.sleep(0)
    cancelled.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled.task
    shared.stop()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="3.10 counts no cancellations")
async def test_a_cancellation_by_somebody_else_in_the_same_moment_is_not_lost() -> None:
    clock = Clock()
    shared = SharedTimeout(1.0, clock)
    cancelled = Request(shared, clock)
    await asyncio.sleep(0)
    clock.now = 2.0
    shared._check()
    cancelled.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled.task
    shared.stop()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="3.10 counts no cancellations")
async def test_a_cancellation_that_something_else_turned_into_an_error_is_taken_back() -> None:
    """Otherwise the task's next ``asyncio.timeout`` would count it as one of its own."""
    clock = Clock()
    shared = SharedTimeout(1.0, clock)

    async def request() -> int:
        task = shared.start(clock())
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:  # as a middleware may do
            pass
        finally:
            shared.finish(task)
        assert task is not None
        return task.cancelling()  # type: ignore[attr-defined,no-any-return] # from 3.11 on

    running = asyncio.ensure_future(request())
    await asyncio.sleep(0)
    clock.now = 2.0
    shared._check()
    assert await running == 0
    shared.stop()


async def test_the_timer_ends_by_itself_when_no_request_is_under_way() -> None:
    shared = SharedTimeout(0.008)
    shared.finish(shared.start(0.0))
    assert shared._timer is not None
    await asyncio.sleep(0.02)
    assert shared._timer is None


async def test_the_timer_cancels_by_itself() -> None:
    shared = SharedTimeout(0.008)
    late = Request(shared, Clock())  # a start long ago
    assert await asyncio.wait_for(late.task, 5) == "late"
    shared.stop()


async def test_stop_leaves_the_timer_of_a_request_that_is_under_way() -> None:
    clock = Clock()
    shared = SharedTimeout(1.0, clock)
    request = Request(shared, clock)
    await asyncio.sleep(0)
    shared.stop()
    assert shared._timer is not None
    request.answered.set()
    await request.task
    timer = shared._timer
    shared.stop()
    assert shared._timer is None
    assert timer.cancelled()


def test_connecting_has_a_limit_although_the_whole_has_none() -> None:
    assert (NO_TOTAL.total, NO_TOTAL.sock_connect) == (None, 30)
