"""The clients that are compared.

Each is a context manager that yields a function, which sends one query and returns its data.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aiohttp
import gql as theirs
from byte_server import FIELDS
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.async_transport import AsyncTransport
from graphql import ExecutionResult
from multidict import CIMultiDict, CIMultiDictProxy

import appsync_gql as ours
from appsync_gql import AppSyncTransport, CognitoProvider, Tokens, TokenStore
from support.certificate import trusting

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from appsync_gql import Headers

    SendOne = Callable[[], Awaitable[Any]]

TEXT = "query Page {{ me {{ {} }} item(id: 1) {{ {} }} }}".format(
    " ".join(f"field{i}" for i in range(8)), " ".join(FIELDS)
)

_trusting = lru_cache(trusting)


@dataclass(frozen=True)
class Target:
    """Where a client sends its queries.

    Attributes:
        url: the endpoint.
        token: an access token that is valid for hours.
        certificate: the server's; ``None`` without TLS.
    """

    url: str
    token: str
    certificate: Path | None = None

    @property
    def ssl(self) -> ssl.SSLContext | bool:
        """The argument ``ssl`` of aiohttp."""
        return True if self.certificate is None else _trusting(self.certificate)

    @property
    def headers(self) -> dict[str, str]:
        """Headers for clients without a token store."""
        return {"Authorization": self.token}

    def store(self) -> TokenStore:
        """Return a token store that contains the token."""
        provider = CognitoProvider("benchmark", region="eu-west-1")
        return TokenStore(provider, tokens=Tokens(access_token=self.token))

    def transport(self) -> AppSyncTransport:
        """Return this package's transport with a token store."""
        return AppSyncTransport(self.url, auth=self.store(), ssl=self.ssl)


@asynccontextmanager
async def raw(target: Target) -> AsyncIterator[SendOne]:
    """Call ``session.post`` of aiohttp, with orjson for request and response."""
    import orjson  # noqa: PLC0415

    payload, json_type = GraphQLRequest(TEXT).payload, {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=target.headers) as session:

        async def one() -> Any:
            body = orjson.dumps(payload)
            async with session.post(
                target.url, data=body, headers=json_type, ssl=target.ssl
            ) as response:
                return orjson.loads(await response.read())["data"]

        yield one


