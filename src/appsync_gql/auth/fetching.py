"""Starts to fetch a credential: blocking code on a worker thread, coroutines on the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from ..exceptions import AppSyncError, RenewalFailed
from ..threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["await_in_time", "fetch_in_task", "fetch_in_thread"]

T = TypeVar("T")

_tasks: set[asyncio.Future[None]] = set()
"""Tasks under way; an event loop itself has weak references only."""


def fetch_in_thread(
    fetch: Callable[[], T],
    done: Callable[[T | AppSyncError], object],
    *,
    description: str,
    error_of: Callable[[Exception], AppSyncError],
) -> None:
    """Call a function on a worker thread, and ``done`` with its result or its error.

    Args:
        fetch: blocks.
        done: called exactly once, whatever happens.
        description: what the function does, for warnings.
        error_of: returns the error that stands for one that the function raised.
    """

    def work() -> None:
        outcome: T | AppSyncError = RenewalFailed(f"It was broken off: {description}.")
        try:
            outcome = fetch()
        except Exception as error:  # noqa: BLE001 - it may be a function of the user's
            outcome = error_of(error)
        finally:
            done(outcome)

    try:
        run_in_thread(work, description)
    except RuntimeError:
        done(RenewalFailed(f"No thread can be started now: {description}."))


def fetch_in_task(
    fetch: Callable[[], Coroutine[object, object, T]],
    done: Callable[[T | AppSyncError], object],
    *,
    description: str,
    error_of: Callable[[Exception], AppSyncError],
) -> asyncio.AbstractEventLoop:
    """Run a coroutine in a task of the running loop, and call ``done`` with its result or error.

    The arguments are those of :func:`fetch_in_thread`.

    Returns:
        The running loop.

    Raises:
        RuntimeError: no loop is running.
    """

    async def work() -> None:
        outcome: T | AppSyncError = RenewalFailed(
            f"The event loop has ended that did this: {description}."
        )
        try:
            outcome = await fetch()
        except Exception as error:  # noqa: BLE001 - it may be a function of the user's
            outcome = error_of(error)
        finally:
            done(outcome)

    loop = asyncio.get_running_loop()
    task = loop.create_task(work())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return loop


async def await_in_time(awaitable: Awaitable[T], seconds: float, late: AppSyncError) -> T:
    """Return what an awaitable returns.

    A coroutine that does not end when it is cancelled is left to itself.

    Args:
        awaitable: what to await.
        seconds: how long at most; then it is cancelled.
        late: the error to raise in that case.
    """
    task: asyncio.Future[T] = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_ignore)
    raise late


def _ignore(task: asyncio.Future[T]) -> None:
    """Take a task's error, so that asyncio does not log that nobody did."""
    if not task.cancelled():
        task.exception()
