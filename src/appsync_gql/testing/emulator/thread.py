"""A service on a thread and event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

__all__ = ["on_thread"]

_PATIENCE = 10.0
"""Seconds to wait for the thread's end."""


@contextmanager
def on_thread(service: AbstractAsyncContextManager[object], name: str) -> Iterator[None]:
    """Run a service on another thread until the ``with`` block ends.

    Args:
        service: entered and left in the thread's loop.
        name: of the thread.

    Raises:
        BaseException: whatever the service failed with at its start.
    """
    ready, failure = threading.Event(), list[BaseException]()
    loop: asyncio.AbstractEventLoop | None = None
    stopping: asyncio.Event | None = None

    async def serve() -> None:
        nonlocal loop, stopping
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        async with service:
            ready.set()
            await stopping.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - told to the thread that asked
            failure.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    ready.wait()
    try:
        if failure:
            raise failure[0]
        yield
    finally:
        if loop is not None and stopping is not None and not failure:
            loop.call_soon_threadsafe(stopping.set)
        thread.join(_PATIENCE)
