"""Several processes share one user's session: one renews the tokens, the others load them.

It runs against a local emulator whose tokens are valid for 3 seconds and whose refresh tokens
rotate: two refreshes with the same token would end the session. Needs
``pip install "appsync-gql[testing]"``. For your own API, only the URL, the provider and the
persistence change.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from pathlib import Path

from gql import Client, gql

from appsync_gql import AppSyncTransport, CognitoProvider, FilePersistence, TokenStore
from appsync_gql.testing import Emulator

WORKERS, SECONDS = 4, 6.0


async def work(url: str, provider: CognitoProvider, path: Path) -> int:
    """Send a query every 50 ms; return how many responses were received."""
    # For processes on several machines: RedisPersistence("rediss://…", key="orders") or
    # DynamoDBPersistence("sessions", key="orders").
    store = TokenStore(provider, persistence=FilePersistence(path))
    query, responses = gql("query { me { username } }"), 0
    loop = asyncio.get_running_loop()
    until = loop.time() + SECONDS
    async with store, Client(transport=AppSyncTransport(url, auth=store)) as session:
        while loop.time() < until:
            await session.execute(query)
            responses += 1
            await asyncio.sleep(0.05)
    return responses


def worker(url: str, cognito_url: str, client_id: str, path: Path) -> None:
    """Run in a process of its own."""
    provider = CognitoProvider(client_id, region="eu-west-1", endpoint_url=cognito_url)
    print(f"{asyncio.run(work(url, provider, path))} responses")


def main() -> None:
    """Sign in once, then let the workers share the session."""
    running = Emulator.in_thread(token_lifetime=3, rotation=True, region="eu-west-1")
    with running as emulator, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.json"
        provider = CognitoProvider(
            emulator.client_id, region="eu-west-1", endpoint_url=emulator.cognito_url
        )
        store = TokenStore(provider, persistence=FilePersistence(path))
        store.blocking.sign_in("ada", "correct horse", flow="USER_PASSWORD_AUTH")
        arguments = (emulator.graphql_url, emulator.cognito_url, emulator.client_id, path)
        spawn = multiprocessing.get_context("spawn")
        workers = [spawn.Process(target=worker, args=arguments) for _ in range(WORKERS)]
        for process in workers:
            process.start()
        for process in workers:
            process.join()
        store.blocking.sign_out()
        counters = emulator.counters
        print(f"{counters['refreshes']} refreshes, {counters['graphql.401']} refused by AppSync")


if __name__ == "__main__":
    main()
