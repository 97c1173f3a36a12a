"""Mode by (query, mutation, subscription, batch, renewal, replay, sync): each cell is a test."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from gql import Client, GraphQLRequest, gql

from appsync_gql import AppSyncClient, AppSyncTransport, BlockingAppSyncTransport, Refused
from support.modes import MODES, RENEWING, STATIC, Api, Mode, each_of, passing

if TYPE_CHECKING:
    from collections.abc import Callable

    Transport = Callable[[object], AppSyncTransport]

ME = gql("{ me { username } }")
CREATED = gql("subscription { onCreateItem { id } }")
CREATE = gql('mutation Create($key: ID!) { createItem(key: $key, name: "n") { id name } }')

each = each_of(MODES)
each_that_renews = each_of(RENEWING)
each_that_is_static = each_of(STATIC)


def create(key: str) -> GraphQLRequest:
    return GraphQLRequest(CREATE, variable_values={"key": key})


def username(found: dict[str, Any]) -> str:
    return str(found["me"]["username"])


@pytest.mark.parametrize("mode", MODES, ids=str)
async def test_query(api: Api, transport: Transport, mode: Mode) -> None:
    async with Client(transport=transport(mode.make(api))) as session:
        assert username(await session.execute(ME)).startswith(mode.username)
    (request,) = [r for r in api.emulator.requests if r.endpoint == "graphql"]
    carried = {"x-api-key"} if "x-api-key" in request.headers else {"Authorization"}
    assert (request.token is not None) is ("Authorization" in carried)
    assert carried == {mode.header}, "a request carries one mode"


@each
async def test_mutation(api: Api, transport: Transport, mode: Mode) -> None:
    async with Client(transport=transport(mode.make(api))) as session:
        await session.execute(create("tea"))
    assert api.emulator.executions == {"tea": 1}


@pytest.mark.parametrize("mode", MODES, ids=str)
async def test_subscription(api: Api, transport: Transport, mode: Mode) -> None:
    async with Client(transport=transport(mode.make(api))) as session:
        events = session.subscribe(CREATED)
        first = asyncio.ensure_future(anext(events))
        await passing(lambda: api.emulator.realtime.registrations == 1)
        await session.execute(create("tea"))
        assert await asyncio.wait_for(first, 10) == {"onCreateItem": {"id": "tea"}}
        await events.aclose()


@each
async def test_batch(api: Api, transport: Transport, mode: Mode) -> None:
    async with Client(transport=transport(mode.make(api))) as session:
        found = await session.execute_batch([GraphQLRequest(ME) for _ in range(20)])
    assert [username(one).startswith(mode.username) for one in found] == [True] * 20


@each
def test_sync(api: Api, mode: Mode) -> None:
    auth = mode.make(api)
    client = Client(transport=BlockingAppSyncTransport(api.emulator.graphql_url, auth=auth))
    assert username(client.execute(ME)).startswith(mode.username)
    found = client.execute_batch([GraphQLRequest(ME), GraphQLRequest(ME)])
    assert [username(one).startswith(mode.username) for one in found] == [True, True]


@each
def test_sync_subscription(api: Api, mode: Mode) -> None:
    client = AppSyncClient(
        transport=AppSyncTransport(api.emulator.graphql_url, auth=mode.make(api))
    )

    def work() -> None:
        while not api.emulator.realtime.registrations:
            threading.Event().wait(0.01)
        client.execute(create("tea"))

    thread = threading.Thread(target=work)
    thread.start()
    for event in client.subscribe(CREATED):
        assert event == {"onCreateItem": {"id": "tea"}}
        break
    thread.join()


# -- renewal: newer credentials ahead of the end of the present ones, and no request fails


@each_that_renews
async def test_renewal(make_api: Callable[..., Api], mode: Mode) -> None:
    api = make_api(**({"iam_lifetime": 1.5} if mode.real_time else {}))
    assert mode.issued is not None
    transport = AppSyncTransport(api.emulator.graphql_url, auth=mode.make(api))
    async with Client(transport=transport) as session:
        for _ in range(1 if mode.real_time else 3):
            await session.execute(ME)
            issued = mode.issued(api)
            if not mode.real_time:
                api.advance(3600 - 10)
            while mode.issued(api) == issued:
                await session.execute(ME)
                await asyncio.sleep(0.01)
            if not mode.real_time:
                api.advance(20)
    refused = [r for r in api.emulator.requests if r.endpoint == "graphql" and r.status != 200]
    # On a busy machine a second and a half may end between signing and sending.
    assert len(refused) <= mode.real_time


# -- replay: what AppSync refuses is sent once more with newer credentials, mutations included


def refuse(api: Api, mode: Mode, count: int) -> None:
    """Refuse the next requests as AppSync refuses the mode's credentials."""
    if "IAM" in mode.name or "identity" in mode.name:
        text = "The security token included in the request is invalid."
        error = {"errorType": "UnrecognizedClientException", "message": text}
        api.emulator.faults.answer(count, 403, {"errors": [error]})
    else:
        api.emulator.faults.refuse(count)


@each_that_renews
async def test_replay(api: Api, transport: Transport, mode: Mode) -> None:
    assert mode.issued is not None
    async with Client(transport=transport(mode.make(api))) as session:
        await session.execute(ME)
        issued, before = mode.issued(api), api.emulator.counters["graphql"]
        refuse(api, mode, 1)
        await session.execute(create("tea"))
        assert api.emulator.executions == {"tea": 1}
        assert mode.issued(api) == issued + 1
        assert api.emulator.counters["graphql"] == before + 2


@each_that_renews
async def test_a_second_refusal_is_final(api: Api, transport: Transport, mode: Mode) -> None:
    async with Client(transport=transport(mode.make(api))) as session:
        await session.execute(ME)
        before = api.emulator.counters["graphql"]
        refuse(api, mode, 2)
        with pytest.raises(Refused) as caught:
            await session.execute(create("tea"))
        assert not caught.value.may_have_executed
        assert api.emulator.counters["graphql"] == before + 2
    assert not api.emulator.executions


@each_that_is_static
async def test_without_newer_credentials_a_refusal_is_final_at_once(
    api: Api, transport: Transport, mode: Mode
) -> None:
    async with Client(transport=transport(mode.make(api))) as session:
        await session.execute(ME)
        before = api.emulator.counters["graphql"]
        refuse(api, mode, 1)
        with pytest.raises(Refused):
            await session.execute(create("tea"))
        assert api.emulator.counters["graphql"] == before + 1
    assert not api.emulator.executions


@each_that_renews
@pytest.mark.parametrize("refused", ["handshake", "start"])
async def test_a_subscription_that_is_refused_starts_again(
    api: Api, transport: Transport, mode: Mode, refused: str
) -> None:
    assert mode.issued is not None
    async with Client(transport=transport(mode.make(api))) as session:
        await session.execute(ME)
        issued, faults = mode.issued(api), api.emulator.realtime.faults
        (faults.refuse_connections if refused == "handshake" else faults.refuse_starts)(1)
        events = session.subscribe(CREATED)
        first = asyncio.ensure_future(anext(events))
        await passing(lambda: api.emulator.realtime.registrations == 1)
        assert mode.issued(api) == issued + 1
        await session.execute(create("tea"))
        assert await asyncio.wait_for(first, 10) == {"onCreateItem": {"id": "tea"}}
        await events.aclose()
