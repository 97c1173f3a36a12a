"""One event loop on a thread of its own, for synchronous callers."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .compat.forks import detach_loop, keep_for_ever
from .compat.gevent import new_loop
from .exceptions import ConnectionFailed
from .threads import after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine

__all__ = ["BackgroundLoop", "background_loop"]

T = TypeVar("T")

_POLL = 0.2
"""Seconds after which a waiting caller looks for Ctrl-C. It wakes no caller on Windows, nor where
another library, such as Polars, has the system restart what a signal interrupts."""

_CLOSE_SECONDS = 2.0
"""Seconds that the end of the program waits for connections to close."""

_CANCEL_SECONDS = 5.0
"""Seconds that Ctrl-C waits for what it cancelled."""


class _Call(Generic[T]):
    """One coroutine that runs for a caller in another thread.

    The caller waits at a lock. An exception of a signal handler, such as Ctrl-C, can leave a
    ``threading.Event`` or a future in a state in which the next call fails or never returns.

    Attributes:
        ended: whether everything of the coroutine has ended.
    """

    __slots__ = ("_coroutine", "_error", "_result", "_running", "_task", "ended")

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._task: asyncio.Task[T] | None = None
        self._result: T | None = None
        self._error: BaseException | None = None
        self._running = threading.Lock()
        self._running.acquire()
        self.ended = False

    def begin(self) -> None:
        """Begin; called in the loop."""
        if not self.ended:
            self._task = asyncio.get_running_loop().create_task(self._coroutine)
            self._task.add_done_callback(self._end)

    def cancel(self) -> None:
        """Cancel it; called in the loop."""
        if self._task is None:
            self._coroutine.close()
            self._announce_end()
        else:
            self._task.cancel()

    def wait(self, seconds: float | None) -> bool:
        """Wait for the end, at most so many seconds, and return whether it has come.

        Args:
            seconds: ``None`` for no limit.
        """
        if not self.ended:
            self._running.acquire(timeout=-1 if seconds is None else seconds)
        return self.ended

    def result(self) -> T:
        """Return what the coroutine returned, or raise what it raised."""
        if self._error is None:
            return self._result  # type: ignore[return-value]
        error, self._error = self._error, None
        try:
            raise error
        finally:
            del error  # its traceback has this frame, which would keep both in memory

    def _end(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self._error = asyncio.CancelledError()
        else:
            self._error = task.exception()
            if self._error is None:
                self._result = task.result()
        self._announce_end()

    def _announce_end(self) -> None:
        self.ended = True
        self._running.release()


class BackgroundLoop:
    """Runs coroutines for callers in any thread, one inside a running event loop included.

    The thread starts with the first call; it is a daemon, so it never keeps a program from
    ending. A forked child starts a thread and a loop of its own.
    """

    def __init__(self) -> None:
        self._begin()
        after_fork_in_child(self, BackgroundLoop._after_fork)
        atexit.register(self._close)

    def _begin(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def _after_fork(self) -> None:
        """Cut what was inherited off from the parent's loop, which goes on there."""
        if self._loop is not None:
            detach_loop(self._loop)
            keep_for_ever(self._loop)
        self._begin()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop, block until it has ended, and return its result.

        Ctrl-C cancels the coroutine and is raised here.

        Raises:
            ConnectionFailed: no thread can be started now, and this thread runs an event loop; or
                this process has too many open files.
            RuntimeError: called on the loop's own thread, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            msg = (
                "A synchronous call was made by a function that the background loop itself runs "
                "(on_gap, for example), and would wait for ever. Make it from another thread."
            )
            raise RuntimeError(msg)
        call, loop = _Call(coroutine), None
        try:
            try:
                loop = self._loop or self._start()
                loop.call_soon_threadsafe(call.begin)
            except RuntimeError:
                loop = None
                return self._run_here(coroutine)
            while not call.wait(_POLL):
                pass
        except BaseException:
            # Ctrl-C, which may come between any two steps of this method: what is cancelled must
            # have ended before anything else is done with it.
            if loop is None:
                coroutine.close()
            elif not call.ended:
                loop.call_soon_threadsafe(call.cancel)
                call.wait(_CANCEL_SECONDS)
            raise
        if self._closed:
            self._wait_for_end()
        return call.result()

    def finish(self, generator: AsyncGenerator[Any, None]) -> None:
        """Close a generator that was iterated on the loop, and block until it has ended.

        Called by the garbage collector too, in any thread. On the loop's own thread there is
        nothing to be done, since asyncio closes generators that are collected; nor is there
        after the end of the loop, which closes all.
        """
        if self._loop is not None and threading.current_thread() is not self._thread:
            self.run(_close(generator))

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._closed:
                msg = "the program is ending"
                raise RuntimeError(msg)
            if self._loop is None:
                loop = _new_loop()
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

    def _run_here(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in this thread, since there is no other.

        At the end of the program no thread can be started; functions of :mod:`atexit`, which
        run in the main thread, may still make requests.
        """
        if self._closed:
            self._wait_for_end()
        if _is_loop_running():
            coroutine.close()
            raise ConnectionFailed(
                "No thread could be started, which synchronous calls inside an event loop need; "
                "nothing was sent. Call again later."
            )
        return asyncio.run(coroutine)

    def _wait_for_end(self) -> None:
        """Block a daemon thread until the program has ended, so that it says nothing more."""
        if threading.current_thread() is not threading.main_thread():
            threading.Event().wait()

    def _close(self) -> None:
        """Close the loop's connections at the end of the program."""
        with self._starting:
            loop, thread = self._loop, self._thread
            self._loop, self._closed = None, True
        if loop is None or thread is None:
            return
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_CLOSE_SECONDS)


async def _close(generator: AsyncGenerator[Any, None]) -> None:
    with contextlib.suppress(RuntimeError):  # asyncio closes it already
        await generator.aclose()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        return new_loop()
    except OSError as error:
        raise ConnectionFailed(
            f"No event loop could be made ({error.strerror}); nothing was sent. Close files or "
            "connections, or raise the limit of open files."
        ) from None


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


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
