"""A gql client whose synchronous methods work everywhere, and the one line that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gql import Client

from .background_loop import background_loop
from .blocking import BlockingAppSyncTransport
from .exceptions import ConfigurationError
from .transport import AppSyncTransport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from gql import GraphQLRequest
    from gql.client import SyncClientSession

__all__ = ["AppSyncClient"]


class AppSyncClient(Client):
    """gql's ``Client``, whose ``execute`` and ``subscribe`` work in any thread and any loop.

    ``execute``, ``execute_batch``, ``subscribe`` and ``with client`` are synchronous: in a
    script, in any thread, and inside a running event loop such as a notebook's.
    ``execute_async``, ``subscribe_async``, ``async with client`` are gql's, on the caller's loop.

    Args:
        transport: an :class:`AppSyncTransport` or :class:`BlockingAppSyncTransport`.
        client_arguments: as for gql's ``Client``: ``schema``, ``parse_results``, ….

    Attributes:
        auth: the transport's authorization mode; ``None`` without.

    Raises:
        ConfigurationError: it is another transport.
    """

    def __init__(
        self,
        *,
        transport: AppSyncTransport | BlockingAppSyncTransport,
        **client_arguments: Any,
    ) -> None:
        if isinstance(transport, BlockingAppSyncTransport):
            self._blocking = transport
        elif isinstance(transport, AppSyncTransport):
            self._blocking = BlockingAppSyncTransport.over(transport)
        else:
            raise ConfigurationError(
                "transport is an AppSyncTransport or a BlockingAppSyncTransport, not "
                f"{type(transport).__name__}.",
                setting="transport",
            )
        super().__init__(transport=self._blocking.transport, **client_arguments)
        # gql's client is synchronous or asynchronous by its transport: this one has both.
        self._synchronous = Client(transport=self._blocking, **client_arguments)
        self.auth = self._blocking.transport.authorization

    def execute(self, request: GraphQLRequest, **arguments: Any) -> Any:
        """Execute a query or mutation and return its data; see gql's ``Client.execute``."""
        return self._synchronous.execute(request, **arguments)

    def execute_batch(self, requests: list[GraphQLRequest], **arguments: Any) -> Any:
        """Execute several requests and return their data; see gql's ``Client.execute_batch``."""
        return self._synchronous.execute_batch(requests, **arguments)

    def execute_sync(self, request: GraphQLRequest, **arguments: Any) -> Any:
        """Execute a query or mutation; the same as :meth:`execute`."""
        return self._synchronous.execute(request, **arguments)

    def connect_sync(self) -> SyncClientSession:
        """Return a synchronous session, as ``with client as session`` does."""
        session: SyncClientSession = self._synchronous.connect_sync()  # type: ignore[no-untyped-call]
        self.schema = self._synchronous.schema
        return session

    def close_sync(self) -> None:
        """End a synchronous session; connections stay open for later calls."""
        self._synchronous.close_sync()  # type: ignore[no-untyped-call]

    def subscribe(self, request: GraphQLRequest, **arguments: Any) -> Generator[Any, None, None]:
        """Yield the results of a subscription, until it ends or the loop is left.

        Args:
            request: one subscription.
            arguments: as for gql's ``Client.subscribe`` and
                :meth:`AppSyncTransport.subscribe`.
        """
        results: AsyncGenerator[Any, None] = self.subscribe_async(request, **arguments)
        try:
            while (result := background_loop.run(anext(results, _END))) is not _END:
                yield result
        finally:
            background_loop.run(_close(results))

    def close(self) -> None:
        """Close the connections of synchronous calls; a later call opens new ones."""
        self._blocking.disconnect()


_END = object()


async def _close(results: AsyncGenerator[Any, None]) -> None:
    await results.aclose()
