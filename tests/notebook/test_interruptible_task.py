"""Work that runs beside a cell, and that an interrupt of the cell cancels."""

from __future__ import annotations

import asyncio
import queue
from typing import TYPE_CHECKING

import pytest

from appsync_gql.notebook.interruptible_task import InterruptibleTask

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Function = Callable[[], Coroutine[None, None, None]]

SECONDS = 20.0
"""How long a test waits for what has happened already on a machine that is not busy."""


class Ends:
    """Takes the calls of ``ended``."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def __call__(self, error: BaseException | None) -> None:
        self._calls.put(error)

    def only(self) -> BaseException | None:
        """Wait for a call, and return its error; there is no other call."""
        error = self._calls.get(timeout=SECONDS)
        assert self._calls.empty()
        return error


def task_of(function: Function) -> tuple[InterruptibleTask, Ends]:
    ends = Ends()
    return InterruptibleTask("test", function, ended=ends), ends


async def nothing() -> None:
    """Return at once."""


async def failure() -> None:
    raise ValueError("no")


async def cancellation() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("function", "error"),
    [(nothing, None), (failure, ValueError), (cancellation, asyncio.CancelledError)],
)
def test_its_end_is_told_once_with_its_error(
    function: Function, error: type[BaseException] | None
) -> None:
    task, ends = task_of(function)
    task.start()
    found = ends.only()
    assert found is None if error is None else isinstance(found, error)
    task.stop()
    assert not task.is_running


def test_it_is_cancelled_and_cleans_up_before_stop_returns() -> None:
    began: queue.SimpleQueue[None] = queue.SimpleQueue()
    cleaned: list[bool] = []

    async def for_ever() -> None:
        began.put(None)
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    task, ends = task_of(for_ever)
    task.start()
    began.get(timeout=SECONDS)
    assert task.is_running
    task.stop()
    assert cleaned == [True]
    assert not task.is_running
    assert ends.only() is None


def test_nothing_runs_when_it_is_stopped_before_it_was_started() -> None:
    calls: list[bool] = []

    async def function() -> None:
        calls.append(True)

    task, ends = task_of(function)
    task.stop()
    assert not task.is_running
    task.start()
    assert ends.only() is None
    assert not calls
