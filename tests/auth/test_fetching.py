from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from appsync_gql import AppSyncError, RenewalFailed
from appsync_gql.auth.fetching import await_in_time, fetch_in_task, fetch_in_thread


def error_of(error: Exception) -> AppSyncError:
    return RenewalFailed(type(error).__name__)


def outcome_in_thread(work: Any) -> Any:
    outcomes: list[object] = []
    ended = threading.Event()

    def done(outcome: object) -> None:
        outcomes.append(outcome)
        ended.set()

    fetch_in_thread(work, done, description="a test", error_of=error_of)
    assert ended.wait(10)
    return outcomes[0]


def test_a_function_is_called_on_a_worker_thread() -> None:
    assert outcome_in_thread(threading.get_ident) != threading.get_ident()


def test_its_error_is_translated() -> None:
    def fail() -> None:
        raise KeyError("secret")

    assert str(outcome_in_thread(fail)) == "KeyError"


def test_what_is_no_error_is_an_outcome_too(caplog: pytest.LogCaptureFixture) -> None:
    def leave() -> None:
        raise SystemExit

    assert "broken off: a test" in str(outcome_in_thread(leave))
    while not caplog.records:
        pass


async def outcome_in_task(work: Any) -> Any:
    outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    loop = fetch_in_task(work, outcome.set_result, description="a test", error_of=error_of)
    assert loop is asyncio.get_running_loop()
    return await outcome


async def test_a_coroutine_runs_in_a_task_of_the_running_loop() -> None:
    async def work() -> object:
        return asyncio.get_running_loop()

    async def fail() -> object:
        raise KeyError("secret")

    assert await outcome_in_task(work) is asyncio.get_running_loop()
    assert str(await outcome_in_task(fail)) == "KeyError"


def test_a_loop_that_ends_meanwhile_is_a_failure() -> None:
    outcomes: list[Any] = []

    async def leave() -> None:
        async def hang() -> None:
            await asyncio.sleep(3600)

        fetch_in_task(hang, outcomes.append, description="a test", error_of=error_of)
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert "event loop has ended" in str(outcomes[0])


def test_without_a_running_loop_there_is_no_task() -> None:
    async def work() -> None: ...

    with pytest.raises(RuntimeError):
        fetch_in_task(work, repr, description="a test", error_of=error_of)


async def test_an_awaitable_that_takes_too_long_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(RenewalFailed, match="late"):
        await await_in_time(hang(), 0.01, RenewalFailed("late"))
    await asyncio.wait_for(cancelled.wait(), 5)


async def test_one_whose_waiter_is_cancelled_is_cancelled_too() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        started.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    waiting = asyncio.ensure_future(await_in_time(hang(), 60, RenewalFailed("late")))
    await started.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(cancelled.wait(), 5)


async def test_its_result_and_its_own_error_are_passed_on() -> None:
    async def answer(value: int) -> int:
        if not value:
            raise TimeoutError
        return value

    assert await await_in_time(answer(7), 60, RenewalFailed("late")) == 7
    with pytest.raises(TimeoutError):
        await await_in_time(answer(0), 60, RenewalFailed("late"))
