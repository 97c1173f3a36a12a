"""One event loop on a thread of its own, for synchronous callers."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from .exceptions import ConnectionFailed
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
            ConnectionFailed: no thread can be started now.
            RuntimeError: called on the loop's own thread, which would wait for itself.
        """
        try:
            loop = self._loop or self._start()
        except RuntimeError as error:
            coroutine.close()
            raise ConnectionFailed(
                f"No thread could be started ({error}); nothing was sent. Call again later."
            ) from error
        if threading.current_thread() is self._thread:
            coroutine.close()
            msg = (
                "A synchronous call was made by a function that the background loop itself runs "
                "(on_gap, for example), and would wait for ever. Make it from another thread."
            )
            raise RuntimeError(msg)
        ended = threading.Event()
        future = asyncio.run_coroutine_threadsafe(_announcing(coroutine, ended), loop)
        try:
            return future.result()
        except BaseException:
            # Ctrl-C: what is cancelled must have ended before anything else is done with it.
            if future.cancel():
                ended.wait(_CANCEL_SECONDS)
            raise

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


async def _announcing(coroutine: Coroutine[Any, Any, T], ended: threading.Event) -> T:
    try:
        return await coroutine
    finally:
        ended.set()


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
