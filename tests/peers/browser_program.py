"""A user's program: it signs in by the browser that this machine has, and sends a query.

python browser_program.py '{"client_id": …, "user_pool_id": …, "cognito_url": …, "graphql_url": …}'
"""

from __future__ import annotations

import asyncio
import json
import sys

from gql import Client, gql

from appsync_gql import AppSyncTransport, CognitoProvider, TokenStore


async def main() -> None:
    """Sign in and print the result of a query."""
    given = json.loads(sys.argv[1])
    provider = CognitoProvider(
        given["client_id"], user_pool_id=given["user_pool_id"], endpoint_url=given["cognito_url"]
    )
    store = TokenStore(provider)
    await store.sign_in_with_browser(given["cognito_url"], ports=[0], timeout=60)
    async with Client(transport=AppSyncTransport(given["graphql_url"], auth=store)) as session:
        result = await session.execute(gql("{ me { username } }"))
    sys.stdout.write(json.dumps(result))


asyncio.run(main())
