"""Runs an asynchronous service on a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

__all__ = ["running_in_thread"]

_JOIN_TIMEOUT = 10.0
"""Seconds to wait for the thread's end."""


class _ServiceThread(threading.Thread):
    """Enters the service, waits until it is told to stop, and leaves the service.

    Attributes:
        ready: set once the service has started or failed to.
        failure: what the service raised; ``None`` if it raised nothing.
    """

    def __init__(self, service: AbstractAsyncContextManager[object], name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.ready = threading.Event()
        self.failure: BaseException | None = None
        self._service = service
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_requested: asyncio.Event | None = None

    def run(self) -> None:
        """Run until :meth:`stop` is called."""
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that started this one
            self.failure = error
        finally:
            self.ready.set()

    def stop(self) -> None:
        """Ask the thread to end, and wait for at most 10 seconds until it has."""
        if self._loop is not None and self._stop_requested is not None and self.failure is None:
            self._loop.call_soon_threadsafe(self._stop_requested.set)
        self.join(_JOIN_TIMEOUT)

    async def _serve(self) -> None:
        self._loop, self._stop_requested = asyncio.get_running_loop(), asyncio.Event()
        async with self._service:
            self.ready.set()
            await self._stop_requested.wait()


@contextmanager
def running_in_thread(service: AbstractAsyncContextManager[object], name: str) -> Iterator[None]:
    """Run a service on another thread until the ``with`` block ends.

    Args:
        service: entered and left in the thread's event loop.
        name: of the thread.

    Raises:
        BaseException: whatever the service raised when it started.
    """
    thread = _ServiceThread(service, name)
    thread.start()
    thread.ready.wait()
    try:
        if thread.failure is not None:
            raise thread.failure
        yield
    finally:
        thread.stop()
