"""The client whose synchronous methods work everywhere, against the emulator."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from gql import GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport

from appsync_gql import AppSyncTransport, ConfigurationError
from appsync_gql.auth.api_key import ApiKeyAuth
from appsync_gql.blocking import BlockingAppSyncTransport
from appsync_gql.client import AppSyncClient
from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEM = gql("{ item(id: 1) { id } }")
CREATED = gql("subscription { onCreateItem { id } }")
CREATE = gql('mutation Create($key: ID!) { createItem(key: $key, name: "n") { id } }')


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator.in_thread(api_keys=["da2-key"]) as api:
        yield api


@pytest.fixture(params=[AppSyncTransport, BlockingAppSyncTransport])
def client(api: Emulator, request: pytest.FixtureRequest) -> AppSyncClient:
    return AppSyncClient(transport=request.param(api.graphql_url, auth=ApiKeyAuth("da2-key")))


def test_synchronous_calls_work_in_a_script(client: AppSyncClient) -> None:
    assert client.execute(ITEM) == {"item": {"id": "1"}}
    assert client.execute_batch([ITEM, ITEM]) == [{"item": {"id": "1"}}] * 2
    with client as session:
        assert session.execute(ITEM) == {"item": {"id": "1"}}


async def test_synchronous_and_asynchronous_calls_work_inside_a_running_loop(
    client: AppSyncClient,
) -> None:
    assert client.execute(ITEM) == {"item": {"id": "1"}}
    assert await client.execute_async(ITEM) == {"item": {"id": "1"}}
    async with client as session:
        assert await session.execute(ITEM) == {"item": {"id": "1"}}


async def test_fifty_concurrent_execute_async_calls_share_one_client(
    client: AppSyncClient,
) -> None:
    found = await asyncio.gather(*(client.execute_async(ITEM) for _ in range(50)))
    assert found == [{"item": {"id": "1"}}] * 50


def create(client: AppSyncClient, key: str) -> None:
    client.execute(GraphQLRequest(CREATE, variable_values={"key": key}))


def receive(client: AppSyncClient, api: Emulator, count: int) -> list[Any]:
    """Receive events in a plain for loop, and leave it with break."""
    creator = threading.Thread(target=_create_until_received, args=(client, api, count))
    found: list[Any] = []
    results = client.subscribe(CREATED)
    creator.start()
    for event in results:
        found.append(event["onCreateItem"]["id"])
        if len(found) == count:
            break
    results.close()
    creator.join()
    return found


def _create_until_received(client: AppSyncClient, api: Emulator, count: int) -> None:
    while not api.realtime.registrations:  # the subscription starts with the first next()
        threading.Event().wait(0.01)
    for number in range(count):
        create(client, f"key-{number}")


def test_a_subscription_is_a_plain_for_loop(client: AppSyncClient, api: Emulator) -> None:
    assert receive(client, api, 3) == ["key-0", "key-1", "key-2"]
    assert client.execute(ITEM) == {"item": {"id": "1"}}


async def test_a_subscription_is_a_plain_for_loop_inside_a_running_loop_too(
    client: AppSyncClient, api: Emulator
) -> None:
    assert receive(client, api, 2) == ["key-0", "key-1"]


def test_its_auth_is_the_transports(client: AppSyncClient) -> None:
    assert isinstance(client.auth, ApiKeyAuth)
    client.close()
    assert client.execute(ITEM) == {"item": {"id": "1"}}


def test_another_transport_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        AppSyncClient(transport=AIOHTTPTransport("http://127.0.0.1/graphql"))  # type: ignore[arg-type]
    assert caught.value.setting == "transport"
