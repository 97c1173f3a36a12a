"""All sockets of one transport: opened by the first subscription, closed after the last."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

from gql.transport.exceptions import TransportClosed, TransportConnectionFailed

from ..events import Connected, ConnectionLost, EventsMissed, RealtimeTrouble, Resubscribed
from ..exceptions import AppSyncError, InvalidToken, RenewalFailed
from ..http.json import reader_of_bytes
from ..threads import EventQueue
from ..tokens import TokenClaims
from .connection import Connection
from .dial import dial
from .errors import Step, Trouble, error_of, step_after
from .handshake import RealtimeAuth, handshake
from .protocol import Protocol as Conversation
from .retry import Course
from .sink import Lost, Refusal
from .subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping

    import aiohttp

    from ..events import RealtimeListener
    from .buffer import Gap, OnFull
    from .settings import RealtimeSettings, Signer

__all__ = ["Hub"]

T = TypeVar("T")

_WITH_THE_TOKEN = 2.0
"""Seconds between a token's expiry and a connection's end that are no coincidence."""

_AHEAD = 10.0
"""Seconds by which a connection is replaced ahead of its token's expiry, at the most."""


class Hub:
    """Gives connections to subscriptions.

    Args:
        url: the real-time endpoint.
        way: how a handshake carries its authorization.
        session: makes the aiohttp session that sockets are opened with.
        close_session: closes it.
        settings: how it all behaves.
        ssl: as for aiohttp.
        loads: reads JSON.
        listener: hears what happens.
    """

    def __init__(
        self,
        url: str,
        *,
        way: RealtimeAuth,
        session: Callable[[], aiohttp.ClientSession],
        close_session: Callable[[aiohttp.ClientSession], Awaitable[object]],
        settings: RealtimeSettings,
        ssl: Any,
        loads: Callable[[Any], Any],
        listener: RealtimeListener | None,
    ) -> None:
        self._url, self._way = url, way
        self._make_session, self._close_session = session, close_session
        self._session: aiohttp.ClientSession | None = None
        self._closing = False
        self._settings, self._ssl, self._loads = settings, ssl, loads
        self._events = EventQueue(listener)
        self._connections: list[Connection] = []
        # The connection that is being made for all who wait, and by whose authorization.
        self._opening: tuple[asyncio.Task[Connection], Signer] | None = None
        self._subscriptions: set[Subscription] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._goodbyes: set[asyncio.Task[Any]] = set()
        self._timers: dict[Connection, asyncio.TimerHandle] = {}
        self._connected_once = False
        # Whether this server ends a connection with the token that opened it. AppSync's
        # documents do not say that it does; where it was seen to, one goes ahead of it.
        self._ends_with_token = False

    # -- what the transport asks ------------------------------------------------------

    def subscribe(self, data: str, signer: Signer, size: int, on_full: OnFull) -> Subscription:
        """Begin a subscription.

        Raises:
            TransportClosed: everything is about to end.
        """
        if self._closing:
            raise TransportClosed("The transport is being closed.")
        made = Subscription(self, data, signer, size=size, on_full=on_full)
        self._subscriptions.add(made)
        return made

    async def close(self) -> None:
        """End everything."""
        self._closing = True
        closed = TransportClosed("The transport was closed.")
        try:
            await asyncio.gather(*(s.end(closed) for s in list(self._subscriptions)))
            for task in (pending := list(self._tasks)):
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            goodbyes = [*self._goodbyes, *(c.close() for c in list(self._connections))]
            await asyncio.gather(*goodbyes, return_exceptions=True)
        finally:
            session, self._session = self._session, None
            if session is not None:
                await self._close_session(session)

    # -- what subscriptions ask -------------------------------------------------------

    @property
    def start_timeout(self) -> float:
        """Seconds to wait for the server's word on a subscription."""
        return self._settings.start_timeout

    @property
    def attempts(self) -> int:
        """How often a subscription that never stood is tried."""
        return self._settings.attempts

    def delays(self) -> Iterator[float]:
        """Make the seconds to wait between attempts."""
        return self._settings.delays()

    async def connection(self, signer: Signer, *, alone: bool = False) -> Connection:
        """Return a connection with room, opened if there is none.

        Args:
            signer: gives the authorization of the handshake, if there is to be one.
            alone: whether nobody else is to be on it.

        Raises:
            TransportError: there can be none.
        """
        self.tidy()
        if alone:
            return await self._open(signer, alone=True)
        while True:
            for connection in self._connections:
                if connection.has_room:
                    return connection
            if self._opening is None:
                self._opening = self._spawn(self._open(signer, alone=False), self._tasks), signer
                self._opening[0].add_done_callback(self._opened)
            opening, by = self._opening
            try:
                return await asyncio.shield(opening)
            except AppSyncError:
                if by == signer:
                    raise
                # What one authorization is refused another may be granted.

    def left(self, subscription: Subscription) -> None:
        """Hear that a subscription is over; the last one takes the connections along."""
        self._subscriptions.discard(subscription)
        self.tidy()

    def tidy(self) -> None:
        """Close the connections that nobody needs any more."""
        if not self._subscriptions and self._opening is not None:
            (opening, _), self._opening = self._opening, None
            opening.cancel()
        for connection in list(self._connections):
            left = connection.used and not connection.load and not connection.has_room
            if left or not self._subscriptions:
                connection.shut = True  # nobody is to begin on it now
                self._spawn(connection.close(), self._goodbyes)

    def _opened(self, opening: asyncio.Task[Connection]) -> None:
        if self._opening is not None and self._opening[0] is opening:
            self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            self.tidy()  # those who wanted it may have left meanwhile

    def missed(self, gap: Gap) -> None:
        """Tell that events may have been missed."""
        self._tell(EventsMissed(reason=gap.reason))

    def resubscribed(self) -> None:
        """Tell that a subscription stands again."""
        self._tell(Resubscribed())

    def troubled(self, trouble: Trouble) -> None:
        """Tell of the server's complaint."""
        self._tell(RealtimeTrouble(message=trouble.message, error_type=trouble.error_type))

    # -- connections ------------------------------------------------------------------

    async def _open(self, signer: Signer, *, alone: bool) -> Connection:
        """Connect, for as long as that may help.

        Raises:
            TransportError: it does not.
        """
        settings = self._settings
        course = Course(settings.delays, settings.attempts, proven=self._connected_once)
        while True:
            try:
                headers = await signer.headers(None)
                return await self._connect(signer, headers, alone=alone)
            except Refusal as refusal:
                trouble = refusal.trouble
                if await self._mended(trouble, course, signer, headers):
                    continue
                why = trouble.message
            except (Lost, RenewalFailed) as error:
                why = str(error)
            if not course.may_go_on():
                raise TransportConnectionFailed(f"The real-time endpoint can't be reached: {why}")
            await asyncio.sleep(course.pause())

    async def _mended(
        self, trouble: Trouble, course: Course, signer: Signer, headers: Mapping[str, str]
    ) -> bool:
        """Do what may help after a refused handshake; tell whether to try again at once.

        Raises:
            AppSyncError: nothing helps.
        """
        step = step_after(trouble, renewed=course.out_of_patience, proven=course.stood)
        if step is Step.GIVE_UP:
            raise error_of(trouble)
        self.troubled(trouble)
        if step is not Step.RENEW:
            return False
        first, renewed = course.refused(), False
        with contextlib.suppress(RenewalFailed):
            renewed = await signer.renewed(headers, denied=False)
        if not (renewed or course.stood):
            raise error_of(trouble)
        return renewed and first

    async def _connect(
        self, signer: Signer, headers: Mapping[str, str], *, alone: bool
    ) -> Connection:
        conversation, clock = Conversation(self._loads), self._settings.clock
        if self._session is None:
            self._session = self._make_session()
        socket, silence = await dial(
            self._session,
            self._url,
            handshake(headers, self._way),
            conversation,
            ssl=self._ssl,
            ack_timeout=self._settings.ack_timeout,
            as_bytes=reader_of_bytes(self._loads) is not None,
        )
        connection = Connection(
            socket, conversation, silence, clock=clock, troubled=self.troubled, gone=self._gone
        )
        connection.run()
        connection.shut, connection.expires_at = alone, _expiry_of(headers)
        self._connections.append(connection)
        self._plan_end(connection, signer, headers)
        self._tell(Connected(again=self._connected_once))
        self._connected_once = True
        return connection

    def _plan_end(self, connection: Connection, signer: Signer, headers: Mapping[str, str]) -> None:
        """See that it is replaced ahead of the moment when the server would end it."""
        loop, seconds = asyncio.get_running_loop(), self._settings.max_age
        if self._ends_with_token and connection.expires_at is not None:
            left = connection.expires_at - self._settings.clock.wall()
            ahead = left - min(_AHEAD, left / 4)
            if ahead < seconds:
                self._timers[connection] = loop.call_later(
                    ahead,
                    lambda: self._spawn(
                        self._retire_renewed(connection, signer, headers), self._tasks
                    ),
                )
                return
        self._timers[connection] = loop.call_later(seconds, self._retire, connection)

    def _retire(self, connection: Connection) -> None:
        """Have the subscriptions of an old connection go over to a new one."""
        connection.shut = connection.retired = True
        for subscription in self._subscriptions:
            subscription.move()

    async def _retire_renewed(
        self, connection: Connection, signer: Signer, headers: Mapping[str, str]
    ) -> None:
        """Go over to a connection that is opened with a newer token, if there is one."""
        with contextlib.suppress(Exception):  # then its end will be a gap
            if await signer.renewed(headers, denied=False):
                self._retire(connection)

    def _gone(self, connection: Connection, why: str, standing: int) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        timer = self._timers.pop(connection, None)
        if timer is not None:
            timer.cancel()
        if standing:
            left = (connection.expires_at or 0.0) - self._settings.clock.wall()
            self._ends_with_token = self._ends_with_token or abs(left) < _WITH_THE_TOKEN
            self._tell(ConnectionLost(reason=why))

    def _tell(self, event: Any) -> None:
        self._events.put(event)

    def _spawn(
        self, work: Coroutine[Any, Any, T], among: set[asyncio.Task[Any]]
    ) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work, name="appsync-gql-connection")
        among.add(task)
        task.add_done_callback(among.discard)
        return task


def _expiry_of(headers: Mapping[str, str]) -> float | None:
    token = headers.get("Authorization")
    try:
        return TokenClaims.read(token, "Authorization").expires_at if token else None
    except InvalidToken:
        return None  # a token of another kind
