"""One event loop on a thread of its own, for synchronous callers."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .threads import after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["BackgroundLoop", "background_loop"]

T = TypeVar("T")

_CLOSE_SECONDS = 2.0
"""Seconds that the end of the program waits for connections to close."""

_CANCEL_SECONDS = 5.0
"""Seconds that Ctrl-C waits for what it cancelled."""


class BackgroundLoop:
    """Runs coroutines for callers in any thread, one inside a running event loop included.

    The thread starts with the first call; it is a daemon, so it never keeps a program from
    ending. A forked child starts a thread and a loop of its own.
    """

    def __init__(self) -> None:
        self._begin()
        after_fork_in_child(self, BackgroundLoop._begin)
        atexit.register(self._close)

    def _begin(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop, block until it has ended, and return its result.

        Ctrl-C cancels the coroutine and is raised here.

        Raises:
            RuntimeError: called on the loop's own thread, which would wait for itself.
        """
        loop = self._loop or self._start()
        if threading.current_thread() is self._thread:
            coroutine.close()
            msg = (
                "A synchronous call was made by a function that the background loop itself runs "
                "(on_gap, for example), and would wait for ever. Make it from another thread."
            )
            raise RuntimeError(msg)
        call = _Call(coroutine)
        try:
            loop.call_soon_threadsafe(call.start)
            call.wait()
        except BaseException:
            # Ctrl-C, which may come at any moment, between any two steps of this method: what is
            # cancelled must have ended before anything else is done with it.
            if not call.ended:
                loop.call_soon_threadsafe(call.cancel)
                call.wait(_CANCEL_SECONDS)
            raise
        return call.result()

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                thread = threading.Thread(
                    target=_serve, args=(loop,), name="appsync-gql-loop", daemon=True
                )
                try:
                    thread.start()
                except RuntimeError:
                    loop.close()
                    raise
                self._thread, self._loop = thread, loop
            return self._loop

    def _close(self) -> None:
        """Close the loop's connections at the end of the program."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or self._process != os.getpid():
            return
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_CLOSE_SECONDS)


class _Call(Generic[T]):
    """One coroutine on the loop, for one thread that waits for it.

    :meth:`start` and :meth:`cancel` are called on the loop. The thread waits at a lock, because
    what ``threading`` and ``concurrent.futures`` build upon locks does not survive an exception
    of a signal handler at every place.

    Attributes:
        ended: whether the coroutine has ended, however it did.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._task: asyncio.Task[T] | None = None
        self._running = threading.Lock()
        self._running.acquire()
        self.ended = False

    def start(self) -> None:
        """Begin to run the coroutine."""
        self._task = asyncio.get_running_loop().create_task(self._coroutine)
        self._task.add_done_callback(self._finish)

    def cancel(self) -> None:
        """Cancel the coroutine, which may not have been started."""
        if self._task is not None:
            self._task.cancel()
        else:
            self._coroutine.close()
            self._finish()

    def wait(self, seconds: float = -1) -> None:
        """Wait until the coroutine has ended; -1 for as long as that takes."""
        if not self.ended:
            self._running.acquire(timeout=seconds)

    def result(self) -> T:
        """Return the coroutine's result, or raise its exception, once it has ended.

        Raises:
            concurrent.futures.CancelledError: it was cancelled.
        """
        if self._task is None or self._task.cancelled():
            raise CancelledError
        return self._task.result()

    def _finish(self, _task: object = None) -> None:
        self.ended = True
        self._running.release()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


background_loop = BackgroundLoop()
"""The one loop of this process."""
