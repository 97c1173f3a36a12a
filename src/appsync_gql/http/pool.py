"""Connections that stay open between sessions, apart for each event loop.

gql's ``execute_async`` opens and closes a session for every call, and with it the connections:
most of the time of such a call. Here a pool outlives the sessions on its loop. Its idle
connections are closed by aiohttp after some seconds; all of them when the loop ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from typing import TYPE_CHECKING

import aiohttp
from gql.transport.common.aiohttp_closed_event import create_aiohttp_closed_event

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncGenerator

__all__ = ["KeptConnections", "close_session"]

_RECENT = 0.25
"""Seconds after which it is looked whether the server has closed a connection meanwhile."""


class _Pool:
    """The connections on one loop.

    Attributes:
        connector: aiohttp's pool.
        guard: an asynchronous generator that stands still until the loop ends it,
            as ``asyncio.run`` does with all that are left
            (https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.shutdown_asyncgens).
        session: one that may be used again; ``None`` if there is none.
        left: when it was last put back, in the loop's seconds.
    """

    def __init__(self, ssl_close_timeout: float | None) -> None:
        self.connector = aiohttp.TCPConnector()
        self.guard = _until_the_end(self.connector, ssl_close_timeout)
        self.session: aiohttp.ClientSession | None = None
        self.left = 0.0

    def drop(self) -> None:
        """Close it without waiting: what is scheduled here might never run."""
        # One step closes it; the others only wait for TLS to end.
        steps = self.connector.close().__await__()
        with contextlib.suppress(StopIteration):
            next(steps)
        steps.close()
        with contextlib.suppress(StopIteration, RuntimeError):  # the loop is at it already
            self.guard.aclose().send(None)


class KeptConnections:
    """The pools of one transport.

    Args:
        ssl_close_timeout: seconds for connections to end their TLS; ``None`` for no limit.
    """

    def __init__(self, ssl_close_timeout: float | None) -> None:
        self._ssl_close_timeout = ssl_close_timeout
        self._pools: dict[AbstractEventLoop, _Pool] = {}
        # When the transport is gone, or the interpreter exits.
        weakref.finalize(self, _abandon, self._pools)

    async def take(self) -> _Pool:
        """Give the running loop's pool; whoever takes it does not close it."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None or pool.connector.closed:
            self._forget_dead_loops()
            pool = self._pools[loop] = _Pool(self._ssl_close_timeout)
            await pool.guard.__anext__()
        elif loop.time() - pool.left > _RECENT:
            # While a loop stands still it does not see what servers close: let it look.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return pool

    def leave(self, session: aiohttp.ClientSession | None = None) -> None:
        """Put the running loop's pool back, with a session that may be used again."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is not None:
            pool.session, pool.left = session, loop.time()

    def _forget_dead_loops(self) -> None:
        for loop in [loop for loop in self._pools if loop.is_closed()]:
            del self._pools[loop]


def _abandon(pools: dict[AbstractEventLoop, _Pool]) -> None:
    """Close what is left; the garbage collector may have called from any thread."""
    here = asyncio._get_running_loop()  # noqa: SLF001 - documented, and raises nothing
    for loop, pool in list(pools.items()):
        if loop is here:
            pool.drop()
        elif loop.is_running():
            with contextlib.suppress(RuntimeError):  # it ended just now
                loop.call_soon_threadsafe(pool.drop)
        elif not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # another loop runs in this thread
                loop.run_until_complete(pool.guard.aclose())


async def _until_the_end(
    connector: aiohttp.TCPConnector, ssl_close_timeout: float | None
) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        if not connector.closed:
            await close_session(aiohttp.ClientSession(connector=connector), ssl_close_timeout)


async def close_session(session: aiohttp.ClientSession, ssl_close_timeout: float | None) -> None:
    """Close a session and wait so many seconds for its connections to end their TLS."""
    closed = create_aiohttp_closed_event(session)
    await session.close()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(closed.wait(), ssl_close_timeout)
