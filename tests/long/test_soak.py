"""Twelve seconds of load on tokens that live for two, through real sockets."""

from __future__ import annotations

import asyncio
import time

import pytest
from gql import Client, GraphQLRequest, gql
from gql.client import AsyncClientSession

from appsync_gql import AppSyncTransport, CognitoProvider, TokenStore
from appsync_gql.testing import Emulator

QUERY = gql("{ me { username } }")
MUTATION = gql('mutation Create($key: ID!) { createItem(key: $key, name: "n") { id } }')
pytestmark = pytest.mark.slow

TASKS, SECONDS, LIFETIME = 64, 12.0, 2


@pytest.mark.parametrize("clock_offset", [0.0, 2.0, -600.0])
async def test_sixty_four_tasks_on_tokens_of_two_seconds_see_no_error(clock_offset: float) -> None:
    seconds = SECONDS if clock_offset == 0 else SECONDS / 4
    with Emulator.in_thread(
        token_lifetime=LIFETIME, rotation=True, clock_offset=clock_offset
    ) as emulator:
        provider = CognitoProvider(
            emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
        )
        tokens = emulator.issue_tokens()
        began = time.monotonic()
        store = TokenStore(provider, tokens=tokens)
        transport = AppSyncTransport(emulator.graphql_url, auth=store)

        async def work(session: AsyncClientSession, worker: int) -> int:
            count = 0
            while time.monotonic() - began < seconds:
                key = f"{worker}-{count}"
                request = GraphQLRequest(MUTATION, variable_values={"key": key})
                await session.execute(request if count % 5 == 0 else QUERY)
                count += 1
                await asyncio.sleep(0.005)
            return count

        async with Client(transport=transport) as session:
            counts = await asyncio.gather(*(work(session, n) for n in range(TASKS)))
        elapsed = time.monotonic() - began
        window = LIFETIME / 2
        # Where the machine's clock is wrong, the first token's age can only be guessed.
        guesses = 0 if clock_offset == 0 else 1
        assert emulator.counters["refreshes"] <= elapsed / (LIFETIME - window) + 1 + guesses
        assert emulator.counters["reuse"] == 0
        assert set(emulator.executions.values()) == {1}
        assert min(counts) > 0
