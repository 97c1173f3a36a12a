"""A subscription that continues when its token expires and when its connection is lost.

It runs against a local emulator whose tokens are valid for 3 seconds, and which drops the
connection once. Needs ``pip install "appsync-gql[testing]"``. For your own API, only the URL and
the provider change.
"""

from __future__ import annotations

import asyncio

from gql import Client, gql

from appsync_gql import AppSyncTransport, CognitoProvider, Gap, TokenStore
from appsync_gql.testing import Emulator

EVENTS = 20


async def main() -> None:
    """Count events while a task publishes them."""
    async with Emulator(token_lifetime=3, rotation=True) as emulator:
        provider = CognitoProvider(
            emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
        )
        store = TokenStore(provider, tokens=emulator.issue_tokens())
        transport = AppSyncTransport(emulator.graphql_url, auth=store)
        async with store, Client(transport=transport) as session:
            publishing = asyncio.create_task(publish_events(emulator))
            subscription = gql("subscription { onCreateItem { name } }")
            received = 0
            async for event in session.subscribe(subscription, gaps=True):
                if isinstance(event, Gap):
                    print(f"Events may be missing ({event.reason}): query the present state here.")
                    continue
                received += 1
                if received == EVENTS:
                    break
            publishing.cancel()
        print(f"{received} events, {emulator.counters['refreshes']} refreshes")


async def publish_events(emulator: Emulator) -> None:
    """Publish an event every 250 ms; drop the connection after the tenth."""
    number = 0
    while True:
        await asyncio.sleep(0.25)
        emulator.realtime.publish("onCreateItem", {"id": str(number), "name": f"item {number}"})
        number += 1
        if number == EVENTS // 2:
            emulator.realtime.drop_sockets()


if __name__ == "__main__":
    asyncio.run(main())
