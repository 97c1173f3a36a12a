"""The connections of one transport on one event loop, which subscriptions share."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import TransportClosed

from ..events import Connected, ConnectionLost, RealtimeErrorReceived
from .backoff import EndpointBackoff
from .connection import Connection
from .errors import Lost, ServerError
from .lease import Lease, NotConnected
from .lifetime import ended_with_token, retirement
from .websocket import start_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..auth.adapters import Authorizer
    from ..events import RealtimeEvent
    from .authorization import Authorization, Sent
    from .connect import Connector
    from .settings import RealtimeSettings

__all__ = ["ConnectionPool"]


class _Opening:
    """A connection that is being opened for all who have the same authorization.

    Attributes:
        task: opens it; the result is a lease for as long as a subscription waits.
        waiters: how many wait.
    """

    def __init__(self, task: asyncio.Task[Lease]) -> None:
        self.task, self.waiters = task, 0


class ConnectionPool:
    """Opens connections, shares them by counted leases, and closes them after the last lease.

    Args:
        connector: opens WebSockets.
        settings: how connections behave.
        report: called with each event.

    Attributes:
        connected_once: whether the endpoint ever accepted a connection.
    """

    def __init__(
        self,
        connector: Connector,
        settings: RealtimeSettings,
        report: Callable[[RealtimeEvent], object],
    ) -> None:
        self._connector, self._settings, self._report = connector, settings, report
        self._loop = asyncio.get_running_loop()
        self._connections: list[Connection] = []
        self._abandoned: list[Connection] = []
        self._openings: dict[Authorizer, _Opening] = {}
        self._attempt: asyncio.Future[Lost | ServerError | None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closings: dict[Connection, asyncio.Task[None]] = {}
        self._backoff = EndpointBackoff(settings.delays)
        self._opening_now = 0
        self._closed = self._ends_with_token = self.connected_once = False

    async def acquire(self, authorization: Authorization, *, exclusive: bool = False) -> Lease:
        """Return a lease on a connection that accepts subscriptions; open one if there is none.

        Args:
            authorization: of the handshake, if there is to be one.
            exclusive: whether no other subscription may use the connection.

        Raises:
            NotConnected: there is none to be had now. The next call waits before it tries again.
            TransportClosed: the pool is closed.
            Exception: whatever the authorization mode raises.
        """
        while not self._closed:
            if exclusive:
                return await self._open(authorization, exclusive=True)
            for connection in self._connections:
                if connection.accepts_starts:
                    return self._lease(connection)
            opening = self._openings.get(authorization.authorizer)
            lease = await self._join(opening or self._begin(authorization))
            if lease is not None:
                return lease
        raise TransportClosed("The transport was closed.")

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        try:
            for task in (tasks := list(self._tasks)):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for connection in list(self._connections):
                self._close(connection)
            await asyncio.gather(*self._closings.values(), return_exceptions=True)
        finally:
            await self._connector.close()

    async def close_if_idle(self) -> None:
        """Close the sockets' session if no subscription uses a connection or waits for one."""
        if not (self._connections or self._closings or self._opening_now):
            await self._connector.close()

    def abandon(self) -> None:
        """Drop everything without touching a socket: the sockets are the parent process's."""
        self._closed = True
        self._abandoned, self._connections = self._connections, []
        for connection in self._abandoned:
            connection.abandon()
        self._connector.abandon()

    # -- leases -----------------------------------------------------------------------

    def _lease(self, connection: Connection) -> Lease:
        return Lease(connection, self._close_unused)

    def _close_unused(self, connection: Connection) -> asyncio.Task[None] | None:
        if connection.leases or self._loop.is_closed():
            return None
        if connection.limit == 0:
            # It accepted no subscription at all, so the next one would not either.
            self._backoff.lost(connection.opened_at, self._loop.time())
        return self._close(connection)

    def _close(self, connection: Connection) -> asyncio.Task[None]:
        """Close a connection in a task that belongs to the pool."""
        if connection not in self._closings:
            if connection in self._connections:
                self._connections.remove(connection)
            connection.drain()
            closing = self._loop.create_task(connection.close(), name="appsync-gql-closing")
            self._closings[connection] = closing
            closing.add_done_callback(lambda _: self._closings.pop(connection, None))
        return self._closings[connection]

    # -- opening ------------------------------------------------------------------------

    def _begin(self, authorization: Authorization) -> _Opening:
        """Begin to open a connection for all who have this authorization."""
        opening = _Opening(start_task(self._open(authorization), self._tasks))
        self._openings[authorization.authorizer] = opening
        opening.task.add_done_callback(lambda _: self._forget(authorization.authorizer, opening))
        return opening

    def _forget(self, authorizer: Authorizer, opening: _Opening) -> None:
        if self._openings.get(authorizer) is opening:
            del self._openings[authorizer]

    async def _join(self, opening: _Opening) -> Lease | None:
        """Wait for a connection; return ``None`` if it accepts no more subscriptions.

        Raises:
            NotConnected: as :meth:`acquire`.
        """
        task = opening.task
        opening.waiters += 1
        try:
            await asyncio.wait({task})
            if task.cancelled():
                raise NotConnected(Lost("the attempt was cancelled"), None)
            connection = task.result().connection
            return self._lease(connection) if connection.accepts_starts else None
        finally:
            opening.waiters -= 1
            if not opening.waiters:
                await self._leave(opening)

    async def _leave(self, opening: _Opening) -> None:
        """Cancel an attempt that no subscription waits for any more."""
        task = opening.task
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        elif not task.cancelled() and task.exception() is None:
            await task.result().release()

    async def _open(self, authorization: Authorization, *, exclusive: bool = False) -> Lease:
        """Open a connection, or find one that another user has opened meanwhile.

        Raises:
            NotConnected: as :meth:`acquire`.
        """
        self._opening_now += 1
        try:
            while True:
                await self._pause(authorization.authorizer)
                # Each user waits for their own headers only.
                sent = await authorization.for_connect()
                if exclusive:
                    break
                for connection in self._connections:
                    if connection.accepts_starts:
                        return self._lease(connection)
                if self._attempt is None:
                    break
                await self._wait_for_others(self._attempt)
            return self._lease(await self._connect(authorization, sent, exclusive=exclusive))
        finally:
            self._opening_now -= 1

    async def _pause(self, authorizer: Authorizer) -> None:
        # The pause may become longer meanwhile.
        while (seconds := self._backoff.seconds(authorizer, self._loop.time())) > 0:  # noqa: ASYNC110
            await asyncio.sleep(seconds)

    async def _wait_for_others(self, attempt: asyncio.Future[Lost | ServerError | None]) -> None:
        """Wait for the attempt of another user, so that all of them make one at a time.

        Raises:
            NotConnected: it failed in a way in which any other attempt would fail too.
        """
        failure = await asyncio.shield(attempt)
        if failure is not None:
            raise NotConnected(failure, None)

    async def _connect(
        self, authorization: Authorization, sent: Sent, *, exclusive: bool
    ) -> Connection:
        began = self._loop.time()
        attempt: asyncio.Future[Lost | ServerError | None] = self._loop.create_future()
        if not exclusive:
            self._attempt = attempt
        failure: Lost | ServerError | None = None
        try:
            opened = await self._connector.connect(sent.authorization)
            if isinstance(opened, Lost | ServerError):
                failure = opened
                self._backoff.failed(opened, authorization.authorizer, began, self._loop.time())
        finally:
            shared = isinstance(failure, Lost) or (failure is not None and failure.of_endpoint)
            attempt.set_result(failure if shared else None)
            if self._attempt is attempt:
                self._attempt = None
        if isinstance(opened, Lost | ServerError):
            if isinstance(opened, ServerError):
                self._report_error(opened)
            raise NotConnected(opened, sent)
        self._backoff.succeeded(authorization.authorizer)
        connection = Connection(opened, clock=self._settings.clock, on_error=self._report_error)
        if exclusive:
            connection.drain()
        self._add(connection, authorization, sent)
        return connection

    # -- the life of a connection ---------------------------------------------------------

    def _add(self, connection: Connection, authorization: Authorization, sent: Sent) -> None:
        self._connections.append(connection)
        retiring = start_task(self._retire_in_time(connection, authorization, sent), self._tasks)

        def gone(closed: asyncio.Future[str]) -> None:
            retiring.cancel()
            if connection in self._connections:
                self._lost(connection, sent, closed.result())

        connection.closed.add_done_callback(gone)
        self._report(Connected(again=self.connected_once))
        self.connected_once = True

    def _lost(self, connection: Connection, sent: Sent, reason: str) -> None:
        """Count a connection that was not closed by this pool."""
        self._backoff.lost(connection.opened_at, self._loop.time())
        if connection.interrupted:
            now = self._settings.clock.wall()
            self._ends_with_token |= ended_with_token(sent.expires_at, now)
            self._report(ConnectionLost(reason=reason))
        self._close(connection)

    async def _retire_in_time(
        self, connection: Connection, authorization: Authorization, sent: Sent
    ) -> None:
        """Retire a connection ahead of the moment when the server would end it."""
        plan = retirement(
            self._settings.max_age,
            sent.expires_at,
            self._settings.clock.wall(),
            ends_with_token=self._ends_with_token,
        )
        await asyncio.sleep(plan.seconds)
        if plan.renew_first:
            with contextlib.suppress(Exception):  # then the connection's end will be a gap
                if await authorization.newer(sent, denied=False):
                    connection.retire()
        else:
            connection.retire()

    def _report_error(self, error: ServerError) -> None:
        self._report(RealtimeErrorReceived(message=error.message, error_type=error.error_type))
