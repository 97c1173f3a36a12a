"""gql's transport with less work for each request: what is the same for all is done once."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, cast

from gql.client import ReconnectingAsyncClientSession
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp import log as gql_log
from gql.transport.appsync_auth import AppSyncAuthentication
from gql.transport.exceptions import TransportClosed
from multidict import CIMultiDict
from yarl import URL

from ..exceptions import BadRequest
from . import express
from .json import dumps, reader_of_bytes
from .pool import KeptConnections
from .request_body import payload_of, printed_once
from .timeouts import NO_TIMERS, Deadlines

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TypeAlias

    import aiohttp
    from gql import GraphQLRequest

    Post: TypeAlias = tuple[Any, CIMultiDict[str] | None, dict[str, Any]]
    """One request but for its authorization: body, headers, and aiohttp's other arguments."""

__all__ = ["LeanTransport", "arrived", "is_about_to_connect_again", "read_with"]

_SECONDS = 300.0
"""What a POST may take where nothing else is said: aiohttp's own limit."""

_UTF8_JSON = ("json", "charset=utf-8", 'charset="utf-8"')
"""How a content type ends whose body is UTF-8."""

_NO_REDIRECTS = {"allow_redirects": False}

_RECONNECTING = getattr(
    getattr(ReconnectingAsyncClientSession, "_connection_loop", None), "__code__", None
)
"""What runs in the task of gql's reconnecting session; ``None`` in a gql that has no such thing."""


