"""One WebSocket connection of the real-time endpoint: its messages and its timers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from .authorization import AuthorizationFailed, AuthorizationRequest
from .realtime_faults import FrameError
from .realtime_messages import error_payload, message_object, start_payload
from .subscriptions import Registration, register

if TYPE_CHECKING:
    from collections import Counter

    from .api import Api
    from .realtime_faults import RealtimeFaults
    from .resolvers import Caller

__all__ = ["RealtimeConnection", "RealtimeSettings"]


@dataclass(slots=True, kw_only=True)
class RealtimeSettings:
    """Settings of the real-time endpoint; may be changed at any time.

    Attributes:
        keep_alive: seconds between ``ka`` messages.
        connection_timeout: seconds, sent as ``connectionTimeoutMs``.
        connection_lifetime: seconds after which the server closes a connection.
        subscriptions: the most that one connection may have.
        closes_at_expiry: whether a connection is closed when the token of its handshake expires.
        registration_lag: seconds after a ``start`` was accepted for which the subscription gets
            no events yet, as AppSync's may.
    """

    keep_alive: float = 60.0
    connection_timeout: float = 300.0
    connection_lifetime: float = 86_400.0
    subscriptions: int = 100
    closes_at_expiry: bool = False
    registration_lag: float = 0.0


class RealtimeConnection:
    """One connection, from its handshake on.

    Args:
        socket: the WebSocket.
        transport: that the WebSocket uses; ``None`` if it is closed already.
        api: the API.
        settings: of the endpoint.
        faults: of the endpoint.
        counters: see :class:`Emulator`.

    Attributes:
        registrations: the connection's subscriptions, by the client's ids.
        live_at: when their events begin, in the event loop's seconds, by the same ids.
        silent: whether nothing more is sent or read.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        api: Api,
        settings: RealtimeSettings,
        faults: RealtimeFaults,
        counters: Counter[str],
    ) -> None:
        self._socket, self._transport, self._api = socket, transport, api
        self._settings, self._faults, self._counters = settings, faults, counters
        self.registrations: dict[str, Registration] = {}
        self.live_at: dict[str, float] = {}
        self.silent = False

    def drop(self) -> None:
        """End the connection without a closing handshake."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self, code: int) -> None:
        """Close the connection with a close code."""
        await self._socket.close(code=code)

    async def send(self, kind: str, name: str | None = None, payload: Any = None) -> None:
        """Send a message, unless the connection is silent or closed.

        Args:
            kind: its ``type``.
            name: its ``id``; ``None`` for a message without one.
            payload: ``None`` for a message without one.
        """
        if self.silent or self._socket.closed:
            return
        message: dict[str, Any] = {"type": kind}
        if name is not None:
            message["id"] = name
        if payload is not None:
            message["payload"] = payload
        with contextlib.suppress(ConnectionError):
            await self._socket.send_str(json.dumps(message, default=str))

    async def serve(self, caller: Caller, now: float) -> None:
        """Process messages until the connection ends.

        Args:
            caller: who opened the connection.
            now: the server's time, seconds since the epoch.
        """
        lifetime = self._settings.connection_lifetime
        if self._settings.closes_at_expiry and "exp" in caller.claims:
            lifetime = min(lifetime, caller.claims["exp"] - now)
        timers = [
            asyncio.ensure_future(self._send_keep_alives()),
            asyncio.ensure_future(self._close_after(lifetime)),
        ]
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT and not self.silent:
                    await self._receive(message.data)
        finally:
            for timer in timers:
                timer.cancel()
            await asyncio.gather(*timers, return_exceptions=True)

    async def _send_keep_alives(self) -> None:
        while True:
            await asyncio.sleep(self._settings.keep_alive)
            await self.send("ka")

    async def _close_after(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0))
        await self.close(1000)

    async def _receive(self, text: str) -> None:
        message = message_object(text)
        if message is None:
            await self.send("error", "", error_payload("BadRequestException", "Not a JSON object"))
            return
        kind, name = message.get("type"), message.get("id")
        if kind == "connection_init":
            timeout = int(self._settings.connection_timeout * 1000)
            if not self._faults.omits_next_ack():
                await self.send("connection_ack", payload={"connectionTimeoutMs": timeout})
        elif kind == "start" and isinstance(name, str) and name:
            await self._start(name, message.get("payload"))
        elif kind == "stop" and isinstance(name, str):
            if self.registrations.pop(name, None) is not None:
                await self.send("complete", name)
        else:
            await self.send("error", "", _unsupported(kind or "unknown"))

    async def _start(self, name: str, payload: Any) -> None:
        self._counters["realtime.starts"] += 1
        fault = self._faults.next_start()
        if isinstance(fault, FrameError):
            await self.send("error", name, error_payload(fault.error_type, fault.message))
            return
        outcome = await self._register(name, payload)
        if isinstance(outcome, Registration):
            self.registrations[name] = outcome
            now = asyncio.get_running_loop().time()
            self.live_at[name] = now + self._settings.registration_lag
            if fault < math.inf:
                await asyncio.sleep(fault)
                await self.send("start_ack", name)
        else:
            self._counters["realtime.start_errors"] += 1
            await self.send("error", name, outcome)

    async def _register(self, name: str, payload: Any) -> Registration | dict[str, Any]:
        """Return a registration, or the payload of the error message."""
        if name in self.registrations:
            return error_payload("DuplicatedOperationError", f"id {name} is in use")
        limit = self._settings.subscriptions
        if len(self.registrations) >= limit:
            text = f"Max number of {limit} subscriptions reached"
            # AppSync sends an object here, where other errors are in an array.
            return {"errors": {"errorType": "MaxSubscriptionsReachedError", "message": text}}
        data, headers = start_payload(payload)
        if data is None:
            return _unsupported("unknown")
        raw = data.encode()
        try:
            caller = await self._api.authorize(
                AuthorizationRequest(headers=headers, body=raw, realtime=True)
            )
        except AuthorizationFailed as error:
            return error_payload(error.error_type, error.message)
        operation = self._api.read(raw, realtime=True)
        outcome = await register(self._api, caller, operation, name)
        return outcome if isinstance(outcome, Registration) else {"errors": outcome.body["errors"]}


def _unsupported(kind: object) -> dict[str, Any]:
    text = f"{kind} not supported through the realtime channel"
    return error_payload("UnsupportedOperation", text)
