"""What relies on undocumented parts of gql, aiohttp and asyncio: fails when one changes."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import socket
import sys
import weakref
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gql import Client, FileVar, GraphQLRequest, gql
from gql.transport import AsyncTransport
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from graphql import ExecutionResult, build_schema
from typing_extensions import Self

from appsync_gql import Gap, compat
from appsync_gql.compat import (
    UnparsedResult,
    abort_idle,
    close_connections,
    detach_connections,
    detach_loop,
    in_reconnecting_session,
    keep_for_ever,
    post_arguments,
    printed_request,
    replace_inherited_loop,
    wait_until_closed,
)
from appsync_gql.http.request_body import text_of
from support.certificate import make_certificate, server_context, trusting
from support.http import MUTATION, QUERY
from support.raw_server import RawServer, raw_server

SOURCE = "query Q($a: Int) { a(b: $a) { c } }"
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has epoll")

# -- gql: the payload of a request ------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        GraphQLRequest(SOURCE),
        GraphQLRequest(SOURCE, variable_values={"a": 1}, operation_name="Q"),
        GraphQLRequest(SOURCE, variable_values={}),
    ],
)
def test_the_payload_of_a_printed_request_is_gqls_own(request_: GraphQLRequest) -> None:
    assert printed_request(request_, text_of).payload == request_.payload


def test_extensions_are_in_the_payload_where_gql_has_them() -> None:
    request = GraphQLRequest(SOURCE)
    if hasattr(request, "extensions"):
        request.extensions = {"e": 1}
    assert printed_request(request, text_of).payload == request.payload


async def test_gqls_transport_sends_the_text_from_the_cache() -> None:
    request = printed_request(QUERY, lambda _document: "{ cached }")
    async with raw_server() as server:
        transport = AIOHTTPTransport(server.url)
        await transport.connect()
        await transport.execute(request)
        await transport.close()
        assert server.documents == [{"query": "{ cached }"}]


def test_a_request_of_a_subclass_keeps_its_own_payload() -> None:
    class Signed(GraphQLRequest):
        @property
        def payload(self) -> dict[str, object]:
            return {"query": "{ signed }"}

    request = Signed("{ a }")
    assert printed_request(request, text_of) is request


# -- gql: the arguments of a post ---------------------------------------------------------


def test_gql_prepares_the_arguments_of_a_post() -> None:
    transport = AIOHTTPTransport("http://localhost/")
    arguments = post_arguments(transport, QUERY, {"proxy": "p"}, upload_files=False)
    assert arguments == {"json": QUERY.payload, "proxy": "p"}


def test_gql_prepares_a_multipart_body_and_notes_its_files() -> None:
    transport = AIOHTTPTransport("http://localhost/")
    request = GraphQLRequest(MUTATION.document, variable_values={"a": FileVar(__file__)})
    arguments = post_arguments(transport, request, None, upload_files=True)
    assert arguments["data"].is_multipart
    for file in transport.files.values():
        file.close_file()
    assert len(transport.files) == 1


# -- gql: the reconnecting session ----------------------------------------------------------


async def test_the_connection_task_of_a_reconnecting_session_is_recognised() -> None:
    seen: list[tuple[str, bool]] = []

    class Noting(AIOHTTPTransport):
        async def connect(self) -> None:
            seen.append(("connect", in_reconnecting_session()))
            await super().connect()

        async def execute(self, *arguments: Any, **more: Any) -> Any:
            seen.append(("execute", in_reconnecting_session()))
            return await super().execute(*arguments, **more)

        async def close(self) -> None:
            seen.append(("close", in_reconnecting_session()))
            await super().close()

    async with raw_server() as server:
        client = Client(transport=Noting(server.url))
        session = await client.connect_async(reconnecting=True)  # type: ignore[no-untyped-call]
        await session.execute(QUERY)
        session._reconnect_request_event.set()
        for _ in range(10):
            await asyncio.sleep(0)
        await client.close_async()  # type: ignore[no-untyped-call]
    assert seen == [
        ("connect", True),
        ("execute", False),
        ("close", True),
        ("connect", True),
        ("close", False),
    ]


async def test_gqls_reconnecting_session_repeats_in_the_same_task_and_after_any_error() -> None:
    """So the repetitions of a mutation can be recognised; a TransportQueryError ends them."""
    tasks: list[object] = []

    class Failing(AIOHTTPTransport):
        async def execute(self, *_: Any, **__: Any) -> Any:
            tasks.append(asyncio.current_task())
            raise TransportQueryError("end") if len(tasks) == 2 else ValueError

    client = Client(transport=Failing("http://localhost/"))
    session = await client.connect_async(reconnecting=True)  # type: ignore[no-untyped-call]
    with pytest.raises(TransportQueryError):
        await session.execute(MUTATION)
    await client.close_async()  # type: ignore[no-untyped-call]
    assert tasks == [asyncio.current_task()] * 2


def test_another_task_is_no_reconnecting_session() -> None:
    async def main() -> bool:
        return in_reconnecting_session()

    assert asyncio.run(main()) is False


# -- connections ------------------------------------------------------------------------------


class Connected:
    """An aiohttp session with an idle connection to a server.

    Attributes:
        session: the session.
        connector: its connector.
        server: the server.
        url: its URL.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder, self.server = folder, RawServer()

    async def __aenter__(self) -> Self:
        tls = ssl = None
        if self._folder is not None:
            path = make_certificate(self._folder / "server.pem")
            tls, ssl = server_context(path), trusting(path)
        self._listener = await asyncio.start_server(self.server.serve, "127.0.0.1", 0, ssl=tls)
        port = self._listener.sockets[0].getsockname()[1]
        self.connector = aiohttp.TCPConnector(ssl=True if ssl is None else ssl)
        self.session = aiohttp.ClientSession(connector=self.connector)
        self.url = url = f"http{'s' if tls else ''}://127.0.0.1:{port}/"
        async with self.session.post(url, data=b"{}") as response:
            await response.read()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        self._listener.close()
        await self.server.close_connections()

    @property
    def transports(self) -> list[Any]:
        """The transports of the idle connections."""
        found = [entry for entries in self.connector._conns.values() for entry in entries]
        return [entry[0].transport for entry in found]


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path if request.param else None


