"""One renewal under way, for which any task, thread or event loop can wait."""

from __future__ import annotations

import asyncio
import copy
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from ..exceptions import AppSyncError, RenewalFailed
from ..threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Flight", "fly"]


class Flight:
    """The shared result of one renewal.

    A waiter that is cancelled, or whose loop ends, leaves; the renewal and the
    other waiters go on. The outcome is kept as a value and every waiter raises
    an error of its own, so that no traceback is shared.
    """

    __slots__ = ("_done", "_lock", "_per_loop", "_thread")

    def __init__(self) -> None:
        self._done: Future[AppSyncError | None] = Future()
        # A running future can't be cancelled, whoever waits for it.
        self._done.set_running_or_notify_cancel()
        self._lock = threading.Lock()
        self._per_loop: dict[asyncio.AbstractEventLoop, asyncio.Future[AppSyncError | None]] = {}
        self._thread: int | None = None

    def quiet(self) -> Flight:
        """Give a flight that lands when this one does, without its error."""
        other = Flight()
        self._done.add_done_callback(lambda _: other.land())
        return other

    def board(self) -> None:
        """Note that this thread does the work."""
        self._thread = threading.get_ident()

    def land(self, error: AppSyncError | None = None) -> None:
        """Wake the waiters, with an error or without."""
        self._done.set_result(error)

    async def wait(self) -> None:
        """Wait for the renewal.

        Raises:
            AppSyncError: the renewal failed.
        """
        self._forbid_waiting_for_oneself()
        loop = asyncio.get_running_loop()
        with self._lock:
            # One hand-over a loop, however many tasks wait in it.
            arrival = self._per_loop.get(loop)
            if arrival is None:
                arrival = self._per_loop[loop] = asyncio.wrap_future(self._done, loop=loop)
        _raise(await asyncio.shield(arrival))

    def wait_blocking(self) -> None:
        """Block this thread until the renewal has ended.

        Raises:
            AppSyncError: the renewal failed.
        """
        self._forbid_waiting_for_oneself()
        _raise(self._done.result())

    def _forbid_waiting_for_oneself(self) -> None:
        if self._thread == threading.get_ident() and not self._done.done():
            raise RenewalFailed(
                "A provider or persistence asked the store for tokens from inside the renewal "
                "that is to bring them. Use the tokens that it was given."
            )


def fly(work: Callable[[], None], landed: Callable[[], None] = lambda: None) -> Flight:
    """Do work on a worker thread.

    Args:
        work: what blocks; its ``AppSyncError`` reaches whoever waits.
        landed: called when it is over, before the waiters are woken.
    """
    flight = Flight()

    def run() -> None:
        error: AppSyncError | None = RenewalFailed("The renewal was broken off.")
        try:
            flight.board()
            work()
            error = None
        except AppSyncError as raised:
            error = raised
        finally:
            # Whatever happens, nobody is left waiting.
            landed()
            flight.land(error)

    try:
        run_in_thread(run)
    except RuntimeError:
        # Not landed(): the caller may hold the lock that it takes.
        flight.land(RenewalFailed("No renewal while the interpreter is shutting down."))
    return flight


def _raise(error: AppSyncError | None) -> None:
    if error is None:
        return
    own = copy.copy(error)
    own.__cause__ = error.__cause__
    raise own
