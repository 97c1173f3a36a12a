"""The aiohttp session and the connections of one transport on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import aiohttp

from ..clock import Clock, SystemClock
from ..compat.aiohttp import abort_idle, close_connections
from ..compat.forks import detach_connections
from ..compat.gql import wait_until_closed
from .connector import new_connector
from .session import make_session

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncGenerator

    from .timeouts import SharedTimeout

__all__ = ["RECENT", "LoopSession", "close_later"]

RECENT = 0.25
"""Seconds after which idle connections are checked for a close by the server before use."""

_KEPT = 15.0
"""Seconds for which aiohttp keeps idle connections, by the event loop's clock."""

_AT_EXIT = 2.0
"""Seconds to wait at most for TLS connections to close when a thread or the process ends."""


class LoopSession:
    """The session and the connections of one transport on one event loop.

    Attributes:
        loop: the event loop.
        connector: aiohttp's connections, kept between sessions; ``None`` if they are not kept.
        session: the open session, or one that is kept for the next time; ``None`` without.
        uses: how many times the session was opened and not closed yet.
        idle_since: when it was last closed, in the loop's seconds.
        unowned: whether the transport was collected, so that it will not be used again.
        responded: whether a response was received, so that a connection may be a kept one.
        timeout: one timer for all requests of the session; ``None`` where aiohttp has its own.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        ssl_close_timeout: float | None,
        clock: Clock | None = None,
    ) -> None:
        self.loop = loop
        self._clock = SystemClock() if clock is None else clock
        self._last = self._clock.wall(), self._clock.monotonic()
        self.timeout: SharedTimeout | None = None
        self.connector: aiohttp.TCPConnector | None = None
        self.session: aiohttp.ClientSession | None = None
        self.uses = 0
        self.idle_since = 0.0
        self.unowned = self.responded = False
        self._ssl_close_timeout = ssl_close_timeout
        self._settings: dict[str, Any] | None = None
        self._at_loop_end: AsyncGenerator[None, None] | None = None
        self._closing = asyncio.Lock()

    async def keep_connections(self) -> aiohttp.TCPConnector:
        """Return the connector that outlives sessions, created at first use."""
        if self.connector is None or self.connector.closed:
            self.connector = new_connector()
            # asyncio.run() closes the asynchronous generators that its loop still has
            # (https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.shutdown_asyncgens).
            self._at_loop_end = self._closing_generator()
            await self._at_loop_end.__anext__()
        elif self.loop.time() - self.idle_since > RECENT:
            # While a loop does not run, it does not notice that servers close connections.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return self.connector

    def idle_seconds(self) -> float:
        """Return the seconds since this was called last: when the last request began.

        By the wall clock or the one that goes on during sleep, whichever counted more: a process
        that was frozen, as AWS Lambda does between invocations, may not have counted itself.
        """
        last_wall, last_monotonic = self._last
        self._last = wall, monotonic = self._clock.wall(), self._clock.monotonic()
        return max(wall - last_wall, monotonic - last_monotonic)

    async def check_connections(self, idle: float) -> None:
        """Abort idle connections that may be dead, so that no mutation is sent on one.

        Args:
            idle: for how many seconds there was no request.
        """
        if idle > _KEPT and self.connector is not None:
            # Servers and networks forget idle connections, often without a word.
            abort_idle(self.connector)
        elif idle > RECENT:
            # While a loop does not run, it does not notice that servers close connections.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def _closing_generator(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self._close_all()

    async def _close_all(self) -> None:
        # The loop may end while a transport that is gone is closed: neither is done before both.
        async with self._closing:
            await self._close_now()

    async def _close_now(self) -> None:
        session, self.session = self.session, None
        connector, self.connector = self.connector, None
        self.uses = 0
        if connector is not None:
            if session is not None:
                session.detach()
            if not connector.closed:
                session = aiohttp.ClientSession(connector=connector)
                await wait_until_closed(session, self._ssl_close_timeout)
        elif session is not None and not session.closed:
            await wait_until_closed(session, self._ssl_close_timeout)

    def prepare_session(
        self, settings: dict[str, Any], connector: aiohttp.TCPConnector | None
    ) -> None:
        """Make a session of these settings, unless there is one that can be used.

        Args:
            settings: the arguments for the session.
            connector: whose connections to use; ``None`` for a new connector.
        """
        session = self.session
        if session is not None and not session.closed:
            if self.uses or settings == self._settings:
                return
            session.detach()
        self.session, self.timeout = make_session(settings, connector)
        self._settings = settings

    @property
    def is_open(self) -> bool:
        """Whether the session may be used for requests."""
        return self.uses > 0 and self.session is not None and not self.session.closed

    async def close(self) -> None:
        """Close the session and all connections; called on the session's own loop."""
        generator, self._at_loop_end = self._at_loop_end, None
        await self._close_all()
        if generator is not None and not getattr(generator, "ag_running", False):
            await generator.aclose()

    def close_from_its_thread(self) -> None:
        """Close everything; called in the thread that opened it, while the loop may run or not."""
        if self.loop.is_running():
            self.loop.call_soon(close_later, self)
        elif self.loop.is_closed() or _runs_a_loop():
            self.close_without_loop()
        else:
            limit = self._ssl_close_timeout
            self._ssl_close_timeout = _AT_EXIT if limit is None else min(limit, _AT_EXIT)
            self.loop.run_until_complete(self.close())

    def close_without_loop(self) -> None:
        """Close everything without running the loop."""
        for connector in self._take_connectors():
            close_connections(connector)

    def detach(self) -> None:
        """Drop everything in a forked child, without an effect on the parent."""
        for connector in self._take_connectors():
            detach_connections(connector)

    def _take_connectors(self) -> set[aiohttp.BaseConnector]:
        session, self.session = self.session, None
        found = {self.connector, session.connector if session is not None else None}
        self.connector = None
        if session is not None:
            session.detach()
        generator, self._at_loop_end = self._at_loop_end, None
        if generator is not None:
            # It has nothing to wait for any more, so that it ends without its loop.
            with contextlib.suppress(StopIteration, RuntimeError):  # it is ending already
                generator.aclose().__await__().send(None)
        return {connector for connector in found if connector is not None}


def _runs_a_loop() -> bool:
    """Return whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_closing: set[asyncio.Task[None]] = set()


def close_later(found: LoopSession) -> None:
    """Close a session in a task of its own loop, which is running."""
    task = found.loop.create_task(found.close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)
