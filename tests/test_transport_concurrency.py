"""One client in many tasks, batches and gql's reconnecting session."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gql import Client, FileVar, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportAlreadyConnected, TransportClosed
from typing_extensions import Self

from appsync_gql import AppSyncTransport, ConnectionFailed, OutcomeUnknown, TokenStore
from support.http import MUTATION, QUERY, FixedAuth, client, numbered
from support.raw_server import RawServer, raw_server


async def test_fifty_tasks_share_a_client_without_a_session() -> None:
    async with raw_server() as server:
        shared = client(server.url)
        found = await asyncio.gather(
            *(shared.execute_async(numbered(QUERY, number)) for number in range(50))
        )
        assert found == [{"a": 1}] * 50
        assert sorted(one["variables"]["a"] for one in server.documents) == list(range(50))


async def test_a_session_that_ends_leaves_another_tasks_session_open() -> None:
    async with raw_server() as server:
        shared = client(server.url).transport
        assert isinstance(shared, AppSyncTransport)
        await shared.connect()
        await shared.connect()
        await shared.close()
        assert (await shared.execute(QUERY)).data == {"a": 1}
        await shared.close()
        with pytest.raises(TransportClosed):
            await shared.execute(QUERY)


async def test_without_auth_connecting_twice_is_an_error_as_in_gql() -> None:
    async with raw_server() as server:
        transport = AppSyncTransport(server.url)
        await transport.connect()
        with pytest.raises(TransportAlreadyConnected):
            await transport.connect()
        assert (await transport.execute(QUERY)).data == {"a": 1}
        await transport.close()
        await transport.connect()
        await transport.close()


def test_the_session_is_found_from_outside_of_the_loop() -> None:
    loop = asyncio.new_event_loop()
    transport = AppSyncTransport("http://localhost/")
    assert transport.session is None
    loop.run_until_complete(transport.connect())
    assert transport.session is not None
    loop.run_until_complete(transport.close())
    assert transport.session is None
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


async def test_a_closed_transport_sends_nothing() -> None:
    async with raw_server() as server:
        mine = client(server.url)
        async with mine as session:
            await session.execute(QUERY)
        with pytest.raises(TransportClosed):
            await session.execute(QUERY)
        assert len(server.bodies) == 1


async def test_a_connector_of_the_callers_own_is_left_to_the_caller() -> None:
    for owned in (True, False):
        async with raw_server() as server, aiohttp.TCPConnector() as connector:
            arguments = {"connector": connector, "connector_owner": owned}
            await client(server.url, client_session_args=arguments).execute_async(QUERY)
            assert connector.closed is owned, "as gql does"


async def test_a_request_that_outlives_its_session_still_ends() -> None:
    async with raw_server(silent=True) as server:
        transport = client(server.url, timeout=1).transport
        assert isinstance(transport, AppSyncTransport)
        transport.timeout = 0.1  # type: ignore[assignment] # aiohttp takes fractions
        await transport.connect()
        task = asyncio.ensure_future(transport.execute(QUERY))
        await server.requested.wait()
        await transport.close()
        with pytest.raises(ConnectionFailed, match="TimeoutError"):
            await task


async def test_another_authorization_may_be_passed_for_one_request() -> None:
    async with raw_server() as server, client(server.url) as session:
        extra_args = {"auth": FixedAuth("other"), "headers": {"x-trace": "t"}}
        before = dict(extra_args)
        await session.execute(QUERY, extra_args=extra_args)
        assert (server.header("authorization"), server.header("x-trace")) == ("other-0", "t")
        assert extra_args == before
        server.status, server.answer = "401 Unauthorized", b'{"errors":[]}'
        with pytest.raises(Exception, match="refused"):
            await session.execute(QUERY, extra_args=extra_args)
        assert server.header("authorization") == "other-1", "it is renewed by itself"


async def test_an_authorization_for_one_request_works_on_a_transport_without_one() -> None:
    async with raw_server() as server, Client(transport=AppSyncTransport(server.url)) as session:
        await session.execute(QUERY, extra_args={"auth": FixedAuth("other")})
        assert server.header("authorization") == "other-0"
        await session.execute(QUERY)
        assert server.header("authorization") is None


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated")
async def test_basic_auth_for_one_request_takes_the_tokens_place() -> None:
    async with raw_server() as server, client(server.url) as session:
        basic = aiohttp.BasicAuth("user", "password")
        await session.execute(QUERY, extra_args={"auth": basic})
        assert server.header("authorization") == basic.encode()


async def test_uploads_at_the_same_time_close_their_own_files(tmp_path: Path) -> None:
    upload = gql("mutation ($file: Upload!) { upload(file: $file) }").document
    files = []
    for name in "abc":
        (tmp_path / name).write_text(f"the text of {name}")
        files.append(FileVar(str(tmp_path / name)))
    async with raw_server() as server, client(server.url) as session:
        requests = [GraphQLRequest(upload, variable_values={"file": file}) for file in files]
        await asyncio.gather(*(session.execute(one, upload_files=True) for one in requests))
        assert not any(file._file_opened for file in files)
        for name in "abc":
            text = f"the text of {name}".encode()
            assert len([body for body in server.bodies if text in body]) == 1


# -- gql's reconnecting session --------------------------------------------------------------


@asynccontextmanager
async def reconnecting(server: RawServer, **more: Any) -> AsyncIterator[Any]:
    mine = client(server.url)
    for name, value in more.items():
        setattr(mine, name, value)
    session = await mine.connect_async(reconnecting=True)  # type: ignore[no-untyped-call]
    try:
        yield session
    finally:
        await mine.close_async()  # type: ignore[no-untyped-call]


@pytest.mark.slow
async def test_a_mutation_that_timed_out_is_not_sent_again_by_the_reconnecting_session() -> None:
    async with raw_server(silent=True) as server, reconnecting(server, execute_timeout=0.1) as one:
        with pytest.raises(OutcomeUnknown, match="send it again yourself"):
            await one.execute(MUTATION)
        assert len(server.bodies) == 1
        server.silent = False
        assert await one.execute(MUTATION) == {"a": 1}


async def test_an_equal_mutation_of_another_task_is_sent() -> None:
    async with raw_server(silent=True) as server, reconnecting(server) as one:
        first = asyncio.ensure_future(one.execute(MUTATION))
        await server.requested.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        server.silent = False
        assert await asyncio.ensure_future(one.execute(MUTATION)) == {"a": 1}


@pytest.mark.parametrize("fault", ["close", "reset", "cut"])
async def test_a_mutation_whose_response_was_lost_is_not_sent_again(fault: Any) -> None:
    async with raw_server() as server, reconnecting(server) as one:
        server.faults.append(fault)
        with pytest.raises(OutcomeUnknown):
            await one.execute(MUTATION)
        assert len(server.bodies) == 1


async def test_a_lost_request_leaves_the_others_of_a_reconnecting_session_alone() -> None:
    async with raw_server(silent=True) as server, reconnecting(server) as one:
        waiting = asyncio.ensure_future(one.execute(MUTATION))
        await server.requested.wait()
        (held,) = server.writers
        server.silent = False
        server.faults.append("close")
        with pytest.raises(OutcomeUnknown):
            await one.execute(MUTATION)
        await asyncio.sleep(0.02)  # it connects again meanwhile
        await server._respond(held)
        assert await waiting == {"a": 1}


@pytest.mark.parametrize("position", [0, 1])
async def test_a_batch_with_a_mutation_whose_response_was_lost_is_not_sent_again(
    position: int,
) -> None:
    async with raw_server() as server:
        server.faults.extend(["close"] * 2)
        more = {"batch_interval": 0.005, "batch_max": 2}
        async with reconnecting(server, **more) as one:
            requests: list[GraphQLRequest] = [QUERY, QUERY]
            requests[position] = MUTATION
            await asyncio.gather(*map(one.execute, requests), return_exceptions=True)
        assert len([body for body in server.bodies if b"mutation" in body]) == 1


# -- what a request costs, counted without a clock ----------------------------------------------


class Calls:
    """Counts the calls of functions while it is entered.

    Attributes:
        count: how many there were, of Python and of C functions.
    """

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        gc.disable()
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        gc.enable()

    def _note(self, _frame: object, event: str, _arg: object) -> None:
        self.count += event in {"call", "c_call"}


async def calls_of(transport: Any, times: int = 100) -> float:
    """Return how many calls a query takes in gql's session."""
    async with Client(transport=transport) as session:
        for _ in range(10):
            await session.execute(QUERY)
        with Calls() as calls:
            for _ in range(times):
                await session.execute(QUERY)
    return calls.count / times


async def test_a_query_takes_little_more_than_half_the_calls_of_gqls_own_transport(
    store: TokenStore,
) -> None:
    async with raw_server() as server:
        mine = await calls_of(AppSyncTransport(server.url, auth=store))
        theirs = await calls_of(AIOHTTPTransport(server.url))
    # Most of gql's calls print the document, which is a small one here.
    assert mine < theirs * 0.6, (mine, theirs)


@pytest.mark.slow
async def test_a_query_leaves_nothing_for_the_garbage_collector() -> None:
    async with raw_server() as server, client(server.url) as session:
        for _ in range(20):
            await session.execute(QUERY)
        gc.collect()
        gc.disable()
        try:
            for _ in range(200):
                await session.execute(QUERY)
            found = gc.collect()
        finally:
            gc.enable()
        # The server's side is counted too; a printed document alone would be hundreds a query.
        assert found < 200 * 20


@pytest.mark.slow
async def test_a_thousand_queries_leave_no_memory_behind() -> None:
    async with raw_server() as server, client(server.url) as session:
        for _ in range(100):
            await session.execute(QUERY)
        server.forget()
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(1000):
            await session.execute(QUERY)
            server.forget()
        gc.collect()
        assert sys.getallocatedblocks() - before < 500
