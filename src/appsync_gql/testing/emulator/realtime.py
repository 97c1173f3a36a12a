"""AppSync's real-time endpoint: one WebSocket, many subscriptions.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web
from multidict import CIMultiDict

from .appsync import Api, ApiAnswer, Caller
from .realtime_faults import FrameError
from .subscriptions import Registration, register, triggered

if TYPE_CHECKING:
    from collections.abc import Callable

    from .appsync import Operation
    from .realtime_faults import RealtimeFaults
    from .record import Record

__all__ = ["Realtime", "RealtimeSettings"]

_SUBPROTOCOL, _HEADER = "graphql-ws", "header-"
_LARGEST_EVENT = 240 * 1024
"""Larger events are lost without a word, as AppSync's are."""


@dataclass(slots=True, kw_only=True)
class RealtimeSettings:
    """How the real-time endpoint behaves; may be changed at any time.

    Attributes:
        keep_alive: seconds between ``ka`` frames.
        connection_timeout: seconds, told as ``connectionTimeoutMs``.
        connection_lifetime: seconds after which the server closes a socket.
        subscriptions: that one connection may have.
        closes_at_expiry: whether a socket is closed when the token that opened it expires.
        registration_lag: seconds after a ``start_ack`` for which the subscription gets no
            events yet, as AppSync's may.
    """

    keep_alive: float = 60.0
    connection_timeout: float = 300.0
    connection_lifetime: float = 86_400.0
    subscriptions: int = 100
    closes_at_expiry: bool = False
    registration_lag: float = 0.0


@dataclass(slots=True, eq=False)
class _Socket:
    """One connection.

    Attributes:
        socket: the WebSocket.
        transport: what it runs over.
        registrations: by the client's ids.
        live_at: when their events begin, in the event loop's seconds, by the same ids.
        silent: whether nothing goes out or comes in from now on.
    """

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    registrations: dict[str, Registration] = field(default_factory=dict)
    live_at: dict[str, float] = field(default_factory=dict)
    silent: bool = False

    def cut(self) -> None:
        """End the connection without a goodbye."""
        if self.transport is not None:
            self.transport.abort()

    async def send(self, kind: str, name: str | None = None, payload: Any = None) -> None:
        """Send a frame, unless the socket is silent or gone."""
        if self.silent or self.socket.closed:
            return
        frame: dict[str, Any] = {"type": kind}
        if name is not None:
            frame["id"] = name
        if payload is not None:
            frame["payload"] = payload
        with contextlib.suppress(ConnectionError):
            await self.socket.send_str(json.dumps(frame, default=str))


