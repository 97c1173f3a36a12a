"""The emulator's real-time endpoint, with gql's own transport and with a plain WebSocket."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication, AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport

from appsync_gql import Tokens
from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.realtime_faults import FrameError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientWebSocketResponse

CREATED = "subscription { onCreateItem { id name } }"
HOST = "example.appsync-api.us-east-1.amazonaws.com"


def authorization(tokens: Tokens) -> dict[str, str]:
    return {"host": HOST, "Authorization": str(tokens.access_token)}


def start(
    name: str, query: str, headers: dict[str, str], variables: dict[str, Any] | None = None
) -> dict[str, Any]:
    data = json.dumps({"query": query, "variables": variables or {}})
    payload = {"data": data, "extensions": {"authorization": headers}}
    return {"id": name, "type": "start", "payload": payload}


@asynccontextmanager
async def connected(
    emulator: Emulator, headers: dict[str, str] | None = None
) -> AsyncIterator[ClientWebSocketResponse[Any]]:
    """Open a connection with the subprotocol and wait for ``connection_ack``."""
    given = headers or authorization(emulator.issue_tokens())
    encoded = base64.urlsafe_b64encode(json.dumps(given).encode()).decode().rstrip("=")
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            emulator.realtime_url, protocols=["graphql-ws", f"header-{encoded}"]
        ) as socket,
    ):
        await socket.send_json({"type": "connection_init"})
        assert await socket.receive_json(timeout=5) == {
            "type": "connection_ack",
            "payload": {"connectionTimeoutMs": 300_000},
        }
        yield socket


async def subscribed(
    socket: ClientWebSocketResponse[Any], emulator: Emulator, name: str = "1", query: str = CREATED
) -> None:
    await socket.send_json(start(name, query, authorization(emulator.issue_tokens())))
    assert await socket.receive_json(timeout=5) == {"type": "start_ack", "id": name}


async def create(emulator: Emulator, name: str, selection: str = "id name") -> None:
    text = f'mutation {{ createItem(key: "k", name: "{name}") {{ {selection} }} }}'
    headers = {"Authorization": str(emulator.issue_tokens().access_token)}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(emulator.graphql_url, json={"query": text}) as response,
    ):
        assert response.status == 200


# -- real clients ---------------------------------------------------------------


async def test_gqls_own_transport_receives_what_mutations_trigger(emulator: Emulator) -> None:
    auth = AppSyncJWTAuthentication(host=HOST, jwt=str(emulator.issue_tokens().access_token))
    transport = AppSyncWebsocketsTransport(emulator.realtime_url, auth=auth)
    async with Client(transport=transport) as session:
        events = session.subscribe(gql(CREATED))
        first = asyncio.ensure_future(anext(events))
        while not emulator.realtime.registrations:
            await asyncio.sleep(0.01)
        await create(emulator, "tea")
        assert await asyncio.wait_for(first, 5) == {"onCreateItem": {"id": "k", "name": "tea"}}
        await events.aclose()


async def test_gqls_own_transport_connects_with_an_api_key() -> None:
    async with Emulator(api_keys=["da2-example"]) as emulator:
        auth = AppSyncApiKeyAuthentication(host=HOST, api_key="da2-example")
        async with Client(transport=AppSyncWebsocketsTransport(emulator.realtime_url, auth=auth)):
            assert emulator.realtime.connections == 1


# -- the protocol -----------------------------------------------------------------


async def test_events_contain_what_the_mutation_selected_and_nothing_else(
    emulator: Emulator,
) -> None:
    async with connected(emulator) as socket:
        await subscribed(socket, emulator)
        await create(emulator, "tea", selection="id")
        data = {"onCreateItem": {"id": "k", "name": None}}
        frame = await socket.receive_json(timeout=5)
        # A non-null field that the mutation did not select makes the whole object null.
        assert frame["payload"]["data"] in (data, {"onCreateItem": None})
        assert frame["type"] == "data"


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [({"name": "tea"}, ["tea"]), ({}, ["tea", "cake"]), ({"name": None}, [])],
    ids=["equal", "left out", "null"],
)
async def test_events_are_filtered_by_the_arguments_that_were_passed(
    emulator: Emulator, variables: dict[str, Any], wanted: list[str]
) -> None:
    query = "subscription ($name: String) { onCreateItem(name: $name) { id name } }"
    async with connected(emulator) as socket:
        headers = authorization(emulator.issue_tokens())
        await socket.send_json(start("1", query, headers, variables))
        await socket.receive_json(timeout=5)
        for name in ("tea", "cake"):
            await create(emulator, name)
        await socket.send_json({"type": "stop", "id": "1"})
        got = []
        while (frame := await socket.receive_json(timeout=5))["type"] == "data":
            got.append(frame["payload"]["data"]["onCreateItem"]["name"])
        assert frame == {"type": "complete", "id": "1"}
        assert got == wanted


@pytest.mark.parametrize("way", ["subprotocol", "query", "headers"])
async def test_a_handshake_is_accepted_with_each_of_the_three_ways_of_authorization(
    emulator: Emulator, way: str
) -> None:
    given = authorization(emulator.issue_tokens())
    text = json.dumps(given).encode()
    protocols, query, headers = ["graphql-ws"], {}, {}
    if way == "subprotocol":
        protocols.append("header-" + base64.urlsafe_b64encode(text).decode().rstrip("="))
    elif way == "query":
        query = {"header": base64.b64encode(text).decode(), "payload": "e30="}
    else:
        headers = given
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            emulator.realtime_url, protocols=protocols, params=query, headers=headers
        ) as socket,
    ):
        assert socket.protocol == "graphql-ws"
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json(timeout=5))["type"] == "connection_ack"


async def rejection(emulator: Emulator, protocols: list[str]) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(emulator.realtime_url, protocols=protocols) as socket,
    ):
        frame = await socket.receive_json(timeout=5)
        assert frame["type"] == "connection_error"
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
        return frame["payload"]["errors"][0]


async def test_a_bad_handshake_gets_an_error_and_is_closed(emulator: Emulator) -> None:
    expired = authorization(emulator.issue_tokens(issued_ago=4000))
    encoded = base64.urlsafe_b64encode(json.dumps(expired).encode()).decode().rstrip("=")
    assert await rejection(emulator, ["graphql-ws", f"header-{encoded}"]) == {
        "errorType": "UnauthorizedException",
        "message": "Token has expired.",
        "errorCode": 401,
    }
    assert (await rejection(emulator, ["graphql-ws", "header-%%%"]))["errorCode"] == 401
    assert await rejection(emulator, []) == {"message": "NoProtocolError", "errorCode": 400}
    assert emulator.realtime.connections == 0


@pytest.mark.parametrize(
    ("query", "error_type"),
    [
        ("{ me { username } }", "UnsupportedOperation"),
        ("subscription { nonsense }", None),
        ("subscription {", None),
    ],
)
async def test_the_error_of_an_impossible_start_has_its_id(
    emulator: Emulator, query: str, error_type: str | None
) -> None:
    async with connected(emulator) as socket:
        await socket.send_json(start("7", query, authorization(emulator.issue_tokens())))
        frame = await socket.receive_json(timeout=5)
        assert (frame["type"], frame["id"]) == ("error", "7")
        assert frame["payload"]["errors"][0].get("errorType") == error_type


async def test_a_start_with_an_expired_token_is_refused_and_the_connection_stays_open(
    emulator: Emulator,
) -> None:
    async with connected(emulator) as socket:
        headers = authorization(emulator.issue_tokens(issued_ago=4000))
        await socket.send_json(start("1", CREATED, headers))
        frame = await socket.receive_json(timeout=5)
        assert frame["payload"]["errors"][0]["errorType"] == "UnauthorizedException"
        await subscribed(socket, emulator, "2")


async def test_a_denied_subscription_is_an_error_and_the_others_continue() -> None:
    schema = """
        type Query { a: Int }
        type Mutation { make: Int }
        type Subscription {
          made: Int @aws_subscribe(mutations: ["make"])
          secret: Int @aws_subscribe(mutations: ["make"])
            @aws_cognito_user_pools(cognito_groups: ["Admins"])
        }
    """
    async with (
        Emulator(schema, {"Mutation": {"make": lambda *_: 7}}) as emulator,
        connected(emulator) as socket,
    ):
        await subscribed(socket, emulator, "1", "subscription { made }")
        headers = authorization(emulator.issue_tokens())
        await socket.send_json(start("2", "subscription { secret }", headers))
        frame = await socket.receive_json(timeout=5)
        assert frame["payload"]["errors"][0]["errorType"] == "Unauthorized"
        emulator.realtime.publish("made", 7)
        frame = await socket.receive_json(timeout=5)
        assert frame == {"type": "data", "id": "1", "payload": {"data": {"made": 7}}}


async def test_a_connection_has_a_limit_of_subscriptions_and_no_id_twice(
    emulator: Emulator,
) -> None:
    emulator.realtime.settings.subscriptions = 2
    async with connected(emulator) as socket:
        await subscribed(socket, emulator, "1")
        await socket.send_json(start("1", CREATED, authorization(emulator.issue_tokens())))
        frame = await socket.receive_json(timeout=5)
        assert frame["payload"]["errors"][0]["errorType"] == "DuplicatedOperationError"
        await subscribed(socket, emulator, "2")
        await socket.send_json(start("3", CREATED, authorization(emulator.issue_tokens())))
        frame = await socket.receive_json(timeout=5)
        # AppSync was seen to send an object here, not an array.
        assert frame["payload"]["errors"] == {
            "errorType": "MaxSubscriptionsReachedError",
            "message": "Max number of 2 subscriptions reached",
        }


async def test_unknown_messages_are_errors_that_end_nothing(emulator: Emulator) -> None:
    async with connected(emulator) as socket:
        for text in ("no JSON", "[]", '{"type": "start"}', '{"type": "dance"}', "{}"):
            await socket.send_str(text)
            frame = await socket.receive_json(timeout=5)
            assert (frame["type"], frame["id"]) == ("error", "")
        await socket.send_json({"type": "start", "id": "1", "payload": {"query": CREATED}})
        frame = await socket.receive_json(timeout=5)
        assert frame["payload"]["errors"][0]["errorType"] == "UnsupportedOperation"
        await subscribed(socket, emulator)


async def test_an_event_of_more_than_240_kb_is_not_delivered(emulator: Emulator) -> None:
    async with connected(emulator) as socket:
        await subscribed(socket, emulator)
        for name in ("x" * 250_000, "small"):
            emulator.realtime.publish("onCreateItem", {"id": "1", "name": name})
        frame = await socket.receive_json(timeout=5)
        assert frame["payload"]["data"]["onCreateItem"]["name"] == "small"


# -- the end of connections, and faults ----------------------------------------------


async def test_a_connection_gets_keep_alives_and_ends_after_its_lifetime(
    emulator: Emulator,
) -> None:
    emulator.realtime.settings.keep_alive = 0.05
    emulator.realtime.settings.connection_lifetime = 0.3
    async with connected(emulator) as socket:
        assert await socket.receive_json(timeout=5) == {"type": "ka"}
        message = await socket.receive(timeout=5)
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await socket.receive(timeout=5)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1000)


async def test_a_connection_may_end_when_the_token_of_its_handshake_expires(
    emulator: Emulator,
) -> None:
    emulator.realtime.settings.closes_at_expiry = True
    headers = authorization(emulator.issue_tokens(lifetime=1))
    async with connected(emulator, headers) as socket:
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


async def test_a_test_can_close_drop_and_silence_connections(emulator: Emulator) -> None:
    for end in (emulator.realtime.close_sockets, emulator.realtime.drop_sockets):
        async with connected(emulator) as socket:
            end()
            message = await socket.receive(timeout=5)
            assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
    async with connected(emulator) as socket:
        await subscribed(socket, emulator)
        emulator.realtime.silence_sockets()
        emulator.realtime.publish("onCreateItem", {"id": "1", "name": "lost"})
        with pytest.raises(asyncio.TimeoutError):
            await socket.receive(timeout=0.1)


async def test_a_test_can_end_subscriptions_and_send_the_error_of_a_rate_limit(
    emulator: Emulator,
) -> None:
    async with connected(emulator) as socket:
        await subscribed(socket, emulator)
        emulator.realtime.send_error()
        frame = await socket.receive_json(timeout=5)
        assert "id" not in frame
        assert frame["payload"]["errors"]["errorType"] == "LimitExceededError"
        emulator.realtime.end_subscriptions()
        frame = await socket.receive_json(timeout=5)
        assert (frame["type"], frame["id"]) == ("error", "1")
        assert emulator.realtime.registrations == 0


async def test_handshakes_and_starts_fail_as_often_as_a_test_asked_for(emulator: Emulator) -> None:
    faults = emulator.realtime.faults
    faults.refuse_connections(1, FrameError("BadRequestException", "no", 400))
    assert (await rejection(emulator, ["graphql-ws"]))["errorType"] == "BadRequestException"
    faults.drop_connections()
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(emulator.realtime_url, protocols=["graphql-ws"])
        message = await socket.receive(timeout=5)
        assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
    faults.ignore_connections()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(connected(emulator).__aenter__(), 0.2)
    async with connected(emulator) as socket:
        faults.refuse_starts()
        faults.ignore_starts()
        await socket.send_json(start("1", CREATED, authorization(emulator.issue_tokens())))
        frame = await socket.receive_json(timeout=5)
        assert frame["payload"]["errors"][0]["message"] == "Token has expired."
        await socket.send_json(start("2", CREATED, authorization(emulator.issue_tokens())))
        with pytest.raises(asyncio.TimeoutError):
            await socket.receive(timeout=0.1)
        assert emulator.realtime.registrations == 1
    for fault in (faults.refuse_connections, faults.ignore_starts, faults.ignore_connections):
        with pytest.raises(ValueError, match="at least once"):
            fault(0)
