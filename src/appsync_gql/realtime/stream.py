"""A subscription as gql expects it: an asynchronous generator of results."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from gql.transport.exceptions import TransportClosed
from graphql import ExecutionResult

from ..auth.adapters import authorizer_of
from ..compat.forks import keep_for_ever
from ..compat.gql import UnparsedResult
from ..http.request_body import body_of
from ..threads import EventQueue, after_fork_in_child
from .arguments import check_options, check_settings, check_subscription
from .handshake import check_realtime, realtime_url_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from gql import GraphQLRequest

    from ..auth.adapters import Authorizer
    from ..events import RealtimeListener
    from .buffer import Gap, OnFull
    from .handshake import RealtimeAuth
    from .pool import ConnectionPool
    from .settings import RealtimeSettings
    from .subscription import Subscription

__all__ = ["Subscriptions"]


class Subscriptions:
    """The subscriptions of one transport.

    Args:
        url: the GraphQL endpoint.
        realtime_url: the real-time endpoint; ``None`` to make it from ``url``.
        realtime_auth: how a handshake carries its authorization.
        settings: how subscriptions behave; ``None`` for the defaults.
        ssl: as for aiohttp.
        loads: reads JSON.
        listener: called with real-time events.
        allow_insecure: permit ``ws://`` to other machines than this one.
        signed_headers: headers of handshakes that are signed.

    Raises:
        ConfigurationError: a URL, or ``realtime_auth``, can't be used.
    """

    def __init__(
        self,
        url: str,
        *,
        realtime_url: str | None,
        realtime_auth: RealtimeAuth,
        settings: RealtimeSettings | None,
        ssl: Any,
        loads: Callable[[Any], Any],
        listener: RealtimeListener | None,
        allow_insecure: bool,
        signed_headers: Mapping[str, str],
    ) -> None:
        self._url, self._realtime_url = url, realtime_url or realtime_url_of(url)
        check_realtime(self._realtime_url, realtime_auth, allow_insecure=allow_insecure)
        if settings is not None:
            check_settings(settings)
        self._realtime_auth: RealtimeAuth = realtime_auth
        self._settings = settings
        self._signed_headers = signed_headers
        self._ssl, self._loads, self._events = ssl, loads, EventQueue(listener)
        self._by_loop: dict[asyncio.AbstractEventLoop, _OnLoop] = {}

    def subscribe(
        self,
        request: GraphQLRequest,
        auth: object,
        session: Callable[[], dict[str, Any]],
        *,
        gaps: bool = False,
        on_gap: Callable[[Gap], Awaitable[object] | object] | None = None,
        buffer: int = 1000,
        on_full: OnFull = "drop_oldest",
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Return the results of a subscription; it starts when the first one is awaited.

        Args:
            request: one subscription.
            auth: its authorization, as for ``AppSyncTransport(auth=…)``.
            session: returns the arguments of the aiohttp session that sockets are opened with.
            gaps: whether a :class:`Gap` is among the results where events may have been missed.
            on_gap: called with each gap, async or not, before later results.
            buffer: how many events wait for the consumer at the most.
            on_full: what happens to the next one.

        Raises:
            BadRequest: the operation is no subscription.
            ConfigurationError: an argument can't be used.
        """
        check_subscription(request)
        check_options(buffer, on_full, on_gap)
        authorizer = authorizer_of(auth)
        # The exact text that is sent is what is signed.
        data = body_of(request).decode()

        def start() -> Subscription:
            return self._start(authorizer, data, session, size=buffer, on_full=on_full)

        return _results(start, gaps=gaps, on_gap=on_gap)

    async def close(self) -> None:
        """End the subscriptions of the running event loop, and close their connections."""
        loop = asyncio.get_running_loop()
        here = self._by_loop.get(loop)
        if here is None:
            return
        try:
            await here.close()
        finally:
            if self._by_loop.get(loop) is here:
                del self._by_loop[loop]

    def _start(
        self,
        authorizer: Authorizer,
        data: str,
        session: Callable[[], dict[str, Any]],
        *,
        size: int,
        on_full: OnFull,
    ) -> Subscription:
        # Programs without subscriptions do not wait for these imports.
        from .authorization import Authorization  # noqa: PLC0415
        from .settings import RealtimeSettings  # noqa: PLC0415
        from .subscription import Subscription  # noqa: PLC0415

        settings = self._settings or RealtimeSettings()
        here = self._on_this_loop(session, settings)
        subscription = Subscription(
            here.pool,
            Authorization(authorizer, self._url, self._signed_headers),
            data,
            settings=settings,
            report=self._events.put,
            size=size,
            on_full=on_full,
        )
        here.add(subscription)
        return subscription

    def _on_this_loop(
        self, session: Callable[[], dict[str, Any]], settings: RealtimeSettings
    ) -> _OnLoop:
        loop = asyncio.get_running_loop()
        here = self._by_loop.get(loop)
        if here is None:
            if not self._by_loop:
                after_fork_in_child(self, Subscriptions._leave_to_parent)
            for ended in [other for other in list(self._by_loop) if other.is_closed()]:
                del self._by_loop[ended]
            here = self._by_loop[loop] = _OnLoop(self._pool(session, settings))
        here.check_open()
        return here

    def _pool(
        self, session: Callable[[], dict[str, Any]], settings: RealtimeSettings
    ) -> ConnectionPool:
        from .connect import Connector  # noqa: PLC0415
        from .pool import ConnectionPool  # noqa: PLC0415

        connector = Connector(
            self._realtime_url,
            realtime_auth=self._realtime_auth,
            session=session,
            ssl=self._ssl,
            loads=self._loads,
            ack_timeout=settings.ack_timeout,
        )
        return ConnectionPool(connector, settings, self._events.put)

    def _leave_to_parent(self) -> None:
        """Called in a forked child: the sockets are the parent's, and stay untouched."""
        for inherited in self._by_loop.values():
            inherited.pool.abandon()
            keep_for_ever(inherited)
        self._by_loop = {}


