"""gql's synchronous client over the blocking transport, against the emulator."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError

from appsync_gql import AppSyncTransport, CognitoProvider, ConfigurationError, Denied, TokenStore
from appsync_gql.blocking import BlockingAppSyncTransport
from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ME = gql("{ me { username } }")
ITEM = gql("query Item($id: ID!) { item(id: $id) { id } }")


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator.in_thread(rotation=True) as api:
        yield api


def store_for(api: Emulator) -> TokenStore:
    provider = CognitoProvider(api.client_id, region=api.region, endpoint_url=api.cognito_url)
    return TokenStore(provider, tokens=api.issue_tokens())


@pytest.fixture
def client(api: Emulator) -> Client:
    return Client(transport=BlockingAppSyncTransport(api.graphql_url, auth=store_for(api)))


def item(number: int) -> GraphQLRequest:
    return GraphQLRequest(ITEM, variable_values={"id": str(number)})


def test_queries_and_batches_in_a_script(api: Emulator, client: Client) -> None:
    assert client.execute(ME) == {"me": {"username": "ada"}}
    found = client.execute_batch([item(n) for n in range(5)])
    assert [result["item"]["id"] for result in found] == [str(n) for n in range(5)]
    with client as session:
        assert session.execute(ME) == {"me": {"username": "ada"}}
    api.shift_clock(3600)
    assert client.execute(ME) == {"me": {"username": "ada"}}


async def test_inside_a_running_loop(client: Client) -> None:
    await asyncio.sleep(0)
    assert client.execute(ME) == {"me": {"username": "ada"}}


def test_threads_share_connections_and_get_their_own_answers(client: Client) -> None:
    wrong: list[object] = []

    def work(first: int) -> None:
        for number in range(first, first + 20):
            found = client.execute(item(number))
            if found != {"item": {"id": str(number)}}:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_errors_are_the_same_as_in_asynchronous_code(client: Client) -> None:
    with pytest.raises(Denied) as caught:
        client.execute(gql("{ secret me { username } }"))
    assert isinstance(caught.value, TransportQueryError)
    assert caught.value.data == {"secret": None, "me": {"username": "ada"}}


def test_the_schema_can_be_fetched(api: Emulator) -> None:
    transport = BlockingAppSyncTransport(api.graphql_url, auth=store_for(api))
    client = Client(transport=transport, fetch_schema_from_transport=True)
    with client as session:
        session.execute(ME)
    assert client.schema is not None


def test_a_transport_can_be_used_asynchronously_as_well(api: Emulator) -> None:
    transport = AppSyncTransport(api.graphql_url, auth=store_for(api))
    client = Client(transport=BlockingAppSyncTransport.over(transport))
    assert client.execute(ME) == asyncio.run(Client(transport=transport).execute_async(ME))


def test_after_disconnecting_the_next_request_connects_again(client: Client) -> None:
    client.execute(ME)
    assert isinstance(client.transport, BlockingAppSyncTransport)
    client.transport.disconnect()
    assert client.transport.transport.session is None
    client.execute(ME)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_children_and_their_parent_get_their_own_answers(client: Client) -> None:
    client.execute(item(0))
    read, write = os.pipe()
    children = []
    for first in (100, 200):
        child = os.fork()
        if not child:
            try:
                found = [client.execute(item(n))["item"]["id"] for n in range(first, first + 5)]
                os.write(write, b"ok " if found == [str(first + n) for n in range(5)] else b"no ")
            finally:
                os._exit(0)
        children.append(child)
    mine = [client.execute(item(n))["item"]["id"] for n in range(5)]
    os.close(write)
    for child in children:
        os.waitpid(child, 0)
    assert mine == [str(n) for n in range(5)]
    assert os.read(read, 100) == b"ok ok "
    os.close(read)
    assert client.execute(ME) == {"me": {"username": "ada"}}


SCRIPT = """
from gql import Client, gql
from appsync_gql import CognitoProvider, TokenStore
from appsync_gql.blocking import BlockingAppSyncTransport
from appsync_gql.testing import Emulator
with Emulator.in_thread() as api:
    provider = CognitoProvider(api.client_id, region=api.region, endpoint_url=api.cognito_url)
    store = TokenStore(provider, tokens=api.issue_tokens())
    client = Client(transport=BlockingAppSyncTransport(api.graphql_url, auth=store))
    print(client.execute(gql("{ me { username } }"))["me"]["username"])
"""


def test_a_script_closes_nothing_by_hand_and_ends_without_a_word() -> None:
    command = [sys.executable, "-X", "dev", "-c", SCRIPT]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("ada", 0)
    assert "nclosed" not in done.stderr


def test_over_takes_a_transport_of_this_package() -> None:
    with pytest.raises(ConfigurationError, match="AppSyncTransport"):
        BlockingAppSyncTransport.over("https://api.example.com/graphql")  # type: ignore[arg-type]