async def test_closing_a_session_waits_until_its_connections_are_closed(
    folder: Path | None,
) -> None:
    async with Connected(folder) as connected:
        transports = connected.transports
        assert len(transports) == 1
        await wait_until_closed(connected.session, 5.0)
        assert all(transport.is_closing() for transport in transports)
        assert connected.connector.closed


async def test_a_session_that_does_not_own_its_connector_is_not_waited_for(tmp_path: Path) -> None:
    async with Connected(tmp_path) as connected:
        other = aiohttp.ClientSession(connector=connected.connector, connector_owner=False)
        started = asyncio.get_running_loop().time()
        await wait_until_closed(other, 5.0)
        assert asyncio.get_running_loop().time() - started < 2
        assert not connected.connector.closed


async def test_a_connection_is_closed_at_once_and_its_descriptor_is_free(
    folder: Path | None,
) -> None:
    async with Connected(folder) as connected:
        (transport,) = connected.transports
        found = transport.get_extra_info("socket")
        descriptor = found.fileno()
        close_connections(connected.connector)
        assert found.fileno() == -1
        assert transport.is_closing()
        assert (connected.transports, connected.connector._acquired) == ([], set())
        await connected.server.wait_until_empty()
        pair = socket.socketpair()  # which takes the same descriptor
        assert descriptor in {end.fileno() for end in pair}
        loop = asyncio.get_running_loop()
        for end in pair:
            loop.add_reader(end, int)
            loop.remove_reader(end)
            end.close()


async def test_idle_connections_are_given_up_and_those_in_use_stay(folder: Path | None) -> None:
    async with Connected(folder) as connected:
        (idle,) = connected.transports
        abort_idle(connected.connector)
        assert idle.is_closing()
        assert connected.transports == []
        await connected.server.wait_until_empty()
        connected.server.silent = True
        connected.server.requested.clear()
        waiting = asyncio.ensure_future(connected.session.post(connected.url, data=b"{}"))
        await connected.server.requested.wait()
        abort_idle(connected.connector)
        await asyncio.sleep(0.01)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_request_under_way_fails_when_its_connection_is_closed() -> None:
    async with Connected(None) as connected:
        connected.server.silent = True
        port = connected._listener.sockets[0].getsockname()[1]

        async def post() -> None:
            await connected.session.post(f"http://127.0.0.1:{port}/", data=b"{}")

        connected.server.requested.clear()
        task = asyncio.ensure_future(post())
        await connected.server.requested.wait()
        close_connections(connected.connector)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await task


