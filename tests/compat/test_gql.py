"""Fails when an undocumented part of gql changes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gql import Client, FileVar, GraphQLRequest, gql
from gql.transport import AsyncTransport
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from graphql import ExecutionResult, build_schema

from appsync_gql import Gap
from appsync_gql.compat import gql as compat
from appsync_gql.compat.gql import (
    UnparsedResult,
    in_reconnecting_session,
    post_arguments,
    printed_request,
    wait_until_closed,
)
from appsync_gql.http.request_body import text_of
from support.http import MUTATION, QUERY
from support.idle_connection import Connected
from support.raw_server import raw_server

SOURCE = "query Q($a: Int) { a(b: $a) { c } }"

# -- the payload of a request


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


# -- the arguments of a post


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


# -- the reconnecting session


def test_gqls_reconnecting_session_has_a_connection_task() -> None:
    assert compat._RECONNECTING is not None


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


# -- closing a session


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


# -- results of subscriptions


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
