"""The transport for gql's synchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gql.transport.transport import Transport

from .background_loop import background_loop
from .exceptions import ConfigurationError
from .pickling import not_pickled
from .secret import arguments_hidden
from .transport import AppSyncTransport

if TYPE_CHECKING:
    from gql import GraphQLRequest
    from graphql import ExecutionResult

__all__ = ["BlockingAppSyncTransport"]


class BlockingAppSyncTransport(Transport):
    """:class:`AppSyncTransport` for synchronous code: ``Client(transport=…).execute(query)``.

    For scripts, any number of threads, prefork servers, and code inside a running event loop,
    such as a notebook's. All of a process's transports share one event loop on a background
    thread, and a transport's connections are shared by all threads. Nothing has to be closed:
    idle connections are closed after 15 s, and the others at the end of the program.

    Args:
        url: the API's GraphQL endpoint.
        transport_arguments: as for :class:`AppSyncTransport`.

    Attributes:
        transport: the asynchronous transport that makes the requests.

    Raises:
        ConfigurationError, InsecureEndpoint: as :class:`AppSyncTransport`.
    """

    @arguments_hidden
    def __init__(self, url: str, **transport_arguments: Any) -> None:
        self.transport = AppSyncTransport(url, **transport_arguments)

    __reduce__ = not_pickled

    @classmethod
    def over(cls, transport: AppSyncTransport) -> BlockingAppSyncTransport:
        """Return a blocking transport over an asynchronous one, which both may use.

        Raises:
            ConfigurationError: it is no ``AppSyncTransport``.
        """
        if not isinstance(transport, AppSyncTransport):
            raise ConfigurationError("over() takes an AppSyncTransport.", setting="transport")
        made = cls.__new__(cls)
        made.transport = transport
        return made

    def execute(
        self,
        request: GraphQLRequest,
        *args: Any,
        **kwargs: Any,
    ) -> ExecutionResult:
        """Execute a query or mutation; see :meth:`AppSyncTransport.execute`."""
        return background_loop.run(self._execute(request, *args, **kwargs))

    def execute_batch(
        self,
        reqs: list[GraphQLRequest],
        *args: Any,
        **kwargs: Any,
    ) -> list[ExecutionResult]:
        """Execute several requests; see :meth:`AppSyncTransport.execute_batch`."""
        return background_loop.run(self._execute_batch(reqs, *args, **kwargs))

    async def _execute(self, request: GraphQLRequest, *args: Any, **kwargs: Any) -> ExecutionResult:
        await self._connected()
        return await self.transport.execute(request, *args, **kwargs)

    async def _execute_batch(
        self, reqs: list[GraphQLRequest], *args: Any, **kwargs: Any
    ) -> list[ExecutionResult]:
        await self._connected()
        return await self.transport.execute_batch(reqs, *args, **kwargs)

    async def _connected(self) -> None:
        """Connect the transport to the background loop at first use."""
        if self.transport.session is None:
            await self.transport.connect()

    def connect(self) -> None:
        """Do nothing: the first request connects."""

    def close(self) -> None:
        """Do nothing: connections stay open for other threads and later calls."""

    def disconnect(self) -> None:
        """Close the connections and end the subscriptions; the next request connects again."""

        async def close() -> None:
            while self.transport.session is not None:
                await self.transport.close()

        background_loop.run(close())