class LeanTransport(AIOHTTPTransport):
    """What a transport knows of bodies, answers and connections, and nothing of tokens.

    Documents are printed and encoded once, JSON is read from bytes, and connections
    outlive sessions.

    Args:
        url: the endpoint.
        keep_open: whether idle connections outlive :meth:`close`.
        coarse: whether one timer watches all requests in place of one for each,
            if no other limit is given; who posts uses ``_deadlines`` then.
        ssl_close_timeout: as the parent's.
        args: the parent's other arguments.
    """

    def __init__(
        self,
        url: str,
        *,
        keep_open: bool,
        coarse: bool,
        ssl_close_timeout: float | None,
        **args: Any,
    ) -> None:
        super().__init__(url, ssl_close_timeout=ssl_close_timeout, **args)
        self._kept = KeptConnections(ssl_close_timeout) if keep_open else None
        self._coarse, self._as_before = coarse, False
        self._checked_url, self._yarl_url = self.url, URL(url)
        self._deadlines = cast("Deadlines | None", None)

    async def connect(self) -> None:
        """Make the ``session``, on connections that are open already if there are any.

        Raises:
            TransportAlreadyConnected: there is one.
        """
        given, kept = self.client_session_args or {}, self._kept
        if self.session is not None:
            await super().connect()  # which says so
        self._as_before = False
        if kept is None or given.get("connector"):
            await self._make_session({})
            return
        pool = await kept.take()
        # With cookies or arguments, each session is made anew as the parent makes it.
        self._as_before = self._coarse and not (
            self.headers or self.cookies or self.timeout or given
        )
        session = pool.session
        if self._as_before and session and not session.closed:
            self.session, self._deadlines = session, Deadlines(_SECONDS)
            return
        await self._make_session({"connector": pool.connector, "connector_owner": False})

    async def _make_session(self, more: dict[str, Any]) -> None:
        given = self.client_session_args
        args = {**(given or {}), **more}
        deadlines = None
        if self._coarse and self.timeout is None and "timeout" not in args:
            args["timeout"], deadlines = NO_TIMERS, Deadlines(_SECONDS)
        self.client_session_args = args
        try:
            await super().connect()
        finally:
            self.client_session_args = given
        self._deadlines = deadlines

    async def close(self) -> None:
        """End the session; its connections stay open for a while if ``keep_open`` says so."""
        if self._deadlines is not None:
            self._deadlines.stop()
        session = self.session
        if session is None or self._kept is None or session.connector_owner:
            await super().close()
            return
        self.session = None
        if self._as_before and express.adds_nothing(session):
            self._kept.leave(session)
        else:
            self._kept.leave()
            await session.close()

    def _begin(
        self, session: aiohttp.ClientSession, post: Post, headers: Mapping[str, str]
    ) -> Awaitable[aiohttp.ClientResponse]:
        """Send a request; give what waits for the head of its answer."""
        data, kept, more = post
        if (
            self._as_before
            and more is _NO_REDIRECTS
            and self.url is self._checked_url
            and express.is_plain(session, self.ssl)
        ):
            return express.post(session, self._yarl_url, data, headers, self.ssl)
        if kept is not None:
            kept = CIMultiDict(kept)
            kept.update(headers)
            headers = kept
        return session.post(self.url, data=data, headers=headers, ssl=self.ssl, **more)

    def _for_sockets(self) -> dict[str, Any]:
        """Give the arguments for another session than that of requests, with the same settings."""
        self._connected()
        return {
            "headers": self.headers,
            "cookies": self.cookies,
            **(self.client_session_args or {}),
        }

    def _connected(self) -> aiohttp.ClientSession:
        if self.session is None or self.session.closed:
            raise TransportClosed("Transport is not connected")
        return self.session

    def _post(
        self,
        request: GraphQLRequest,
        extra_args: dict[str, Any] | None,
        *,
        upload_files: bool,
    ) -> Post:
        """Prepare the request, once for both times that it may be sent."""
        ours = self.json_serialize is json.dumps
        try:
            if ours and not (extra_args or upload_files or gql_log.isEnabledFor(logging.DEBUG)):
                return payload_of(request), None, _NO_REDIRECTS
            more = self._prepare_request(request, extra_args, upload_files)
            more.update(_NO_REDIRECTS)
            headers = CIMultiDict(more.pop("headers", None) or {})
            if "json" not in more:
                return more.pop("data", None), headers, more
            payload = more.pop("json")
            data = dumps(payload) if ours else self.json_serialize(payload).encode()
        except (TypeError, ValueError) as error:
            raise BadRequest(f"The variables can't be sent as JSON: {error}") from error
        headers.setdefault("Content-Type", "application/json")
        return data, headers, more

    def _prepare_request(
        self,
        request: GraphQLRequest | list[GraphQLRequest],
        extra_args: dict[str, Any] | None = None,
        upload_files: bool = False,  # noqa: FBT001, FBT002 - the parent's signature
    ) -> dict[str, Any]:
        cheaper = (
            [printed_once(r) for r in request]
            if isinstance(request, list)
            else printed_once(request)
        )
        post = super()._prepare_request(cheaper, extra_args, upload_files)
        if isinstance(self.auth, AppSyncAuthentication) and extra_args:
            # The parent puts gql's headers in place of the caller's.
            headers = CIMultiDict(extra_args.get("headers") or {})
            headers.update(post["headers"])
            post["headers"] = headers
        return post

    async def _get_json_result(self, response: aiohttp.ClientResponse) -> Any:
        loads = self._reader(response.headers)
        result = read_with(loads, await response.read()) if loads is not None else None
        if result is None:  # no JSON either: the parent says so
            return await super()._get_json_result(response)
        self.response_headers = response.headers
        return result

    def _reader(self, headers: Mapping[str, str]) -> Callable[[bytes], Any] | None:
        """Give what reads the answer from its bytes; ``None`` if it is for the parent to read."""
        of_utf8 = headers.get("Content-Type", "").lower().endswith(_UTF8_JSON)
        if not of_utf8 or gql_log.isEnabledFor(logging.DEBUG):
            return None
        return reader_of_bytes(self.json_deserialize)


def arrived(response: aiohttp.ClientResponse, session: aiohttp.ClientSession) -> bytes | None:
    """Give the body if it came with its head, as small ones do; ``None`` if ``read`` is to wait.

    It is taken once, and no trace hears of it: a session that is traced is left to ``read``.
    """
    content = response.content
    return content.read_nowait() if content.is_eof() and not session.trace_configs else None


def read_with(loads: Callable[[bytes], Any], text: bytes) -> Any:
    """Read JSON; ``None`` where it is none."""
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return None


def is_about_to_connect_again() -> bool:
    """Tell whether it is gql's reconnecting session that closes the transport.

    It does so when a request found no connection, and connects again at once.
    Subscriptions have connections of their own, and see to them themselves.
    """
    task = asyncio.current_task()
    code = getattr(task and task.get_coro(), "cr_code", None)
    return code is not None and code is _RECONNECTING
