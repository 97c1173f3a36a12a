"""New connectors, which look up host names on this package's own threads.

aiohttp looks them up in asyncio's executor. That takes no work any more as soon as the main thread
has ended, while other threads may go on for days; and a program whose own blocking calls fill it
would keep every new connection waiting.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp

from ..threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["new_connector"]


def new_connector(**arguments: Any) -> aiohttp.TCPConnector:
    """Return a connector for the running loop.

    Args:
        arguments: of aiohttp's ``TCPConnector``.
    """
    if aiohttp.DefaultResolver is aiohttp.ThreadedResolver:  # else aiodns is installed
        arguments["resolver"] = aiohttp.ThreadedResolver(loop=_Lookups())  # type: ignore[arg-type]
    return aiohttp.TCPConnector(**arguments)


class _Lookups:
    """The two methods of an event loop that aiohttp's ``ThreadedResolver`` calls."""

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        """Return what ``socket.getaddrinfo`` returns."""
        return await _on_worker_thread(lambda: socket.getaddrinfo(*args, **kwargs))

    async def getnameinfo(self, *args: Any) -> Any:
        """Return what ``socket.getnameinfo`` returns."""
        return await _on_worker_thread(lambda: socket.getnameinfo(*args))


async def _on_worker_thread(work: Callable[[], Any]) -> Any:
    """Return the result of a blocking call, which goes on if the caller is cancelled.

    Raises:
        OSError: the call failed, or there is no thread for it now.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Any] = loop.create_future()

    def run() -> None:
        found, error = None, None
        try:
            found = work()
        except Exception as raised:  # noqa: BLE001 - it is the caller's
            error = raised
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(_end, ended, found, error)

    try:
        run_in_thread(run, "the look-up of a host name")
    except RuntimeError as error:
        raise OSError(f"no thread for the look-up of a host name ({error})") from None
    return await ended


def _end(ended: asyncio.Future[Any], found: Any, error: Exception | None) -> None:
    if ended.done():
        return
    if error is None:
        ended.set_result(found)
    else:
        ended.set_exception(error)
