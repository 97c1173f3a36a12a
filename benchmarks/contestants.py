"""Who is measured. Each gives a function that runs one query and returns its data."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import gql as theirs
from certificate import trusting
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from multidict import CIMultiDict, CIMultiDictProxy
from server import FIELDS

import appsync_gql as ours
from appsync_gql import AppSyncTransport, CognitoProvider, Tokens, TokenStore

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from appsync_gql import Headers

    One = Callable[[], Awaitable[Any]]

TEXT = "query Page {{ me {{ {} }} item(id: 1) {{ {} }} }}".format(
    " ".join(f"field{i}" for i in range(8)), " ".join(FIELDS)
)


@dataclass(frozen=True)
class Place:
    """What a contestant is given.

    Attributes:
        url: the endpoint.
        token: an access token that lives for hours.
        certificate: the server's; ``None`` without TLS.
    """

    url: str
    token: str
    certificate: Path | None = None

    @property
    def ssl(self) -> ssl.SSLContext | bool:
        """As for aiohttp."""
        return True if self.certificate is None else trusting(self.certificate)

    @property
    def headers(self) -> dict[str, str]:
        """For those that know no tokens."""
        return {"Authorization": self.token}

    def store(self) -> TokenStore:
        """Make a store that has the token."""
        provider = CognitoProvider("benchmark", region="eu-west-1")
        return TokenStore(provider, tokens=Tokens(access_token=self.token))

    def transport(self) -> AppSyncTransport:
        """Make ours, as its users do."""
        return AppSyncTransport(self.url, auth=self.store(), ssl=self.ssl)


@asynccontextmanager
async def raw(place: Place) -> AsyncIterator[One]:
    """Post with aiohttp, with orjson both ways: as one writes it by hand."""
    import orjson  # noqa: PLC0415

    payload, json_type = GraphQLRequest(TEXT).payload, {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=place.headers) as session:

        async def one() -> Any:
            body = orjson.dumps(payload)
            async with session.post(
                place.url, data=body, headers=json_type, ssl=place.ssl
            ) as response:
                return orjson.loads(await response.read())["data"]

        yield one


@asynccontextmanager
async def raw_tuned(place: Place) -> AsyncIterator[One]:
    """Do the same for this query alone, with all that aiohttp's documents offer to make it fast."""
    import orjson  # noqa: PLC0415

    body = orjson.dumps(GraphQLRequest(TEXT).payload)
    async with aiohttp.ClientSession(
        headers={**place.headers, "Content-Type": "application/json"},
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:

        async def one() -> Any:
            response = await session.post(place.url, data=body, ssl=place.ssl)
            return orjson.loads(await response.read())["data"]

        yield one


@asynccontextmanager
async def raw_json(place: Place) -> AsyncIterator[One]:
    """Post with aiohttp and the standard library's json."""
    payload = GraphQLRequest(TEXT).payload
    async with aiohttp.ClientSession(headers=place.headers) as session:

        async def one() -> Any:
            async with session.post(place.url, json=payload, ssl=place.ssl) as response:
                return json.loads(await response.read())["data"]

        yield one


@asynccontextmanager
async def gql_session(place: Place) -> AsyncIterator[One]:
    """Use gql's transport in a session, the way its documentation recommends."""
    request = theirs.gql(TEXT)
    transport = AIOHTTPTransport(place.url, headers=place.headers, ssl=place.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def gql_orjson(place: Place) -> AsyncIterator[One]:
    """Do the same, with orjson for the answers."""
    import orjson  # noqa: PLC0415

    request = theirs.gql(TEXT)
    transport = AIOHTTPTransport(
        place.url, headers=place.headers, ssl=place.ssl, json_deserialize=orjson.loads
    )
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def gql_text(place: Place) -> AsyncIterator[One]:
    """Do the same with a text for every call."""
    transport = AIOHTTPTransport(place.url, headers=place.headers, ssl=place.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(GraphQLRequest(TEXT))


@asynccontextmanager
async def gql_call(place: Place) -> AsyncIterator[One]:
    """Use gql's transport without a session, as notebooks do."""
    request = theirs.gql(TEXT)
    transport = AIOHTTPTransport(place.url, headers=place.headers, ssl=place.ssl)
    client = Client(transport=transport)
    yield lambda: client.execute_async(request)


@asynccontextmanager
async def ours_session(place: Place) -> AsyncIterator[One]:
    """Use ours in a session, token store on."""
    request = theirs.gql(TEXT)
    async with Client(transport=place.transport()) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_untimed(place: Place) -> AsyncIterator[One]:
    """Do the same without the timeout that gql's Client puts around every call."""
    request = theirs.gql(TEXT)
    async with Client(transport=place.transport(), execute_timeout=None) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_direct(place: Place) -> AsyncIterator[One]:
    """Call the transport itself: what is left when gql's Client is not counted."""
    request, transport = theirs.gql(TEXT), place.transport()
    await transport.connect()
    try:
        yield lambda: transport.execute(request)
    finally:
        await transport.close()


class Fixed:
    """An authorization that never does anything: what a token store costs is the difference."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def headers_nowait(self) -> Headers:
        """Give the same ones."""
        return self._headers

    async def headers(self) -> Headers:
        """Give the same ones."""
        return self._headers

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """Give the same ones."""
        del rejected, denied
        return self._headers

    def answered(self, date: str | None, took: float) -> None:
        """Learn nothing."""

    def replayed(self, reason: str) -> None:
        """Learn nothing."""


@asynccontextmanager
async def ours_fixed(place: Place) -> AsyncIterator[One]:
    """Use ours with headers that are never renewed."""
    request, headers = theirs.gql(TEXT), CIMultiDictProxy(CIMultiDict(place.headers))
    transport = AppSyncTransport(place.url, auth=Fixed(headers), ssl=place.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_without_auth(place: Place) -> AsyncIterator[One]:
    """Use ours as gql's own transport is used: ``auth=None`` goes the parent's way."""
    request = theirs.gql(TEXT)
    transport = AppSyncTransport(place.url, headers=place.headers, ssl=place.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_text(place: Place) -> AsyncIterator[One]:
    """Use our ``gql()`` with a text for every call."""
    async with Client(transport=place.transport()) as session:
        yield lambda: session.execute(ours.gql(TEXT))


@asynccontextmanager
async def ours_call(place: Place) -> AsyncIterator[One]:
    """Use ours without a session."""
    request, client = theirs.gql(TEXT), Client(transport=place.transport())
    yield lambda: client.execute_async(request)


@asynccontextmanager
async def httpx(place: Place) -> AsyncIterator[One]:
    """Use gql's other transport."""
    from gql.transport.httpx import HTTPXAsyncTransport  # noqa: PLC0415

    request = theirs.gql(TEXT)
    transport = HTTPXAsyncTransport(place.url, headers=place.headers)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def sgqlc(place: Place) -> AsyncIterator[One]:
    """Use sgqlc, which is synchronous and makes a connection for each call."""
    from sgqlc.endpoint.http import HTTPEndpoint  # noqa: PLC0415

    endpoint = HTTPEndpoint(place.url, place.headers)

    async def one() -> Any:
        return endpoint(TEXT)["data"]

    yield one


@dataclass(frozen=True)
class Contestant:
    """One line of the table.

    Attributes:
        name: as printed.
        make: opens it.
        alone: whether it can only run one query at a time.
    """

    name: str
    make: Callable[[Place], AbstractAsyncContextManager[One]]
    alone: bool = False


RAW = Contestant("raw aiohttp + orjson", raw)
RAW_TUNED = Contestant("raw, tuned for this query", raw_tuned)
RAW_JSON = Contestant("raw aiohttp json=", raw_json)
GQL = Contestant("gql AIOHTTPTransport", gql_session)
GQL_ORJSON = Contestant("gql, json_deserialize=orjson.loads", gql_orjson)
GQL_TEXT = Contestant("gql, GraphQLRequest(str) a call", gql_text)
GQL_CALL = Contestant("gql, execute_async a call", gql_call, alone=True)
HTTPX = Contestant("gql HTTPXAsyncTransport", httpx)
SGQLC = Contestant("sgqlc HTTPEndpoint", sgqlc, alone=True)
OURS = Contestant("appsync-gql", ours_session)
OURS_UNTIMED = Contestant("appsync-gql, execute_timeout=None", ours_untimed)
OURS_DIRECT = Contestant("appsync-gql, without gql's Client", ours_direct)
OURS_FIXED = Contestant("appsync-gql, fixed headers", ours_fixed)
OURS_NO_AUTH = Contestant("appsync-gql, auth=None", ours_without_auth)
OURS_TEXT = Contestant("appsync-gql, gql(str) a call", ours_text)
OURS_CALL = Contestant("appsync-gql, execute_async a call", ours_call, alone=True)
