"""Other clients subscribe to this package's emulator; this package to another simulator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from gql import Client, gql

from appsync_gql import AppSyncTransport, TokenStore
from appsync_gql.testing import Emulator

from .node_program import HERE, Program, install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .cognito_local import CognitoLocal
    from .simulator import Simulator

CLIENTS = HERE / "clients"


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true; there is no event for it."""

    async def poll() -> None:
        while not condition():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.02)

    await asyncio.wait_for(poll(), 120)


@pytest.mark.peer("aws-amplify")
@pytest.mark.peer("aws-appsync-subscription-link")
@pytest.mark.parametrize("client", ["amplify", "link"])
async def test_a_javascript_client_receives_the_emulators_events(
    emulator: Emulator, client: str, tmp_path: Path
) -> None:
    await asyncio.to_thread(install, CLIENTS)
    token = str(emulator.issue_tokens().access_token)
    program = Program(
        [CLIENTS / f"{client}.cjs", emulator.graphql_url, emulator.region],
        ready='"ready":true',
        folder=tmp_path,
        env={"TOKEN": token},
    )
    await asyncio.to_thread(program.__enter__)
    try:
        await until(lambda: emulator.realtime.registrations == 1)
        emulator.realtime.publish("onCreateItem", {"id": "1", "name": "tea"})
        await until(lambda: '"name":"tea"' in program.output)
        assert '"error"' not in program.output
    finally:
        await asyncio.to_thread(program.stop)


@pytest.mark.peer("amplify-appsync-simulator")
@pytest.mark.peer("cognito-local")
async def test_this_package_subscribes_to_the_simulator_with_the_header_in_the_query(
    appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    tokens = await asyncio.to_thread(cognito_local.sign_in)
    store = TokenStore(cognito_local.provider(), tokens=tokens)
    transport = AppSyncTransport(appsync_simulator.url, auth=store, realtime_auth="query")
    async with store, Client(transport=transport) as session:
        events = session.subscribe(gql("subscription { added }"))
        first = asyncio.ensure_future(anext(events))
        add = gql(f'mutation {{ add(key: "{uuid4()}") }}')
        while not first.done():
            # The simulator does not say when a subscription is active.
            await session.execute(add)
            await asyncio.wait({first}, timeout=0.2)
        assert (await first)["added"] >= 1
        await events.aclose()
