"""A subscription that outlives its token and its connection.

Runs against a local AppSync and Cognito whose tokens live for 3 seconds, and cuts the connection
once. Needs ``pip install "appsync-gql[testing]"``. Against your own API, only the URL and the
provider change.
"""

from __future__ import annotations

import asyncio

from gql import Client, gql

from appsync_gql import AppSyncTransport, CognitoProvider, Gap, TokenStore
from appsync_gql.testing import Emulator

EVENTS = 20


async def main() -> None:
    """Count events while a task makes them."""
    async with Emulator(token_lifetime=3, rotation=True) as emulator:
        provider = CognitoProvider(
            emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
        )
        store = TokenStore(provider, tokens=emulator.issue_tokens())
        transport = AppSyncTransport(emulator.graphql_url, auth=store)
        async with store, Client(transport=transport) as session:
            making = asyncio.create_task(make_events(emulator))
            subscription = gql("subscription { onCreateItem { name } }")
            seen = 0
            async for event in session.subscribe(subscription, gaps=True):
                if isinstance(event, Gap):
                    print(f"Something may have been missed ({event.reason}): ask for it here.")
                    continue
                seen += 1
                if seen == EVENTS:
                    break
            making.cancel()
        print(f"{seen} events, {emulator.counters['refreshes']} refreshes")


async def make_events(emulator: Emulator) -> None:
    """Make an event every quarter of a second; cut the connection after the tenth."""
    number = 0
    while True:
        await asyncio.sleep(0.25)
        emulator.realtime.publish("onCreateItem", {"id": str(number), "name": f"item {number}"})
        number += 1
        if number == EVENTS // 2:
            emulator.realtime.drop_sockets()


if __name__ == "__main__":
    asyncio.run(main())
