"""Subscriptions as gql sees them: arguments, results, sharing and closing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication, AppSyncJWTAuthentication
from gql.transport.exceptions import TransportClosed
from graphql import build_schema

from appsync_gql import (
    AppSyncTransport,
    BadRequest,
    CognitoProvider,
    ConfigurationError,
    Gap,
    RealtimeSettings,
    TokenStore,
)
from appsync_gql.testing import Emulator
from support.realtime import (
    CREATED,
    Consumer,
    Reported,
    Server,
    User,
    connected,
    connected_by_key,
    name_of,
    next_result,
    our_tasks,
    publish,
    subscribed,
    wait_until,
)


async def test_one_transport_does_queries_mutations_and_subscriptions(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator) as (results, first),
    ):
        text = 'mutation { createItem(key: "k", name: "tea") { id name } }'
        await session.execute(gql(text))
        assert await first == {"onCreateItem": {"id": "k", "name": "tea"}}
        publish(emulator, "cake")
        assert name_of(await next_result(results)) == "cake"


async def test_many_subscriptions_share_one_socket_which_goes_with_the_last(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        async with subscribed(session, emulator) as (_, one):
            async with subscribed(session, emulator) as (_, other):
                assert emulator.realtime.connections == 1
                publish(emulator, "tea")
                assert [name_of(await f) for f in (one, other)] == ["tea", "tea"]
            await wait_until(lambda: emulator.realtime.registrations == 1)
            assert emulator.realtime.connections == 1
        await wait_until(lambda: emulator.realtime.connections == 0)


async def test_variables_filter_events(emulator: Emulator, settings: RealtimeSettings) -> None:
    document = gql("subscription ($n: String) { onCreateItem(name: $n) { id name } }")
    document.variable_values = {"n": "tea"}
    async with connected(emulator, settings) as session:
        results = session.subscribe(document)
        first = asyncio.ensure_future(next_result(results))
        await wait_until(lambda: emulator.realtime.registrations)
        publish(emulator, "cake", "tea")
        assert name_of(await first) == "tea"
        await results.aclose()


async def test_the_token_is_not_in_the_url_unless_asked_for(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    for way in ("subprotocol", "query"):
        async with (
            connected(emulator, settings, realtime_auth=way) as session,
            subscribed(session, emulator) as (_, first),
        ):
            publish(emulator, "tea")
            assert name_of(await first) == "tea"


async def test_on_gap_is_called_before_later_events(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    seen: list[str] = []

    async def catch_up(gap: Gap) -> None:
        await asyncio.sleep(0)
        seen.append(f"gap: {gap.reason}")

    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, on_gap=catch_up) as (results, first),
    ):
        publish(emulator, "before")
        seen.append(name_of(await first))
        emulator.realtime.drop_sockets()
        await wait_until(lambda: not emulator.realtime.registrations)
        await wait_until(lambda: emulator.realtime.registrations)
        publish(emulator, "after")
        seen.append(name_of(await next_result(results)))
    assert seen[0] == "before"
    assert seen[1].startswith("gap: ")
    assert seen[2] == "after"


async def test_a_gap_stays_one_where_gqls_client_parses_results(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        session.client.schema = build_schema(
            "type Query { x: ID } type Subscription { onCreateItem: Item } "
            "type Item { id: ID name: String }"
        )
        async with subscribed(session, emulator, gaps=True, parse_result=True) as (results, first):
            publish(emulator, "before")
            assert name_of(await first) == "before"
            emulator.realtime.drop_sockets()
            assert isinstance(await next_result(results), Gap)


async def test_a_break_out_of_the_loop_unsubscribes(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:

        async def only_one() -> None:
            async for _ in session.subscribe(CREATED):
                break

        consumer = asyncio.ensure_future(only_one())
        await wait_until(lambda: emulator.realtime.registrations)
        publish(emulator, "tea")
        await consumer
        await wait_until(lambda: not emulator.realtime.connections)
        assert not emulator.realtime.registrations


async def test_subscriptions_of_several_authorization_modes_share_one_socket(
    settings: RealtimeSettings,
) -> None:
    async with (
        Emulator(api_keys=["da2-example"]) as emulator,
        connected(emulator, settings) as session,
    ):
        key = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-example")
        async with (
            subscribed(session, emulator) as (_, mine),
            subscribed(session, emulator, auth=key) as (_, connected_by_key),
        ):
            assert emulator.realtime.connections == 1
            publish(emulator, "tea")
            assert [name_of(await f) for f in (mine, connected_by_key)] == ["tea", "tea"]


async def test_in_a_reconnecting_session_of_gql_the_transport_reconnects(
    emulator: Emulator, settings: RealtimeSettings, reported: Reported
) -> None:
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    store = TokenStore(provider, tokens=emulator.issue_tokens())
    transport = AppSyncTransport(
        emulator.graphql_url, auth=store, realtime=settings, on_event=reported
    )
    client = Client(transport=transport)
    session = await client.connect_async(reconnecting=True)  # type: ignore[no-untyped-call]
    try:
        async with subscribed(session, emulator, gaps=True) as (results, first):
            publish(emulator, "before")
            await first
            emulator.realtime.drop_sockets()
            assert isinstance(await next_result(results), Gap)
            publish(emulator, "after")
            assert name_of(await next_result(results)) == "after"
            assert emulator.counters["realtime.connections"] == 2
    finally:
        await client.close_async()  # type: ignore[no-untyped-call]
        await store.aclose()


@pytest.mark.slow
async def test_a_failed_request_ends_no_subscription_of_a_reconnecting_session(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    store = TokenStore(provider, tokens=emulator.issue_tokens())
    transport = AppSyncTransport(emulator.graphql_url, auth=store, realtime=settings)
    client = Client(transport=transport)
    session = await client.connect_async(reconnecting=True)  # type: ignore[no-untyped-call]
    try:
        async with subscribed(session, emulator, gaps=True) as (results, first):
            publish(emulator, "before")
            await first
            emulator.faults.drop(1)
            assert await session.execute(gql("{ me { username } }"))
            publish(emulator, "after")
            assert name_of(await next_result(results)) == "after", "and there is no gap"
            assert emulator.counters["realtime.connections"] == 1
    finally:
        await client.close_async()  # type: ignore[no-untyped-call]
        await store.aclose()
    assert not our_tasks()


async def test_the_very_text_that_is_sent_is_what_is_signed(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    """As IAM authorization needs it."""
    signed: list[str | None] = []

    class Signing(AppSyncJWTAuthentication):
        def get_headers(
            self, data: str | None = None, headers: dict[str, Any] | None = None
        ) -> dict[str, Any]:
            signed.append(data)
            return dict(super().get_headers(data, headers))

    auth = Signing(host="127.0.0.1", jwt=str(emulator.issue_tokens().access_token))
    transport = AppSyncTransport(emulator.graphql_url, auth=auth, realtime=settings)
    async with (
        Client(transport=transport) as session,
        subscribed(session, emulator) as (_, first),
    ):
        publish(emulator, "tea")
        await first
    handshake, start = signed
    assert handshake is None
    assert start is not None
    assert json.loads(start)["query"].startswith("subscription")


@pytest.mark.parametrize("operation", ["mutation { write }", "query { read }", "{ read }"])
async def test_what_is_no_subscription_is_refused_before_anything_is_sent(
    server: Server, settings: RealtimeSettings, operation: str
) -> None:
    """A mutation would be carried out at each attempt to subscribe."""
    async with connected_by_key(server, settings) as session:
        with pytest.raises(BadRequest, match="not sent"):
            await next_result(session.subscribe(gql(operation)))
    assert not server.sockets


async def test_of_several_operations_one_must_be_named(
    server: Server, settings: RealtimeSettings
) -> None:
    document = gql("mutation M { write } subscription S { onCreateItem { id name } }")
    async with connected_by_key(server, settings) as session:
        with pytest.raises(BadRequest, match="operation_name"):
            await next_result(session.subscribe(document))
        document.operation_name = "M"
        with pytest.raises(BadRequest, match="mutation"):
            await next_result(session.subscribe(document))
        document.operation_name = "S"
        results = session.subscribe(document)
        first = asyncio.ensure_future(next_result(results))
        await wait_until(lambda: server.registered)
        await server.send("tea")
        assert name_of(await first) == "tea"
        await results.aclose()


@pytest.mark.parametrize(
    "options",
    [
        {"buffer": 0},
        {"buffer": "9"},
        {"buffer": 1.5},
        {"buffer": None},
        {"on_full": "explode"},
        {"on_gap": "print"},
        {"auth": TokenStore},
    ],
)
async def test_arguments_that_can_not_be_used_are_refused(
    server: Server, settings: RealtimeSettings, options: dict[str, Any]
) -> None:
    async with connected_by_key(server, settings) as session:
        with pytest.raises(ConfigurationError):
            await next_result(session.subscribe(CREATED, **options))


async def test_results_with_errors_are_results(server: Server, settings: RealtimeSettings) -> None:
    transport = AppSyncTransport(server.url, auth=User(), realtime=settings)
    async with Client(transport=transport):
        results = transport.subscribe(CREATED)
        first = asyncio.ensure_future(anext(results))
        await wait_until(lambda: server.registered)
        socket, id_ = server.registered[0]
        payload = {"data": None, "errors": [{"message": "No"}], "extensions": {"a": 1}}
        await socket.send_json({"type": "data", "id": id_, "payload": payload})
        result = await first
        assert (result.data, result.extensions) == (None, {"a": 1})
        errors: Any = result.errors
        assert errors == [{"message": "No"}]
        await results.aclose()


async def test_the_authorization_of_one_subscription_may_differ_from_the_transports(
    server: Server, settings: RealtimeSettings
) -> None:
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session, auth=User("ada"))
        await wait_until(lambda: server.registered)
        host = server.url.split("/")[2]
        assert server.authorizations == [{"host": host, "Authorization": "ada 0"}]
        await consumer.stop()


async def test_a_gap_is_reported_and_yielded_only_if_asked_for(
    server: Server, settings: RealtimeSettings
) -> None:
    gaps: list[Gap] = []
    async with connected_by_key(server, settings) as session:
        silent = Consumer(session, gaps=False, on_gap=gaps.append)
        await wait_until(lambda: server.registered)
        server.cut()
        await wait_until(lambda: not server.registered)
        await wait_until(lambda: server.registered)
        await server.send("tea")
        await wait_until(lambda: silent.names == ["tea"])
        assert len(gaps) == 1
        await silent.stop()


async def test_what_a_forked_child_inherits_is_forgotten_and_not_closed(
    server: Server, settings: RealtimeSettings
) -> None:
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        subscriptions = session.transport._subscriptions
        inherited = dict(subscriptions._by_loop)
        connections = list(next(iter(inherited.values())).pool._connections)
        subscriptions._leave_to_parent()
        assert not subscriptions._by_loop
        await subscriptions.close()
        assert server.open_sockets == 1
        subscriptions._by_loop.update(inherited)
        await consumer.stop()
        await asyncio.sleep(0.01)
        assert server.open_sockets == 1
        await connections[0]._socket.close()


async def test_after_a_close_there_is_no_subscription_until_the_next_connect(
    server: Server, settings: RealtimeSettings
) -> None:
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        here = next(iter(session.transport._subscriptions._by_loop.values()))
        await session.transport._subscriptions.close()
        await wait_until(lambda: isinstance(consumer.error, TransportClosed))
        with pytest.raises(TransportClosed):
            here.check_open()
