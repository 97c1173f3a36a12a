"""A synchronous script that runs longer than its token is valid, in several threads.

It runs against a local emulator: python examples/synchronous_script.py
For your own API, replace the emulator's URL and provider by yours. Needs
``pip install "appsync-gql[testing]"``.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from gql import Client

from appsync_gql import BlockingAppSyncTransport, CognitoProvider, TokenStore, gql
from appsync_gql.testing import Emulator

CREATE = "mutation ($key: ID!, $name: String!) { createItem(key: $key, name: $name) { name } }"


def main(url: str, provider: CognitoProvider) -> None:
    """Sign in, and create items for two lifetimes of a token."""
    store = TokenStore(provider)
    store.blocking.sign_in("ada", "correct horse")
    client = Client(transport=BlockingAppSyncTransport(url, auth=store))

    def create(number: int) -> str:
        variables = {"key": f"key-{number}", "name": f"item {number}"}
        created = client.execute(gql(CREATE, variable_values=variables))
        time.sleep(0.5)
        return str(created["createItem"]["name"])

    with ThreadPoolExecutor(4) as threads:
        for name in threads.map(create, range(32)):
            print("created", name)
    print(store.status())
    store.blocking.close()


if __name__ == "__main__":
    with Emulator.in_thread(token_lifetime=2, rotation=True) as local:
        cognito = CognitoProvider(
            local.client_id,
            user_pool_id=local.user_pool_id,
            endpoint_url=local.cognito_url,  # omit this for AWS
        )
        main(local.graphql_url, cognito)
