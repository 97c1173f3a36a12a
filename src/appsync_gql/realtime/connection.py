"""One WebSocket and the subscriptions that are registered on it."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import uuid
from typing import TYPE_CHECKING

import aiohttp

from ..error_types import ErrorMeaning
from .errors import Completed, End, Lost, NotStarted, ServerError, Unanswered
from .keepalive import Keepalive
from .protocol import Ended, Rejected, Started, UnassignedError, Unreadable
from .receiver import TURN
from .registration import Registration, resolve
from .websocket import TEXT, how_it_ended, is_end, timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..clock import Clock
    from .connect import Opened
    from .receiver import Receiver

__all__ = ["Connection", "State"]

_SENDING = 2.0
"""Seconds in which a frame is sent, or never will be."""


class State(enum.Enum):
    """What may be done on a connection."""

    OPEN = "open"
    """Subscriptions may start on it."""
    DRAINING = "draining"
    """No further ones may start on it; those that are registered stay."""
    RETIRING = "retiring"
    """It will end soon; those that are registered move to another one."""
    CLOSED = "closed"
    """It is closed."""


class Connection:
    """Reads from its WebSocket until it is closed.

    Args:
        opened: the WebSocket, acknowledged by the server.
        clock: where the time comes from.
        on_error: called with each error that is for no subscription.

    Attributes:
        state: see :class:`State`.
        retiring: done when its subscriptions have to move to another connection.
        closed: done when it is closed; the result is why.
        opened_at: when it was opened, in the event loop's seconds.
        interrupted: how many subscriptions were registered when it was closed.
        leases: how many subscriptions use it, or are about to.
        limit: how many subscriptions the server allows; ``None`` while that is not known.
    """

    def __init__(
        self, opened: Opened, *, clock: Clock, on_error: Callable[[ServerError], object]
    ) -> None:
        loop = asyncio.get_running_loop()
        self._socket, self._protocol, silence = opened
        self._on_error = on_error
        self._registrations: dict[str, Registration] = {}
        self._turn = TURN
        self.state, self._abandoned = State.OPEN, False
        self.retiring: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[str] = loop.create_future()
        self.opened_at, self.interrupted, self.leases = loop.time(), 0, 0
        self.limit: int | None = None
        self._keepalive = Keepalive(silence, clock, self._give_up)
        self._keepalive.start()
        self._reader = loop.create_task(self._read(), name="appsync-gql-reader")

    @property
    def accepts_starts(self) -> bool:
        """Whether a further subscription may start on it, by its state and the server's limit."""
        return self.state is State.OPEN and (self.limit is None or self.leases < self.limit)

    @property
    def usable(self) -> bool:
        """Whether a subscription that uses it already may try to start on it again."""
        return self.state in {State.OPEN, State.DRAINING} and self.limit != 0

    def drain(self) -> None:
        """Let no further subscription start."""
        if self.state is State.OPEN:
            self.state = State.DRAINING

    def retire(self) -> None:
        """Make the subscriptions move to another connection."""
        if self.state is not State.CLOSED:
            self.state = State.RETIRING
            resolve(self.retiring, None)

    # -- subscriptions --------------------------------------------------------------

    async def start(
        self, data: str, authorization: Mapping[str, str], receiver: Receiver, seconds: float
    ) -> Registration:
        """Start a subscription and wait for the server's acknowledgement.

        Its id is never used again, on no connection.

        Args:
            data: the operation and its variables as JSON.
            authorization: headers, ``host`` among them.
            receiver: what takes its events, which may come before this returns.
            seconds: how long to wait.

        Raises:
            NotStarted: the server did not accept it or did not answer, or the connection is gone.
        """
        if self.state is State.CLOSED:
            raise NotStarted(Lost(self.closed.result()))
        registration = Registration(str(uuid.uuid4()), receiver)
        self._registrations[registration.id] = registration
        self._turn = min(r.receiver.turn for r in self._registrations.values())
        end: End | None = Lost("it was cancelled")
        try:
            end = await self._started(registration, data, authorization, seconds)
        finally:
            if end is not None:
                receiver.drop()
                await self.stop(registration)
        if end is None:
            return registration
        if isinstance(end, ServerError) and end.meaning is ErrorMeaning.FULL:
            registered = len(self._registrations)
            self.limit = registered if self.limit is None else min(self.limit, registered)
        raise NotStarted(end)

    async def _started(
        self,
        registration: Registration,
        data: str,
        authorization: Mapping[str, str],
        seconds: float,
    ) -> End | None:
        """Send a ``start``; return ``None`` when it is acknowledged, or how it ended instead."""
        before = self._keepalive.last_received()
        try:
            async with timeout(seconds):
                await self._socket.send_str(
                    self._protocol.start(registration.id, data, authorization)
                )
                return await asyncio.shield(registration.acknowledged)
        except asyncio.TimeoutError:
            if self._keepalive.last_received() is before:
                # Nothing at all was received: it may be dead, so others start elsewhere.
                self.drain()
            return Unanswered(f"no start_ack within {seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return Lost(type(error).__name__)

    async def stop(self, registration: Registration, seconds: float = 0.0) -> bool:
        """Stop a subscription, and forget it.

        Args:
            registration: what to stop.
            seconds: how long to wait for the server's ``complete``. What arrives until then
                goes to the receiver.

        Returns:
            Whether the server completed it: only then was the connection alive to the end.
        """
        frame = self._protocol.stop(registration.id)
        try:
            if frame is not None and self.state is not State.CLOSED:
                async with timeout(seconds or _SENDING):
                    await self._socket.send_str(frame)
                    if seconds:
                        return isinstance(await asyncio.shield(registration.ended), Completed)
        except (asyncio.TimeoutError, aiohttp.ClientError, OSError):
            return False
        finally:
            self._protocol.forget(registration.id)
            self._registrations.pop(registration.id, None)
            registration.end(Completed())
        return False

    # -- the end --------------------------------------------------------------------

    async def close(self) -> None:
        """Close the WebSocket and leave nothing behind."""
        self._finish("closed by this side")
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._close_socket()

    def abandon(self) -> None:
        """Never touch the WebSocket again: it belongs to the process that forked this one."""
        self._abandoned = True
        self.state = State.CLOSED
        self._keepalive.stop()
        with contextlib.suppress(RuntimeError):  # the loop is another thread's, and checks that
            resolve(self.closed, "it belongs to another process")

    def _give_up(self, reason: str) -> None:
        self._finish(reason)
        self._reader.cancel()

    def _finish(self, reason: str) -> None:
        """Note the end, once."""
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self._keepalive.stop()
        registrations = list(self._registrations.values())
        self._registrations.clear()
        self.interrupted = sum(r.acknowledged.done() for r in registrations)
        resolve(self.closed, reason)
        resolve(self.retiring, None)
        for registration in registrations:
            registration.end(Lost(reason))

    # -- what comes in ----------------------------------------------------------------

    async def _read(self) -> None:
        reason = "the connection broke"
        try:
            while await self._read_some():  # noqa: ASYNC110 - it lets other tasks run, and waits for nothing
                # What has arrived is read without waiting: in a burst nobody else would run.
                await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing is read any more
            reason = f"the connection broke ({type(error).__name__})"
        finally:
            self._finish(reason)
            with contextlib.suppress(Exception):
                await self._close_socket()

    async def _close_socket(self) -> None:
        if not self._abandoned:
            await self._socket.close()

    async def _read_some(self) -> bool:
        """Read the messages of one turn; return whether there may be more."""
        receive, understand = self._socket.receive, self._protocol.receive
        registrations, keepalive = self._registrations, self._keepalive
        for _ in range(self._turn):
            message = await receive()
            kind, data, _ = message
            if kind is not TEXT:
                if is_end(message):
                    self._finish(how_it_ended(self._socket, message))
                    return False
                continue
            keepalive.received = True
            event = understand(data)
            if type(event) is dict:
                registration = registrations.get(event["id"])
                if registration is not None:
                    receiver = registration.receiver
                    receiver.receive(event["payload"])
                    if receiver.waits:
                        keepalive.paused = True
                        await receiver.wait_for_space()
                        keepalive.paused = False
            elif event is not None:
                self._handle(event)
                break  # the next turn may have to be a shorter one
        return self.state is not State.CLOSED

    def _handle(self, event: object) -> None:
        if isinstance(event, Started):
            registration = self._registrations.get(event.id)
            if registration is not None:
                resolve(registration.acknowledged, None)
        elif isinstance(event, Ended):
            registration = self._registrations.pop(event.id, None)
            if registration is not None:
                registration.end(event.end)
        elif isinstance(event, UnassignedError):
            self._handle_unassigned(event)
        elif isinstance(event, Rejected):
            self._finish(event.error.message)
        elif isinstance(event, Unreadable):
            text = f"A frame was not understood: {event.reason}."
            self._on_error(ServerError(ErrorMeaning.FAILED, text))

    def _handle_unassigned(self, event: UnassignedError) -> None:
        """Apply an error without an id to the starts that wait for their acknowledgement.

        An error that names an id which is not of this connection is for none of them.
        """
        waiting = [r for r in self._registrations.values() if not r.acknowledged.done()]
        limited = event.error.meaning is ErrorMeaning.THROTTLED
        if not event.names_id and (limited or len(waiting) == 1):
            for registration in waiting:
                resolve(registration.acknowledged, event.error)
        self._on_error(event.error)