class _OnLoop:
    """The subscriptions on one event loop.

    Attributes:
        pool: their connections.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self.pool = pool
        self._subscriptions: set[Subscription] = set()
        self._closing = False

    def add(self, subscription: Subscription) -> None:
        """Own a subscription until it has ended."""
        self._subscriptions.add(subscription)
        subscription.ended.add_done_callback(lambda _: self._subscriptions.discard(subscription))

    def check_open(self) -> None:
        """Refuse a further subscription while everything is being closed.

        Raises:
            TransportClosed: it is.
        """
        if self._closing:
            raise TransportClosed("The transport is being closed.")

    async def close(self) -> None:
        """End everything."""
        self._closing = True
        closed = TransportClosed("The transport was closed.")
        try:
            await asyncio.gather(*(s.end(closed) for s in list(self._subscriptions)))
        finally:  # also if this is cancelled: nothing is left open
            await self.pool.close()


async def _results(
    start: Callable[[], Subscription],
    *,
    gaps: bool,
    on_gap: Callable[[Gap], Awaitable[object] | object] | None,
) -> AsyncGenerator[ExecutionResult, None]:
    subscription = start()
    waiting = subscription.buffer
    # A server that waits for the consumer must notice each event that is taken.
    items: deque[Any] = deque() if waiting.waits else waiting.items
    try:
        while True:
            # In a burst there is no need to wait for each.
            while items:
                payload = items.popleft()
                if type(payload) is not dict:
                    items.appendleft(payload)
                    break
                if len(payload) == 1 and "data" in payload:
                    yield ExecutionResult(payload["data"])
                else:
                    yield _result(payload)
            payload = await waiting.next()
            if type(payload) is dict:
                yield _result(payload)
            elif payload is None:
                return
            else:
                gap = cast("Gap", payload)
                if on_gap is not None and inspect.isawaitable(called := on_gap(gap)):
                    await called
                if gaps:
                    yield UnparsedResult(gap)
    finally:
        subscription.leave()


def _result(payload: dict[str, Any]) -> ExecutionResult:
    get = payload.get
    return ExecutionResult(get("data"), get("errors"), get("extensions"))
