"""One call, and everybody who waits for its end."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from appsync_gql import RenewalFailed
from appsync_gql.store.single_flight import (
    SharedCall,
    Wait,
    copy_of,
    wait_in_task,
    wait_in_thread,
)
from support.programs import run_program

if TYPE_CHECKING:
    from appsync_gql.store.single_flight import Waits

ERROR = RenewalFailed("offline", kind="network")


async def test_tasks_threads_and_later_callers_get_one_end() -> None:
    call = SharedCall()
    tasks = [asyncio.ensure_future(call.wait()) for _ in range(5)]
    threads = [asyncio.ensure_future(asyncio.to_thread(call.wait_blocking)) for _ in range(2)]
    await asyncio.sleep(0)
    assert not call.ended
    call.end(ERROR)
    assert await asyncio.gather(*tasks, *threads) == [True] * 7
    assert call.error is ERROR
    assert await call.wait()
    assert call.wait_blocking()


RESTARTING = """
import signal
from appsync_gql.store.single_flight import SharedCall
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.siginterrupt(signal.SIGINT, False)  # as Polars does: no wait ends early
threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
try:
    SharedCall().wait_blocking()
except KeyboardInterrupt:
    print(1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no siginterrupt")
def test_ctrl_c_ends_a_wait_that_the_system_restarts() -> None:
    found, _ = run_program(RESTARTING, seconds=15)
    assert found == 1


async def test_a_wait_with_a_limit_returns_that_the_call_has_not_ended() -> None:
    call = SharedCall()
    patient = asyncio.ensure_future(call.wait())
    assert not await call.wait(0.01)
    assert not call.wait_blocking(0.01)
    assert not patient.done()
    call.end()
    assert await patient
    assert await call.wait(0.0)


def test_a_very_long_limit_is_no_error() -> None:
    call = SharedCall()
    call.end()
    assert call.wait_blocking(1e300)


async def test_a_cancelled_waiter_leaves_nothing_behind() -> None:
    call = SharedCall()
    waiters = [asyncio.ensure_future(call.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiters[0].cancel()
    await asyncio.gather(waiters[0], return_exceptions=True)
    (others,) = call._callers.values()
    assert len(others) == 2
    call.end()
    assert await asyncio.gather(*waiters[1:]) == [True, True]
    assert call._callers == {}


def test_loops_that_end_leave_nothing_behind() -> None:
    call = SharedCall()

    async def leave_early() -> None:
        asyncio.ensure_future(call.wait())  # noqa: RUF006 - its loop ends it
        await asyncio.sleep(0)

    for _ in range(100):
        asyncio.run(leave_early())
    assert call._callers == {}


def test_a_loop_that_was_closed_by_the_program_disturbs_no_other() -> None:
    call, loop = SharedCall(), asyncio.new_event_loop()
    waiter = loop.create_task(call.wait())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    call.end()
    assert call.wait_blocking(0)
    waiter._log_destroy_pending = False  # type: ignore[attr-defined]
    del waiter


def test_only_the_first_end_counts() -> None:
    call = SharedCall()
    call.end(ERROR)
    call.end(None)
    assert call.error is ERROR


@pytest.mark.parametrize("how", ["blocking", "async"])
def test_the_thread_that_does_the_call_can_not_wait_for_itself(how: str) -> None:
    call, raised = SharedCall(), []

    def work() -> None:
        try:
            if how == "blocking":
                call.wait_blocking()
            else:
                asyncio.run(call.wait())
        except RenewalFailed as error:
            raised.append(str(error))
        call.end()

    call.start(work, "work")
    assert call.wait_blocking(10)
    assert "inside the renewal" in raised[0]


def test_every_waiter_raises_an_error_of_its_own() -> None:
    ERROR.__cause__ = ValueError("why")
    own = copy_of(ERROR)
    assert own is not ERROR
    assert isinstance(own, RenewalFailed)
    assert (str(own), own.kind, own.__cause__) == ("offline", "network", ERROR.__cause__)
    assert own.__traceback__ is None


def test_loops_in_several_threads_are_all_woken() -> None:
    call, results = SharedCall(), []
    ready = threading.Barrier(4)

    async def wait() -> None:
        task = asyncio.ensure_future(call.wait(10))
        await asyncio.sleep(0)
        ready.wait(10)
        results.append(await task)

    threads = [threading.Thread(target=lambda: asyncio.run(wait())) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(10)
    call.end()
    for thread in threads:
        thread.join(10)
    assert results == [True] * 3


# -- methods that are written once for tasks and threads -----------------------------------


def waiting(*waits: Wait) -> Waits[list[bool]]:
    """Wait for each; return what each brought."""
    ended: list[bool] = []
    for wait in waits:
        ended += [(yield wait)]
    return ended


def ended_call() -> SharedCall:
    call = SharedCall()
    call.end()
    return call


@pytest.mark.parametrize("front", ["task", "thread"])
async def test_a_method_gets_back_whether_what_it_waits_for_has_ended(front: str) -> None:
    method = waiting(
        Wait(ended_call(), None), Wait(SharedCall(), 0.0), Wait(None, 0.0), Wait(None, None)
    )
    found = await wait_in_task(method) if front == "task" else wait_in_thread(method)
    assert found == [True, False, False, False]


@pytest.mark.parametrize("front", ["task", "thread"])
async def test_an_error_of_a_method_is_raised(front: str) -> None:
    def failing() -> Waits[None]:
        yield Wait(None, 0.0)
        raise ERROR

    async def run() -> None:
        await wait_in_task(failing()) if front == "task" else wait_in_thread(failing())

    with pytest.raises(RenewalFailed, match="offline"):
        await run()
