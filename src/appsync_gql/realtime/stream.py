"""A subscription as gql wants it: an async generator of results."""

from __future__ import annotations

import inspect
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from gql.transport.appsync_auth import AppSyncAuthentication
from graphql import ExecutionResult

from ..exceptions import ConfigurationError
from ..http.request_body import body_of
from .handshake import check_realtime, host_of, realtime_url_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    import aiohttp
    from gql import GraphQLRequest

    from ..auth.base import Auth, Headers
    from ..events import RealtimeListener
    from .buffer import Gap, OnFull
    from .handshake import RealtimeAuth
    from .pool import Hub
    from .settings import RealtimeSettings, Signer

__all__ = ["Feeds", "feed"]


class Feeds:
    """The subscriptions of one transport.

    Args:
        url: the GraphQL endpoint.
        realtime_url: the real-time endpoint; ``None`` to make it from ``url``.
        way: how a handshake carries its authorization.
        settings: how it all behaves; ``None`` for the defaults.
        ssl: as for aiohttp.
        loads: reads JSON.
        close_session: closes the aiohttp session of the sockets.
        listener: hears what happens.
        allow_insecure: permit ``ws://`` to other machines than this one.

    Raises:
        ConfigurationError: a URL, or ``way``, can't be used.
    """

    def __init__(
        self,
        url: str,
        *,
        realtime_url: str | None,
        way: RealtimeAuth,
        settings: RealtimeSettings | None,
        ssl: Any,
        loads: Callable[[Any], Any],
        close_session: Callable[[aiohttp.ClientSession], Awaitable[object]],
        listener: RealtimeListener | None,
        allow_insecure: bool,
    ) -> None:
        self._url, self._host = realtime_url or realtime_url_of(url), host_of(url)
        check_realtime(self._url, way, allow_insecure=allow_insecure)
        self._way, self._settings, self._close_session = way, settings, close_session
        self._ssl, self._loads, self._listener = ssl, loads, listener
        self._hub = cast("Hub | None", None)

    def feed(
        self,
        request: GraphQLRequest,
        auth: Auth | AppSyncAuthentication,
        session: Callable[[], dict[str, Any]],
        **options: Any,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Subscribe; see :func:`feed`.

        Args:
            request: what to subscribe to.
            auth: by whose authorization.
            session: gives the arguments of the aiohttp session for sockets.
            options: as :func:`feed` has them.
        """
        signer = signer_of(auth, self._host)
        if self._hub is None:
            # Who only sends queries does not wait for this import.
            from .dial import socket_session  # noqa: PLC0415
            from .pool import Hub  # noqa: PLC0415
            from .settings import RealtimeSettings  # noqa: PLC0415

            self._hub = Hub(
                self._url,
                way=self._way,
                session=lambda: socket_session(session()),
                close_session=self._close_session,
                settings=self._settings or RealtimeSettings(),
                ssl=self._ssl,
                loads=self._loads,
                listener=self._listener,
            )
        return feed(self._hub, request, signer, **options)

    async def close(self) -> None:
        """End them all."""
        if self._hub is not None:
            try:
                await self._hub.close()
            finally:
                self._hub = None


_POLICIES = ("drop_oldest", "fail", "wait")


async def feed(
    hub: Hub,
    request: GraphQLRequest,
    signer: Signer,
    *,
    gaps: bool = False,
    on_gap: Callable[[Gap], Awaitable[object] | object] | None = None,
    buffer: int = 1000,
    on_full: OnFull = "drop_oldest",
) -> AsyncGenerator[ExecutionResult, None]:
    """Yield what a subscription brings, for as long as somebody wants it."""
    if buffer < 1 or on_full not in _POLICIES:
        names = ", ".join(repr(policy) for policy in _POLICIES)
        raise ConfigurationError(
            f"buffer is 1 or more, and on_full one of {names}.", setting="on_full"
        )
    # The very text that is sent is what is signed.
    data = body_of(request).decode()
    subscription = hub.subscribe(data, signer, buffer, on_full)
    try:
        items: deque[Any] = deque() if on_full == "wait" else subscription.buffer.items
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
            payload = await subscription.buffer.next()
            if type(payload) is dict:
                yield _result(payload)
            elif payload is None:
                return
            else:
                gap = cast("Gap", payload)
                if on_gap is not None and inspect.isawaitable(called := on_gap(gap)):
                    await called
                if gaps:
                    yield _GapResult(gap)
    finally:
        subscription.leave()


class _GapResult(ExecutionResult):
    """A gap on its way through gql's Client, which would put what it parses in its place."""

    __slots__ = ("_gap",)

    def __init__(self, gap: Gap) -> None:
        self._gap = gap
        super().__init__(gap)

    @property
    def data(self) -> Gap:
        return self._gap

    @data.setter
    def data(self, parsed: object) -> None:
        """Keep the gap: an empty result of a schema's types would look like an event."""


def _result(payload: dict[str, Any]) -> ExecutionResult:
    get = payload.get
    return ExecutionResult(get("data"), get("errors"), get("extensions"))


def signer_of(auth: Auth | AppSyncAuthentication, host: str) -> Signer:
    """Make what signs handshakes and starts with that authorization."""
    return _GqlSigner(auth) if isinstance(auth, AppSyncAuthentication) else _Signer(auth, host)


@dataclass(frozen=True)
class _Signer:
    auth: Auth
    host: str

    async def headers(self, data: str | None) -> Mapping[str, str]:
        del data  # a token signs nothing
        found = self.auth.headers_nowait()
        return {"host": self.host, **(await self.auth.headers() if found is None else found)}

    async def renewed(self, rejected: Headers | None, *, denied: bool) -> bool:
        before = {k: v for k, v in (rejected or {}).items() if k != "host"}
        newer = await self.auth.renew(before or None, denied=denied)
        return dict(newer) != before


@dataclass(frozen=True)
class _GqlSigner:
    """One of gql's own objects: what it has, it has for good."""

    auth: AppSyncAuthentication

    async def headers(self, data: str | None) -> Mapping[str, str]:
        found: Mapping[str, str] = self.auth.get_headers(data)
        return found

    async def renewed(self, rejected: Headers | None, *, denied: bool) -> bool:
        del rejected, denied
        return False
