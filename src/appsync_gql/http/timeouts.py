"""One timer for all requests under way, where aiohttp would start and cancel one for each."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NO_TIMERS", "Deadlines"]

NO_TIMERS = aiohttp.ClientTimeout(total=None, sock_connect=30)
"""aiohttp's own defaults but for ``total``, which is what :class:`Deadlines` is for."""

_LOOKS = 8
"""How often in the allowed time it is looked: a request may take an eighth longer."""


class Deadlines:
    """Ends requests that take too long; for one event loop at a time.

    It is for what has gone wrong for good, and so is coarse: a request costs it an
    entry in a dictionary and no timer of its own.

    Args:
        seconds: what a request may take, about.
        clock: monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._begun: dict[asyncio.Task[object] | None, float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._next: asyncio.TimerHandle | None = None

    def begin(self, now: float) -> asyncio.Task[object] | None:
        """Watch the present task from now on; give it, for the other methods."""
        task = asyncio.current_task()
        self._begun[task] = now
        if self._next is None:
            self._wait()
        return task

    def late(self, task: asyncio.Task[object] | None) -> asyncio.TimeoutError | None:
        """Tell why the task was cancelled: by this, or ``None`` if by somebody else (too)."""
        if task is None or task not in self._late:
            return None
        self._late.remove(task)
        if _is_cancelled_otherwise(task):
            return None
        return asyncio.TimeoutError(f"no answer within {self._seconds:g} s")

    def end(self, task: asyncio.Task[object] | None) -> None:
        """Watch it no longer."""
        self._begun.pop(task, None)

    def stop(self) -> None:
        """Leave no timer behind, once what is under way has ended."""
        if self._next is not None and not self._begun:
            self._next.cancel()
            self._next = None

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._next = loop.call_later(self._seconds / _LOOKS, self._look)

    def _look(self) -> None:
        self._next = None
        now = self._clock()
        self._late.intersection_update(self._begun)
        for task, begun in self._begun.items():
            if task is not None and now - begun > self._seconds and task not in self._late:
                self._late.add(task)
                task.cancel()
        if self._begun:
            self._wait()


def _is_cancelled_otherwise(task: asyncio.Task[object]) -> bool:
    """Take our own cancellation back, and tell whether there is another one."""
    if sys.version_info >= (3, 11):
        return task.uncancel() > 0
    return False
