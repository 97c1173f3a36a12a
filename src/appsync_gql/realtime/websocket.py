"""Small helpers over asyncio and aiohttp's WebSocket."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractAsyncContextManager
    from typing import TypeAlias, TypeVar

    T = TypeVar("T")
    Socket: TypeAlias = aiohttp.ClientWebSocketResponse[Any]

__all__ = ["TEXT", "first_done", "how_it_ended", "is_end", "start_task", "timeout"]

timeout: Callable[[float | None], AbstractAsyncContextManager[object]]
"""As ``asyncio.timeout``, which Python 3.10 does not have; aiohttp installs another one there."""

if sys.version_info >= (3, 11):
    timeout = asyncio.timeout
else:
    from async_timeout import timeout as _timeout  # pyright: ignore[reportMissingImports]

    timeout = _timeout

TEXT = aiohttp.WSMsgType.TEXT

_ENDS = {
    aiohttp.WSMsgType.CLOSE,
    aiohttp.WSMsgType.CLOSED,
    aiohttp.WSMsgType.CLOSING,
    aiohttp.WSMsgType.ERROR,
}


def is_end(message: aiohttp.WSMessage) -> bool:
    """Return whether this is the last message of a socket."""
    return message.type in _ENDS


def how_it_ended(socket: Socket, message: aiohttp.WSMessage) -> str:
    """Return how a socket ended whose last message this was."""
    if message.type is aiohttp.WSMsgType.ERROR:
        return type(message.data).__name__
    return f"close code {socket.close_code}"


def start_task(work: Coroutine[Any, Any, T], among: set[asyncio.Task[Any]]) -> asyncio.Task[T]:
    """Run a coroutine as a task that belongs to a set until it is done.

    The task's error, if any, is for those who wait for it; there may be nobody.
    """
    task = asyncio.get_running_loop().create_task(work, name="appsync-gql-realtime")
    among.add(task)

    def done(task: asyncio.Task[T]) -> None:
        among.discard(task)
        if not task.cancelled():
            task.exception()

    task.add_done_callback(done)
    return task


async def first_done(*futures: asyncio.Future[Any], seconds: float | None = None) -> None:
    """Wait until one of the futures is done; ``None`` for ``seconds`` waits without limit."""
    await asyncio.wait(futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
