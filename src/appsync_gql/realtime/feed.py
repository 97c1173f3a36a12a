"""A subscription as gql wants it: an async generator of results."""

from __future__ import annotations

import inspect
import json
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from gql.transport.appsync_auth import AppSyncAuthentication
from graphql import ExecutionResult

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from gql import GraphQLRequest

    from ..auth.base import Auth, Headers
    from .hub import Hub, Signer
    from .subscription import Gap, OnFull

__all__ = ["feed", "signer_of"]

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
    data = json.dumps(request.payload)
    subscription = hub.subscribe(data, signer, buffer, on_full)
    try:
        items: deque[Any] = deque() if on_full == "wait" else subscription.items
        while True:
            # In a burst there is no need to wait for each.
            direct = items and type(items[0]) is dict
            payload = items.popleft() if direct else await subscription.next()
            if type(payload) is dict:
                get = payload.get
                yield ExecutionResult(get("data"), get("errors"), get("extensions"))
            elif payload is None:
                return
            else:
                if on_gap is not None and inspect.isawaitable(
                    called := on_gap(cast("Gap", payload))
                ):
                    await called
                if gaps:
                    yield ExecutionResult(payload)
    finally:
        await subscription.end()


def signer_of(auth: Auth | AppSyncAuthentication, host: str) -> Signer:
    """Make what signs handshakes and starts with that authorization."""
    return _GqlSigner(auth) if isinstance(auth, AppSyncAuthentication) else _Signer(auth, host)


class _Signer:
    def __init__(self, auth: Auth, host: str) -> None:
        self._auth, self._host = auth, host

    async def headers(self, data: str | None) -> Mapping[str, str]:
        del data  # a token signs nothing
        found = self._auth.headers_nowait()
        return {"host": self._host, **(await self._auth.headers() if found is None else found)}

    async def renewed(self, rejected: Headers | None, *, denied: bool) -> bool:
        before = {k: v for k, v in (rejected or {}).items() if k != "host"}
        newer = await self._auth.renew(before or None, denied=denied)
        return dict(newer) != before


class _GqlSigner:
    """One of gql's own objects: what it has, it has for good."""

    def __init__(self, auth: AppSyncAuthentication) -> None:
        self._auth = auth

    async def headers(self, data: str | None) -> Mapping[str, str]:
        found: Mapping[str, str] = self._auth.get_headers(data)
        return found

    async def renewed(self, rejected: Headers | None, *, denied: bool) -> bool:
        del rejected, denied
        return False
