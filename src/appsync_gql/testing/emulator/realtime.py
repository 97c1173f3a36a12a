"""AppSync's real-time endpoint: its handshakes, and events for all connections.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .authorization import AuthorizationFailed, AuthorizationRequest
from .realtime_connection import RealtimeConnection, RealtimeSettings
from .realtime_faults import FrameError
from .realtime_messages import (
    SUBPROTOCOL,
    connection_error,
    error_object,
    error_payload,
    handshake_headers,
    offered_subprotocols,
)
from .subscriptions import triggered

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from .api import Api
    from .operations import Operation
    from .realtime_faults import RealtimeFaults
    from .resolvers import Caller
    from .responses import ApiResponse
    from .subscriptions import Registration

__all__ = ["Realtime"]

_LARGEST_EVENT = 240 * 1024
"""Bytes. Larger events are not delivered and nobody is notified, as in AppSync."""


class Realtime:
    """All connections of one API. Its methods run in the emulator's event loop.

    Args:
        api: the API.
        settings: of the endpoint.
        faults: of the endpoint.
        counters: see :class:`Emulator`.
        now: the server's clock, seconds since the epoch.
    """

    def __init__(
        self,
        api: Api,
        *,
        settings: RealtimeSettings,
        faults: RealtimeFaults,
        counters: Counter[str],
        now: Callable[[], float],
    ) -> None:
        self._api, self._now = api, now
        self._settings, self._faults, self._counters = settings, faults, counters
        self._connections: set[RealtimeConnection] = set()

    # -- events -----------------------------------------------------------------

    async def publish_triggered(self, operation: Operation, response: ApiResponse) -> None:
        """Publish the events that a mutation's response triggers."""
        for name, payloads in triggered(self._api.schema, operation, response).items():
            for payload in payloads:
                await self.publish(name, payload)

    async def publish(self, name: str, payload: Any) -> int:
        """Send an event to all matching subscriptions of a field; return how many were sent."""
        sent = 0
        for connection in list(self._connections):
            for registration in list(connection.registrations.values()):
                live = asyncio.get_running_loop().time() >= connection.live_at[registration.id]
                matches = not isinstance(payload, dict) or registration.matches(payload)
                if registration.name == name and matches and live:
                    sent += await self._deliver(connection, registration, payload)
        return sent

    async def _deliver(
        self, connection: RealtimeConnection, registration: Registration, payload: Any
    ) -> bool:
        response = await self._api.execute(
            registration.caller, registration.operation, {registration.name: payload}
        )
        if len(json.dumps(response.body, default=str)) > _LARGEST_EVENT:
            return False
        self._counters["realtime.events"] += 1
        await connection.send("data", registration.id, response.body)
        return True

    # -- for tests -----------------------------------------------------------------

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def registrations(self) -> int:
        """How many subscriptions are registered, on all connections."""
        return sum(len(connection.registrations) for connection in self._connections)

    async def close_sockets(self, code: int) -> None:
        """Close all connections with a close code."""
        await asyncio.gather(*(c.close(code) for c in list(self._connections)))

    async def drop_sockets(self) -> None:
        """Drop all connections without a closing handshake."""
        for connection in list(self._connections):
            connection.drop()

    async def silence_sockets(self) -> None:
        """Neither send nor read anything more on the present connections."""
        for connection in self._connections:
            connection.silent = True

    async def end_subscriptions(self, error_type: str, message: str) -> None:
        """End all subscriptions, each with an error message."""
        for connection in list(self._connections):
            for name in list(connection.registrations):
                del connection.registrations[name]
                await connection.send("error", name, error_payload(error_type, message))

    async def send_error(self, error_type: str, message: str) -> None:
        """Send an error message that names no subscription, as AppSync does for a rate limit."""
        for connection in list(self._connections):
            payload = {"errors": error_object(error_type, message)}
            await connection.send("error", None, payload)

    # -- handshakes -------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        self._counters["realtime.connections"] += 1
        offered = offered_subprotocols(request.headers.get("Sec-WebSocket-Protocol", ""))
        protocols = [SUBPROTOCOL] if SUBPROTOCOL in offered else []
        socket = web.WebSocketResponse(protocols=protocols, autoping=True)
        await socket.prepare(request)
        connection = RealtimeConnection(
            socket,
            request.transport,
            api=self._api,
            settings=self._settings,
            faults=self._faults,
            counters=self._counters,
        )
        faulty, error = self._faults.next_handshake()
        if faulty and error is None:
            connection.drop()
            return socket
        outcome = error or await self._accept(request, offered)
        if isinstance(outcome, FrameError):
            await connection.send("connection_error", payload=connection_error(outcome))
            await connection.close(1000)
            return socket
        self._connections.add(connection)
        try:
            await connection.serve(outcome, self._now())
        finally:
            self._connections.discard(connection)
        return socket

    async def _accept(self, request: web.Request, offered: Sequence[str]) -> Caller | FrameError:
        """Return who opens the connection, or the reason to refuse it."""
        if SUBPROTOCOL not in offered:
            return FrameError("", "NoProtocolError", 400)
        headers = handshake_headers(request.headers, request.query, offered)
        wanted = AuthorizationRequest(
            headers=headers,
            path="/graphql/connect",
            body=b"{}",
            connects=True,
            realtime=True,
        )
        try:
            return await self._api.authorize(wanted)
        except AuthorizationFailed as failed:
            self._counters["realtime.refused"] += 1
            return FrameError(failed.error_type, failed.message, failed.status)
