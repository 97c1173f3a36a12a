"""Existing gql code with this package's transport: only the transport changes.

It runs against a local emulator: python examples/drop_in.py
Needs ``pip install "appsync-gql[testing]"``.
"""

from __future__ import annotations

import asyncio

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError

from appsync_gql import AppSyncTransport, CognitoProvider, Tokens, TokenStore
from appsync_gql.testing import Emulator

QUERY = gql("{ item(id: 1) { name } }")


async def existing_code(transport: AIOHTTPTransport) -> None:
    """Send three queries, as a program does that knows only gql."""
    async with Client(transport=transport) as session:
        for _ in range(3):
            print("  ", await session.execute(QUERY))
            await asyncio.sleep(0.8)


async def main(local: Emulator, tokens: Tokens) -> None:
    """Run it with a token that expires meanwhile, then with a token store."""
    print("before: AIOHTTPTransport with a token in its headers")
    headers = {"Authorization": str(tokens.access_token)}
    try:
        await existing_code(AIOHTTPTransport(local.graphql_url, headers=headers))
    except TransportQueryError as error:
        print("   failed:", error)

    print("after: AppSyncTransport with a TokenStore")
    provider = CognitoProvider(local.client_id, region=local.region, endpoint_url=local.cognito_url)
    store = TokenStore(provider, tokens=tokens)
    await existing_code(AppSyncTransport(local.graphql_url, auth=store))


if __name__ == "__main__":
    with Emulator.in_thread(token_lifetime=2) as emulator:
        asyncio.run(main(emulator, emulator.issue_tokens()))
