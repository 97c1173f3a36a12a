"""A program with an agent: it queries, mutates, subscribes, renews, and reports errors.

Its arguments are the agent, ``before`` or ``after`` (when the agent is installed: before or after
the import of the package), the collector's URL, and the file for the secrets that it knew.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import TransportError

from agents import passwords
from agents.installed import AGENTS

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from agents.installed import Agent

# ruff: noqa: PLC0415


class Program:
    """What the program does.

    Attributes:
        secrets: all tokens and passwords that it knew.
        found: what it has seen, by the name of the step.
    """

    def __init__(self, agent: Agent, endpoints: dict[str, str]) -> None:
        from appsync_gql import AppSyncTransport, CognitoProvider, TokenStore

        self.agent = agent
        self.secrets = {passwords.RIGHT, passwords.WRONG}
        self.found: dict[str, Any] = {}
        self.errors: list[str] = []
        provider = CognitoProvider(
            endpoints["client_id"],
            region=endpoints["region"],
            endpoint_url=endpoints["cognito_url"],
        )
        self.store = TokenStore(provider)
        self.url, self.closed_url = endpoints["graphql_url"], endpoints["closed_url"]
        self.transport = AppSyncTransport(self.url, auth=self.store)

    async def run(self) -> None:
        """Do everything once."""
        await self.sign_in()
        await self.requests()
        await self.subscription()
        await self.renewal()
        await self.failures()
        await self.store.aclose()

    async def sign_in(self) -> None:
        from appsync_gql import SignInFailed

        try:
            await self.store.sign_in("ada", passwords.WRONG, flow="USER_PASSWORD_AUTH")
        except SignInFailed as error:
            self.report(error)
        await self.store.sign_in("ada", passwords.RIGHT, flow="USER_PASSWORD_AUTH")
        await self.note()

    async def requests(self) -> None:
        from gql import Client, gql

        async with Client(transport=self.transport) as session:
            self.found["query"] = await session.execute(gql("{ me { username } }"))
            mutation = gql('mutation { createItem(key: "k", name: "n") { name } }')
            self.found["mutation"] = await session.execute(mutation)

    async def subscription(self) -> None:
        from gql import Client, gql

        async with Client(transport=self.transport) as session:
            events = session.subscribe(gql("subscription { onCreateItem { name } }"))
            first = asyncio.ensure_future(anext(events))
            mutation = gql('mutation { createItem(key: "k", name: "event") { name } }')
            while not first.done():
                await session.execute(mutation)
                await asyncio.wait({first}, timeout=0.2)
            self.found["subscription"] = first.result()
            await events.aclose()

    async def renewal(self) -> None:
        await self.store.renew()
        await self.note()
        await self.requests()

    async def failures(self) -> None:
        """Have every kind of request fail, and report the errors."""
        from gql import Client, gql

        from appsync_gql import AppSyncTransport

        closed = AppSyncTransport(self.closed_url, auth=self.store)
        for transport in (self.transport, closed):
            for text in ("{ secret }", "{ nothing }", "mutation { nothing }"):
                await self.expect_failure(Client(transport=transport).execute_async(gql(text)))
        async with Client(transport=closed) as session:
            events = session.subscribe(gql("subscription { onCreateItem { name } }"))
            await self.expect_failure(anext(events))
        broken = Client(transport=AppSyncTransport(self.url, auth=_Broken(self.store)))
        await self.expect_failure(broken.execute_async(gql("{ me { username } }")))

    async def expect_failure(self, request: Awaitable[object]) -> None:
        """Wait for a request that fails, and report its error."""
        try:
            await request
        except (TransportError, RuntimeError) as error:
            self.report(error)

    def report(self, error: BaseException) -> None:
        """Report an error to the agent."""
        self.errors.append(type(error).__name__)
        self.agent.report(error)

    async def note(self) -> None:
        """Note the present tokens as secrets."""
        tokens = await self.store.tokens()
        present = (tokens.access_token, tokens.id_token, tokens.refresh_token)
        self.secrets |= {str(token) for token in present if token}


class _Broken:
    """An authorization mode that raises an error when it has the headers in its hands."""

    def __init__(self, store: Any) -> None:
        self._store = store

    async def headers(self) -> Any:
        headers = await self._store.headers()
        raise RuntimeError(f"broken with {len(headers)} headers")

    async def renew(self, rejected: Any = None, *, denied: bool = False) -> Any:
        raise NotImplementedError


def main(name: str, when: str, url: str, endpoints: str, secrets: str) -> None:
    """Run the program and print what it has seen."""
    if when == "after":
        importlib.import_module("appsync_gql.transport")
    agent = AGENTS[name](url)
    program = Program(agent, json.loads(endpoints))
    with agent.transaction():
        asyncio.run(program.run())
    agent.close()
    Path(secrets).write_text(json.dumps(sorted(program.secrets)))
    print(json.dumps({"found": program.found, "errors": program.errors}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
