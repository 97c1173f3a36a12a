"""A script that runs longer than its token is valid: queries, mutations, and its renewals.

It runs against a local emulator: python examples/async_script.py
For your own API, replace the emulator's URL and provider by yours. Needs
``pip install "appsync-gql[testing]"``.
"""

from __future__ import annotations

import asyncio

from gql import Client, GraphQLRequest, gql

from appsync_gql import AppSyncTransport, CognitoProvider, TokenStore, events
from appsync_gql.testing import Emulator

ME = gql("{ me { username } }")
CREATE = gql(
    "mutation Create($key: ID!, $name: String!) { createItem(key: $key, name: $name) { id name } }"
)


def print_event(event: events.Event) -> None:
    """Print an event of the token store."""
    if isinstance(event, events.Renewed):
        print(f"  renewed ({event.reason}, {event.api}), valid until {event.expires_at:%H:%M:%S}")
    else:
        print(f"  {event}")


async def main(url: str, provider: CognitoProvider) -> None:
    """Sign in, and send requests for more than three lifetimes of a token."""
    store = TokenStore(provider, on_event=print_event)
    await store.sign_in("ada", "correct horse")
    async with Client(transport=AppSyncTransport(url, auth=store)) as session:
        for number in range(7):
            me = await session.execute(ME)
            variables = {"key": f"key-{number}", "name": f"item {number}"}
            created = await session.execute(GraphQLRequest(CREATE, variable_values=variables))
            print(me["me"]["username"], "created", created["createItem"]["name"])
            await asyncio.sleep(1)
    print(store.status())
    await store.aclose()


if __name__ == "__main__":
    with Emulator.in_thread(token_lifetime=2, rotation=True) as local:
        cognito = CognitoProvider(
            local.client_id,
            user_pool_id=local.user_pool_id,
            endpoint_url=local.cognito_url,  # omit this for AWS
        )
        asyncio.run(main(local.graphql_url, cognito))