class Realtime:
    """All sockets of one API. Its methods run in the emulator's loop."""

    def __init__(
        self,
        api: Api,
        *,
        settings: RealtimeSettings,
        faults: RealtimeFaults,
        record: Record,
        now: Callable[[], float],
    ) -> None:
        self._api, self._now = api, now
        self._settings, self._faults, self._counters = settings, faults, record.counters
        self._sockets: set[_Socket] = set()

    # -- events -----------------------------------------------------------------

    async def mutated(self, operation: Operation, answer: ApiAnswer) -> None:
        """Publish what a mutation's answer triggers."""
        for name, payloads in triggered(self._api.schema, operation, answer).items():
            for payload in payloads:
                await self.publish(name, payload)

    async def publish(self, name: str, payload: Any) -> int:
        """Send an event to all that subscribed to a field and want it; return how many."""
        sent = 0
        for socket in list(self._sockets):
            for registration in list(socket.registrations.values()):
                wanted = not isinstance(payload, dict) or registration.wants(payload)
                live = asyncio.get_running_loop().time() >= socket.live_at[registration.id]
                if registration.name == name and wanted and live:
                    sent += await self._deliver(socket, registration, payload)
        return sent

    async def _deliver(self, socket: _Socket, registration: Registration, payload: Any) -> bool:
        answer = await self._api.execute(
            registration.caller, registration.operation, {registration.name: payload}
        )
        if len(json.dumps(answer.body, default=str)) > _LARGEST_EVENT:
            return False
        self._counters["realtime.events"] += 1
        await socket.send("data", registration.id, answer.body)
        return True

    # -- what tests do to sockets ---------------------------------------------------

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        return len(self._sockets)

    @property
    def registrations(self) -> int:
        """How many subscriptions there are, on all sockets."""
        return sum(len(socket.registrations) for socket in self._sockets)

    async def close_sockets(self, code: int) -> None:
        """Close all sockets as a server does that goes away."""
        await asyncio.gather(*(s.socket.close(code=code) for s in list(self._sockets)))

    def drop_sockets(self) -> None:
        """Cut all connections without a goodbye."""
        for socket in list(self._sockets):
            socket.cut()

    def silence_sockets(self) -> None:
        """Send and hear nothing more on the sockets that there are, and leave them open."""
        for socket in self._sockets:
            socket.silent = True

    async def end_subscriptions(self, error_type: str, message: str) -> None:
        """End all subscriptions by an error frame each."""
        for socket in list(self._sockets):
            for name in list(socket.registrations):
                del socket.registrations[name]
                await socket.send("error", name, _error(error_type, message))

    async def send_error(self, error_type: str, message: str) -> None:
        """Send an error frame that names no subscription, as for a rate limit."""
        for socket in list(self._sockets):
            await socket.send("error", None, {"errors": _of(error_type, message)})

    async def stop(self) -> None:
        """Close everything."""
        await self.close_sockets(1001)

    # -- one connection -------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one socket until it ends."""
        self._counters["realtime.connections"] += 1
        offered = _offered(request)
        response = web.WebSocketResponse(
            protocols=[_SUBPROTOCOL] if _SUBPROTOCOL in offered else [], autoping=True
        )
        await response.prepare(request)
        socket = _Socket(response, request.transport)
        faulty, error = self._faults.next_handshake()
        if faulty and error is None:
            socket.cut()
            return response
        if _SUBPROTOCOL not in offered:
            error = FrameError("", "NoProtocolError", 400)
        if error is not None:
            await _reject(socket, error)
            return response
        caller = self._api.admit(_headers(request, offered))
        if not isinstance(caller, Caller):
            self._counters["realtime.refused"] += 1
            found = caller.body["errors"][0]
            await _reject(socket, FrameError(found["errorType"], found["message"], caller.status))
            return response
        await self._serve(socket, caller)
        return response

    async def _serve(self, socket: _Socket, caller: Caller) -> None:
        self._sockets.add(socket)
        timers = [asyncio.ensure_future(self._keep_alive(socket))]
        timers.append(asyncio.ensure_future(self._close_later(socket, caller)))
        try:
            async for message in socket.socket:
                if message.type is WSMsgType.TEXT and not socket.silent:
                    await self._receive(socket, message.data)
        finally:
            self._sockets.discard(socket)
            for timer in timers:
                timer.cancel()
            await asyncio.gather(*timers, return_exceptions=True)

    async def _keep_alive(self, socket: _Socket) -> None:
        while True:
            await asyncio.sleep(self._settings.keep_alive)
            await socket.send("ka")

    async def _close_later(self, socket: _Socket, caller: Caller) -> None:
        seconds = self._settings.connection_lifetime
        if self._settings.closes_at_expiry and "exp" in caller.claims:
            seconds = min(seconds, caller.claims["exp"] - self._now())
        await asyncio.sleep(max(seconds, 0.0))
        await socket.socket.close(code=1000)

    # -- frames -----------------------------------------------------------------------

    async def _receive(self, socket: _Socket, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            frame = None
        if not isinstance(frame, dict):
            await socket.send("error", "", _error("BadRequestException", "Not a JSON object"))
            return
        kind, name = frame.get("type"), frame.get("id")
        if kind == "connection_init":
            timeout = int(self._settings.connection_timeout * 1000)
            if not self._faults.next_ack():
                await socket.send("connection_ack", payload={"connectionTimeoutMs": timeout})
        elif kind == "start" and isinstance(name, str) and name:
            await self._start(socket, name, frame.get("payload"))
        elif kind == "stop" and isinstance(name, str):
            if socket.registrations.pop(name, None) is not None:
                await socket.send("complete", name)
        else:
            text = f"{kind or 'unknown'} not supported through the realtime channel"
            await socket.send("error", "", _error("UnsupportedOperation", text))

    async def _start(self, socket: _Socket, name: str, payload: Any) -> None:
        self._counters["realtime.starts"] += 1
        fault = self._faults.next_start()
        if isinstance(fault, FrameError):
            await socket.send("error", name, _error(fault.error_type, fault.message))
            return
        outcome = await self._admit(socket, name, payload)
        if isinstance(outcome, Registration):
            socket.registrations[name] = outcome
            now = asyncio.get_running_loop().time()
            socket.live_at[name] = now + self._settings.registration_lag
            if fault < math.inf:
                await asyncio.sleep(fault)
                await socket.send("start_ack", name)
        else:
            self._counters["realtime.start_errors"] += 1
            await socket.send("error", name, outcome)

    async def _admit(
        self, socket: _Socket, name: str, payload: Any
    ) -> Registration | dict[str, Any]:
        """Register a subscription, or give the payload of the error frame."""
        if name in socket.registrations:
            return _error("DuplicatedOperationError", f"id {name} is in use")
        limit = self._settings.subscriptions
        if len(socket.registrations) >= limit:
            text = f"Max number of {limit} subscriptions reached"
            # An object where other errors have an array, as AppSync sends it.
            return {"errors": {"errorType": "MaxSubscriptionsReachedError", "message": text}}
        data, headers = _start_payload(payload)
        if data is None:
            text = "unknown not supported through the realtime channel"
            return _error("UnsupportedOperation", text)
        caller = self._api.admit(headers)
        if not isinstance(caller, Caller):
            return {"errors": caller.body["errors"]}
        operation = self._api.read(data.encode(), realtime=True)
        outcome = await register(self._api, caller, operation, name)
        return outcome if isinstance(outcome, Registration) else {"errors": outcome.body["errors"]}


def _offered(request: web.Request) -> list[str]:
    header = request.headers.get("Sec-WebSocket-Protocol", "")
    return [part.strip() for part in header.split(",")]


def _headers(request: web.Request, offered: list[str]) -> CIMultiDict[str]:
    """Read the authorization, by whichever of the three ways it came."""
    encoded = next((p.removeprefix(_HEADER) for p in offered if p.startswith(_HEADER)), None)
    encoded = encoded or request.query.get("header")
    if encoded is None:
        return CIMultiDict(request.headers)
    padded = encoded.replace("-", "+").replace("_", "/") + "=" * (-len(encoded) % 4)
    try:
        found = json.loads(base64.b64decode(padded, validate=True))
    except (binascii.Error, ValueError):
        return CIMultiDict()
    return _strings(found)


def _start_payload(payload: Any) -> tuple[str | None, CIMultiDict[str]]:
    """Take a ``start`` apart: what is subscribed to, and by which authorization."""
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), str):
        return None, CIMultiDict()
    extensions = payload.get("extensions")
    given = extensions.get("authorization") if isinstance(extensions, dict) else None
    return payload["data"], _strings(given)


def _strings(found: Any) -> CIMultiDict[str]:
    if not isinstance(found, dict):
        return CIMultiDict()
    return CIMultiDict({k: v for k, v in found.items() if isinstance(v, str)})


def _error(error_type: str, message: str) -> dict[str, Any]:
    return {"errors": [_of(error_type, message)]}


def _of(error_type: str, message: str) -> dict[str, Any]:
    return {"errorType": error_type, "message": message}


async def _reject(socket: _Socket, error: FrameError) -> None:
    """Say why there is no connection, and close."""
    found: dict[str, Any] = {"message": error.message, "errorCode": error.code}
    if error.error_type:
        found["errorType"] = error.error_type
    await socket.send("connection_error", payload={"errors": [found]})
    await socket.socket.close(code=1000)
