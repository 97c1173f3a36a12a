"""A plain session's requests are the same as aiohttp's own, and suffer the same."""

from __future__ import annotations

import asyncio
import warnings
import zlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed, TransportError

from appsync_gql import AppSyncTransport, ConfigurationError, TokenStore
from appsync_gql.http import express
from support.raw_server import RawServer, raw_server

if TYPE_CHECKING:
    from collections.abc import Mapping

QUERY = gql("query Q($a: Int) { a(b: $a) }")
WITH_VARIABLES = GraphQLRequest(QUERY, variable_values={"a": 1}, operation_name="Q")


def transport(server: RawServer, store: TokenStore, **more: Any) -> AppSyncTransport:
    return AppSyncTransport(server.url, auth=store, **more)


def test_the_aiohttp_that_is_known_is_the_one_that_was_tried() -> None:
    assert (aiohttp.__version__.split(".")[:2] == ["3", "14"]) == express.KNOWN


@pytest.mark.parametrize("request_", [QUERY, WITH_VARIABLES], ids=["document", "variables"])
async def test_a_request_is_the_same_as_aiohttps_own(
    store: TokenStore, request_: GraphQLRequest
) -> None:
    async with raw_server() as server:
        for keep_open in (True, False):  # plain, and by ClientSession's own post
            async with Client(transport=transport(server, store, keep_open=keep_open)) as session:
                await session.execute(request_)
        plain, own = (sorted(head.split(b"\r\n")) for head in server.heads)
        assert plain == own
        assert server.bodies[0] == server.bodies[1]


async def test_a_cookie_of_the_servers_comes_back_with_the_next_request(
    store: TokenStore,
) -> None:
    async with raw_server() as server:
        # aiohttp keeps no cookies of bare addresses.
        server.url = server.url.replace("127.0.0.1", "localhost")
        async with Client(transport=transport(server, store)) as session:
            await session.execute(QUERY)
            server.more = b"set-cookie: a=1\r\n"
            if express.KNOWN:  # an older aiohttp keeps only one of a name
                server.more += b"set-cookie: a=2; path=/elsewhere\r\n"
            await session.execute(QUERY)
            await session.execute(QUERY)
        assert [b"Cookie: a=1" in head for head in server.heads] == [False, False, True]


async def test_what_is_added_to_a_living_session_counts_at_once_and_ends_with_it(
    store: TokenStore,
) -> None:
    async with raw_server() as server:
        client = Client(transport=transport(server, store))
        async with client as session:
            await session.execute(QUERY)
            session.transport.session.headers["X-Added"] = "later"
            await session.execute(QUERY)
        async with client as another:
            await another.execute(QUERY)
        assert [b"X-Added: later" in head for head in server.heads] == [False, True, False]


@pytest.mark.parametrize("name", ["post", "_request"])
@pytest.mark.parametrize("on_instance", [False, True])
async def test_who_takes_the_place_of_aiohttps_own_function_sees_every_request(
    store: TokenStore, monkeypatch: pytest.MonkeyPatch, name: str, *, on_instance: bool
) -> None:
    """As libraries do that record requests, or answer them in tests."""
    seen: list[str] = []
    own = getattr(aiohttp.ClientSession, name)

    async with raw_server() as server, Client(transport=transport(server, store)) as session:
        await session.execute(QUERY)
        living = session.transport.session

        def recording(*args: Any, **more: Any) -> Any:
            seen.append(name)
            return own(living, *args, **more)

        def method(_self: object, *args: Any, **more: Any) -> Any:
            return recording(*args, **more)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # aiohttp minds being set upon
            if on_instance:
                monkeypatch.setattr(living, name, recording, raising=False)
            else:
                monkeypatch.setattr(aiohttp.ClientSession, name, method)
        await session.execute(QUERY)
        assert seen == [name]


@pytest.mark.parametrize("ssl", ["/etc/ssl/ca.pem", 1, 0, ("cert", "key")])
async def test_an_ssl_that_is_none_is_refused_before_anything_is_sent(
    store: TokenStore, ssl: Any
) -> None:
    with pytest.raises(ConfigurationError, match="SSLContext"):
        AppSyncTransport("https://example.test/graphql", auth=store, ssl=ssl)
    async with raw_server() as server:
        mine = transport(server, store)
        mine.ssl = ssl
        async with Client(transport=mine) as session:
            with pytest.raises(TransportError):
                await session.execute(QUERY)
        assert not server.heads


async def test_headers_may_be_any_mapping() -> None:
    class Mine:
        def headers_nowait(self) -> Mapping[str, str]:
            return MappingProxyType({"Authorization": "mine"})

        async def headers(self) -> Mapping[str, str]:
            return self.headers_nowait()

        async def renew(
            self, rejected: Mapping[str, str] | None = None, *, denied: bool = False
        ) -> Mapping[str, str]:
            raise NotImplementedError

        def answered(self, date: str | None, took: float) -> None:
            pass

        def replayed(self, reason: str) -> None:
            pass

    async with raw_server() as server:
        async with Client(transport=AppSyncTransport(server.url, auth=Mine())) as session:
            assert await session.execute(gql("mutation { a }")) == {"a": 1}
        assert b"Authorization: mine" in server.heads[0]


async def test_a_url_that_is_changed_later_is_left_to_aiohttp(store: TokenStore) -> None:
    async with raw_server() as server:
        mine = transport(server, store)
        async with Client(transport=mine) as session:
            mine.url = "ftp://127.0.0.1/graphql"
            with pytest.raises(TransportConnectionFailed):
                await session.execute(gql("mutation { a }"))


async def test_a_session_that_was_closed_under_it_is_told(store: TokenStore) -> None:
    async with raw_server() as server, Client(transport=transport(server, store)) as session:
        await session.transport.session.connector.close()
        with pytest.raises(TransportClosed):
            await session.execute(gql("mutation { a }"))


async def test_a_compressed_answer_is_read(store: TokenStore) -> None:
    async with raw_server() as server, Client(transport=transport(server, store)) as session:
        server.answer = zlib.compress(server.answer)
        server.more = b"content-encoding: deflate\r\n"
        assert await session.execute(QUERY) == {"a": 1}


async def test_a_request_that_is_cancelled_leaves_its_connection_to_nobody(
    store: TokenStore,
) -> None:
    async with raw_server() as server, Client(transport=transport(server, store)) as session:
        server.silent = True
        task = asyncio.ensure_future(session.execute(QUERY))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.empty()
        server.silent = False
        assert await session.execute(QUERY) == {"a": 1}
        assert server.opened == 2


async def test_where_nobody_listens_the_request_was_not_sent(store: TokenStore) -> None:
    async with raw_server() as server:
        mine = transport(server, store)
    async with Client(transport=mine) as session:
        with pytest.raises(TransportConnectionFailed, match="Cannot connect"):
            await session.execute(gql("mutation { a }"))


async def test_a_connection_that_breaks_before_the_answer_is_told_as_aiohttp_tells_it(
    store: TokenStore,
) -> None:
    async with raw_server() as server, Client(transport=transport(server, store)) as session:
        server.silent = True
        task = asyncio.ensure_future(session.execute(QUERY))
        await server.asked.wait()
        for writer in list(server.writers):
            writer.close()
        with pytest.raises(TransportConnectionFailed) as caught:
            await task
        assert isinstance(caught.value.__cause__, aiohttp.ServerDisconnectedError)
