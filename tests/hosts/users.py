"""The clients of several users in one process, as a server has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gql import Client

from appsync_gql import (
    AppSyncTransport,
    BlockingAppSyncTransport,
    CognitoProvider,
    FilePersistence,
    RedisPersistence,
    TokenStore,
)

from .settings import Settings, answer_of, request_of

if TYPE_CHECKING:
    from appsync_gql import TokenPersistence


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
            persistence=_persistence(settings.sessions, name),
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


def _persistence(sessions: str, name: str) -> TokenPersistence:
    if "://" in sessions:
        # The lock of a process that is killed comes free after the lease.
        return RedisPersistence(sessions, key=name, lease=2.0)
    return FilePersistence(Path(sessions) / f"{name}.json")
