"""New connectors, whose sockets a forked child gives up, and whose look-ups have own threads.

A child that is forked while its parent opens a connection has the socket, and perhaps a callback
of the event loop that would read the next part of the TLS handshake from it. So the sockets of all
connectors are remembered from their creation on.

aiohttp looks them up in asyncio's executor. That takes no work any more as soon as the main thread
has ended, while other threads may go on for days; and a program whose own blocking calls fill it
would keep every new connection waiting.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import aiohttp

from ..compat.forks import replace_socket
from ..forks import after_fork_in_child
from ..threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["new_connector"]


class _Sockets:
    """The sockets of all connectors of this process that are open or being opened."""

    def __init__(self) -> None:
        self._open: WeakSet[socket.socket] = WeakSet()
        after_fork_in_child(self, _Sockets._give_up)

    def new(self, address: tuple[Any, Any, int, Any, Any]) -> socket.socket:
        """Return a socket for an address, as ``socket.getaddrinfo`` returns it."""
        family, kind, protocol, _, _ = address
        made = socket.socket(family, kind, protocol)
        self._open.add(made)
        return made

    def _give_up(self) -> None:
        """Called in a forked child: they belong to its parent."""
        inherited, self._open = self._open, WeakSet()
        for each in inherited:
            replace_socket(each)


_sockets = _Sockets()


def new_connector(**arguments: Any) -> aiohttp.TCPConnector:
    """Return a connector for the running loop.

    Args:
        arguments: of aiohttp's ``TCPConnector``.
    """
    if aiohttp.DefaultResolver is aiohttp.ThreadedResolver:  # else aiodns is installed
        arguments["resolver"] = aiohttp.ThreadedResolver(loop=_Lookups())  # type: ignore[arg-type]
    return aiohttp.TCPConnector(socket_factory=_sockets.new, **arguments)


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