class Writing(asyncio.Transport):
    """A transport of another loop, which writes to its socket when it is aborted."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__({"socket": end})
        self._end = end

    def abort(self) -> None:
        os.write(self._end.fileno(), b"the end of TLS")


async def test_a_detached_connection_sends_nothing() -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    parents = ours.dup()  # as the parent process has it
    protocol = type("Protocol", (), {"transport": Writing(ours)})()
    connector = type("Connector", (), {"_conns": {}, "_acquired": {protocol}})()
    detach_connections(connector)
    with pytest.raises(BlockingIOError):
        theirs.recv(99)
    assert connector._acquired == set()
    for end in (ours, theirs, parents):
        end.close()


async def test_a_detached_connection_stays_open_for_the_parent(folder: Path | None) -> None:
    async with Connected(folder) as connected:
        (transport,) = connected.transports
        parents = transport.get_extra_info("socket").dup()
        detach_connections(connected.connector)
        await asyncio.sleep(0.02)
        assert len(connected.server.writers) == 1
        parents.close()


# -- loops --------------------------------------------------------------------------------------


@linux
def test_a_detached_loop_has_a_selector_and_a_wake_up_of_its_own() -> None:
    loop = asyncio.new_event_loop()
    internals: Any = loop
    parents = [internals._ssock.dup(), internals._csock.dup()]
    selector = os.dup(internals._selector.fileno())
    identities = [os.fstat(end.fileno()).st_ino for end in parents]
    detach_loop(loop)
    own = (internals._ssock, internals._csock)
    assert not {os.fstat(end.fileno()).st_ino for end in own} & set(identities)
    # A thread wakes it.
    woken = loop.run_in_executor(None, int)
    assert loop.run_until_complete(asyncio.wait_for(woken, 5)) == 0
    # The parent's wake-up was left alone, and the parent's selector still watches it.
    parents[1].send(b"\0")
    watched = select.epoll.fromfd(selector)
    assert [event for _, event in watched.poll(1)] == [select.EPOLLIN]
    assert parents[0].recv(9) == b"\0"
    watched.close()
    for end in parents:
        end.close()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_a_closed_loop_and_a_loop_of_another_kind_are_left_alone() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    detach_loop(loop)
    detach_loop(type("Loop", (), {})())


def test_asyncio_and_aiohttp_have_what_a_fork_needs() -> None:
    assert isinstance(compat._SELECTOR_TRANSPORT, type)
    assert compat._RECONNECTING is not None


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python does it by itself from 3.12 on")
def test_an_inherited_current_loop_is_replaced() -> None:
    inherited, other = asyncio.new_event_loop(), asyncio.new_event_loop()
    asyncio.set_event_loop(inherited)
    try:
        replace_inherited_loop({other})
        assert asyncio.get_event_loop_policy().get_event_loop() is inherited
        replace_inherited_loop({inherited, other})
        fresh = asyncio.get_event_loop_policy().get_event_loop()
        assert fresh not in {inherited, other}
        fresh.close()
    finally:
        asyncio.set_event_loop(None)
        inherited.close()
        other.close()


# -- real-time ---------------------------------------------------------------------------


class OneResult(AsyncTransport):
    """A transport whose subscriptions bring one result."""

    def __init__(self, result: ExecutionResult) -> None:
        self.result = result

    async def connect(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def execute(self, *_args: object, **_options: object) -> ExecutionResult:
        return self.result

    async def subscribe(self, *_args: object, **_options: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
        yield self.result


async def result_of(result: ExecutionResult) -> object:
    schema = build_schema("type Query { x: ID } type Subscription { x: ID }")
    client = Client(transport=OneResult(result), schema=schema, parse_results=True)
    async with client as session:
        async for data in session.subscribe(gql("subscription { x }")):
            return data
    raise AssertionError


async def test_gql_leaves_the_data_of_an_unparsed_result_as_it_is() -> None:
    gap = Gap("lost")
    assert await result_of(UnparsedResult(gap)) is gap


async def test_gql_still_replaces_the_data_of_other_results() -> None:
    """If this fails, ``UnparsedResult`` is not needed any more."""
    assert not isinstance(await result_of(ExecutionResult(Gap("lost"))), Gap)


def test_what_is_kept_for_ever_is_not_collected() -> None:
    class Thing:
        other: Thing

    thing, other = Thing(), Thing()
    thing.other = other
    kept, collected = weakref.ref(other), weakref.ref(extra := Thing())
    keep_for_ever(thing)
    del thing, other, extra
    gc.collect()
    assert kept() is not None
    assert collected() is None


def test_a_connection_of_aiohttp_still_closes_itself_when_it_is_collected() -> None:
    """If this fails, ``keep_for_ever`` may not be needed any more."""
    assert hasattr(aiohttp.connector.Connection, "__del__")