@asynccontextmanager
async def raw_tuned(target: Target) -> AsyncIterator[SendOne]:
    """Do the same with the body encoded once and without a timeout: the fastest way in aiohttp."""
    import orjson  # noqa: PLC0415

    body = orjson.dumps(GraphQLRequest(TEXT).payload)
    async with aiohttp.ClientSession(
        headers={**target.headers, "Content-Type": "application/json"},
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:

        async def one() -> Any:
            response = await session.post(target.url, data=body, ssl=target.ssl)
            return orjson.loads(await response.read())["data"]

        yield one


@asynccontextmanager
async def raw_in_client(target: Target) -> AsyncIterator[SendOne]:
    """Call ``session.post`` as ``raw`` does, as the transport of gql's Client.

    No transport can do less than this one, so it shows what gql's Client leaves to win.
    """
    request = theirs.gql(TEXT)
    async with (
        aiohttp.ClientSession(headers=target.headers) as http,
        Client(transport=RawTransport(target, http, request.payload)) as session,
    ):
        yield lambda: session.execute(request)


class RawTransport(AsyncTransport):
    """Sends always the same query, by aiohttp's ``session.post`` and orjson.

    Args:
        target: where to.
        http: aiohttp's session.
        payload: of the query.
    """

    def __init__(
        self, target: Target, http: aiohttp.ClientSession, payload: dict[str, Any]
    ) -> None:
        import orjson  # noqa: PLC0415

        self._url, self._ssl, self._http, self._payload = target.url, target.ssl, http, payload
        self._dumps, self._loads = orjson.dumps, orjson.loads

    async def connect(self) -> None:
        """Do nothing: the session is the caller's."""

    async def close(self) -> None:
        """Do nothing."""

    async def execute(self, request: GraphQLRequest, **_: Any) -> ExecutionResult:
        """Send the query that was given at first."""
        del request
        async with self._http.post(
            self._url,
            data=self._dumps(self._payload),
            headers={"Content-Type": "application/json"},
            ssl=self._ssl,
        ) as response:
            return ExecutionResult(self._loads(await response.read())["data"])

    def subscribe(self, request: GraphQLRequest) -> AsyncGenerator[ExecutionResult, None]:
        """Raise an error: this transport has no subscriptions."""
        raise NotImplementedError


@asynccontextmanager
async def raw_json(target: Target) -> AsyncIterator[SendOne]:
    """Call ``session.post`` of aiohttp with the standard library's json."""
    payload = GraphQLRequest(TEXT).payload
    async with aiohttp.ClientSession(headers=target.headers) as session:

        async def one() -> Any:
            async with session.post(target.url, json=payload, ssl=target.ssl) as response:
                return json.loads(await response.read())["data"]

        yield one


@asynccontextmanager
async def gql_session(target: Target) -> AsyncIterator[SendOne]:
    """Use gql's transport in a session, as its documentation recommends."""
    request = theirs.gql(TEXT)
    transport = AIOHTTPTransport(target.url, headers=target.headers, ssl=target.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def gql_orjson(target: Target) -> AsyncIterator[SendOne]:
    """Do the same with orjson for the responses."""
    import orjson  # noqa: PLC0415

    request = theirs.gql(TEXT)
    transport = AIOHTTPTransport(
        target.url, headers=target.headers, ssl=target.ssl, json_deserialize=orjson.loads
    )
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def gql_text(target: Target) -> AsyncIterator[SendOne]:
    """Do the same with the query as text in every call."""
    transport = AIOHTTPTransport(target.url, headers=target.headers, ssl=target.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(GraphQLRequest(TEXT))


@asynccontextmanager
async def gql_call(target: Target) -> AsyncIterator[SendOne]:
    """Use gql's transport without a session: ``client.execute_async`` for every call."""
    request = theirs.gql(TEXT)
    transport = AIOHTTPTransport(target.url, headers=target.headers, ssl=target.ssl)
    client = Client(transport=transport)
    yield lambda: client.execute_async(request)


@asynccontextmanager
async def ours_session(target: Target) -> AsyncIterator[SendOne]:
    """Use this package's transport in a session, with a token store."""
    request = theirs.gql(TEXT)
    async with Client(transport=target.transport()) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_untimed(target: Target) -> AsyncIterator[SendOne]:
    """Do the same without the timeout that gql's Client sets for every call."""
    request = theirs.gql(TEXT)
    async with Client(transport=target.transport(), execute_timeout=None) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_direct(target: Target) -> AsyncIterator[SendOne]:
    """Call the transport itself, without gql's Client."""
    request, transport = theirs.gql(TEXT), target.transport()
    await transport.connect()
    try:
        yield lambda: transport.execute(request)
    finally:
        await transport.close()


class Fixed:
    """An authorization with constant headers, to measure what the token store costs."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def headers_nowait(self) -> Headers:
        """Return the headers."""
        return self._headers

    async def headers(self) -> Headers:
        """Return the headers."""
        return self._headers

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """Return the same headers."""
        del rejected, denied
        return self._headers

    def answered(self, date: str | None, took: float) -> None:
        """Ignore the date of a response."""

    def replayed(self, reason: str) -> None:
        """Ignore that a request was sent once more."""


@asynccontextmanager
async def ours_fixed(target: Target) -> AsyncIterator[SendOne]:
    """Use this package's transport with constant headers."""
    request, headers = theirs.gql(TEXT), CIMultiDictProxy(CIMultiDict(target.headers))
    transport = AppSyncTransport(target.url, auth=Fixed(headers), ssl=target.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_without_auth(target: Target) -> AsyncIterator[SendOne]:
    """Use this package's transport with ``auth=None``, as gql's own transport is used."""
    request = theirs.gql(TEXT)
    transport = AppSyncTransport(target.url, headers=target.headers, ssl=target.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_text(target: Target) -> AsyncIterator[SendOne]:
    """Use this package's ``gql()`` with the query as text in every call."""
    async with Client(transport=target.transport()) as session:
        yield lambda: session.execute(ours.gql(TEXT))


@asynccontextmanager
async def ours_call(target: Target) -> AsyncIterator[SendOne]:
    """Use this package's transport without a session."""
    request, client = theirs.gql(TEXT), Client(transport=target.transport())
    yield lambda: client.execute_async(request)


@asynccontextmanager
async def httpx(target: Target) -> AsyncIterator[SendOne]:
    """Use gql's transport for httpx."""
    from gql.transport.httpx import HTTPXAsyncTransport  # noqa: PLC0415

    request = theirs.gql(TEXT)
    transport = HTTPXAsyncTransport(target.url, headers=target.headers)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def sgqlc(target: Target) -> AsyncIterator[SendOne]:
    """Use sgqlc, which is synchronous and opens a connection for each call."""
    from sgqlc.endpoint.http import HTTPEndpoint  # noqa: PLC0415

    endpoint = HTTPEndpoint(target.url, target.headers)

    async def one() -> Any:
        return endpoint(TEXT)["data"]

    yield one


@dataclass(frozen=True)
class ComparedClient:
    """One client.

    Attributes:
        name: as printed.
        open: returns the context manager.
        blocking: whether that and its function are synchronous.
    """

    name: str
    open: Callable[[Target], Any]
    blocking: bool = False


RAW = ComparedClient("raw aiohttp + orjson", raw)
RAW_TUNED = ComparedClient("raw, tuned for this query", raw_tuned)
RAW_IN_CLIENT = ComparedClient("raw aiohttp + orjson, in gql's Client", raw_in_client)
RAW_JSON = ComparedClient("raw aiohttp json=", raw_json)
GQL = ComparedClient("gql AIOHTTPTransport", gql_session)
GQL_ORJSON = ComparedClient("gql, json_deserialize=orjson.loads", gql_orjson)
GQL_TEXT = ComparedClient("gql, GraphQLRequest(str) a call", gql_text)
GQL_CALL = ComparedClient("gql, execute_async a call", gql_call)
HTTPX = ComparedClient("gql HTTPXAsyncTransport", httpx)
SGQLC = ComparedClient("sgqlc HTTPEndpoint", sgqlc)
OURS = ComparedClient("appsync-gql", ours_session)
OURS_UNTIMED = ComparedClient("appsync-gql, execute_timeout=None", ours_untimed)
OURS_DIRECT = ComparedClient("appsync-gql, without gql's Client", ours_direct)
OURS_FIXED = ComparedClient("appsync-gql, fixed headers", ours_fixed)
OURS_NO_AUTH = ComparedClient("appsync-gql, auth=None", ours_without_auth)
OURS_TEXT = ComparedClient("appsync-gql, gql(str) a call", ours_text)
OURS_CALL = ComparedClient("appsync-gql, execute_async a call", ours_call)
