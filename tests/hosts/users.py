"""The clients of several users in one process, as a server has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gql import Client

from appsync_gql import (
    AppSyncTransport,
    BlockingAppSyncTransport,
    CognitoProvider,
    FilePersistence,
    TokenStore,
)

from .api import Settings, answer_of, request_of


class Users:
    """One token store and one transport for each user, created at once and never again.

    Args:
        settings: of the API and the users.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = settings.users
        self.stores = {name: self._store(name) for name in self.names}
        self.transports = {
            name: AppSyncTransport(settings.graphql_url, auth=store)
            for name, store in self.stores.items()
        }
        self._clients = {
            name: Client(transport=transport) for name, transport in self.transports.items()
        }
        self._blocking = {
            name: Client(transport=BlockingAppSyncTransport(settings.graphql_url, auth=store))
            for name, store in self.stores.items()
        }

    def _store(self, name: str) -> TokenStore:
        settings = self.settings
        return TokenStore(
            CognitoProvider(
                settings.client_id, region=settings.region, endpoint_url=settings.cognito_url
            ),
            refresh_token=settings.refresh_tokens[name],
            persistence=FilePersistence(Path(settings.folder) / f"{name}.json"),
        )

    def ask_blocking(self, user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
        """Ask with the transport for synchronous code."""
        return answer_of(self._blocking[user].execute(request_of(text, mutation=mutation)))

    def ask_sync(self, user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
        """Ask with gql's synchronous ``execute`` on the asynchronous transport."""
        return answer_of(self._clients[user].execute(request_of(text, mutation=mutation)))

    async def ask_async(self, user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
        """Ask in a task, with a session of its own for each call."""
        client = Client(transport=self.transports[user])
        return answer_of(await client.execute_async(request_of(text, mutation=mutation)))

    async def aclose(self) -> None:
        """Close all stores."""
        for store in self.stores.values():
            await store.aclose()

    def warm_up(self, ask: Any) -> None:
        """Ask once for each user, so that connections, threads and clients are there."""
        for number, name in enumerate(self.names):
            text = f"{name}-warm-{number}"
            assert ask(name, text, False) == (text, name)  # noqa: FBT003
