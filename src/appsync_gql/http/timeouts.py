"""One timer for all requests under way, in place of one for each."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NO_TOTAL", "SharedTimeout"]

NO_TOTAL = aiohttp.ClientTimeout(total=None, sock_connect=30)
"""aiohttp's own defaults except for ``total``, whose place :class:`SharedTimeout` takes."""

_CHECKS = 8
"""How many times within the limit the requests are checked: one may take an eighth longer."""


class SharedTimeout:
    """Cancels requests that take longer than a limit; for one event loop.

    It is for requests that would never end by themselves, so it need not be exact: a request
    costs an entry in a dictionary, and no timer.

    Args:
        seconds: the limit for one request, to within an eighth.
        clock: monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._started: dict[asyncio.Task[object] | None, float] = {}
        self._cancelled: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self, now: float) -> asyncio.Task[object] | None:
        """Begin to time the current task, and return it for the other methods."""
        task = asyncio.current_task()
        self._started[task] = now
        if self._timer is None:
            self._set_timer()
        return task

    def error_of(self, task: asyncio.Task[object] | None) -> asyncio.TimeoutError | None:
        """Return the error of a cancelled task if the limit is why; ``None`` if it is not.

        ``None`` as well if somebody else cancelled the task too: that counts more.
        """
        if task is None or task not in self._cancelled:
            return None
        self._cancelled.remove(task)
        if sys.version_info >= (3, 11) and task.uncancel() > 0:
            return None
        return asyncio.TimeoutError(f"no response within {self._seconds:g} s")

    def finish(self, task: asyncio.Task[object] | None) -> None:
        """Stop timing the task, and take back a cancellation that came too late for it."""
        self._started.pop(task, None)
        if self._cancelled:
            self.error_of(task)

    def stop(self) -> None:
        """Stop the timer if no request is under way."""
        if self._timer is not None and not self._started:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds / _CHECKS, self._check)

    def _check(self) -> None:
        self._timer = None
        now = self._clock()
        self._cancelled.intersection_update(self._started)
        for task, started in self._started.items():
            late = now - started > self._seconds
            if late and task is not None and task not in self._cancelled:
                self._cancelled.add(task)
                task.cancel()
        if self._started:
            self._set_timer()
