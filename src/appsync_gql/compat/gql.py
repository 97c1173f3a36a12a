"""Undocumented parts of gql."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from gql import GraphQLRequest
from gql.client import ReconnectingAsyncClientSession
from gql.transport.common.aiohttp_closed_event import create_aiohttp_closed_event
from graphql import ExecutionResult

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp
    from gql.transport.aiohttp import AIOHTTPTransport
    from graphql import DocumentNode

__all__ = [
    "UnparsedResult",
    "in_reconnecting_session",
    "post_arguments",
    "printed_request",
    "wait_until_closed",
]


class _PrintedRequest(GraphQLRequest):
    """A request whose payload takes the document's text from a cache.

    gql prints the document for every request, which is most of the time that it spends on one.
    It builds the payload in the property ``payload``, which is overridden here.

    Args:
        request: the request to copy.
        text_of: returns the text of a document.
    """

    def __init__(self, request: GraphQLRequest, text_of: Callable[[DocumentNode], str]) -> None:
        vars(self).update(vars(request))
        self._text_of = text_of

    @property
    def payload(self) -> dict[str, Any]:
        """The JSON object that is sent."""
        possible = {
            "operationName": self.operation_name,
            "variables": self.variable_values,
            "extensions": getattr(self, "extensions", None),  # gql 4.0 has none
        }
        present = {name: value for name, value in possible.items() if value}
        return {"query": self._text_of(self.document), **present}


def printed_request(
    request: GraphQLRequest, text_of: Callable[[DocumentNode], str]
) -> GraphQLRequest:
    """Return a request with the same payload that is not printed anew each time.

    A request of a subclass is returned as it is: its payload may be another.
    """
    return _PrintedRequest(request, text_of) if type(request) is GraphQLRequest else request


def post_arguments(
    transport: AIOHTTPTransport,
    request: GraphQLRequest,
    extra_args: dict[str, Any] | None,
    *,
    upload_files: bool,
) -> dict[str, Any]:
    """Return the arguments of aiohttp's ``post`` as gql prepares them.

    gql has no public function for it; needed for file uploads, whose multipart body gql builds.
    """
    return transport._prepare_request(request, extra_args, upload_files)  # noqa: SLF001


_RECONNECTING = getattr(
    getattr(ReconnectingAsyncClientSession, "_connection_loop", None), "__code__", None
)


def in_reconnecting_session() -> bool:
    """Return whether the current task is the connection task of gql's reconnecting session.

    gql's transport does not learn that it will be closed and connected again, nor that it
    repeats requests. ``False`` with a gql that has no such task any more.
    """
    task = asyncio.current_task()
    code = getattr(task and task.get_coro(), "cr_code", None)
    return code is not None and code is _RECONNECTING


async def wait_until_closed(session: aiohttp.ClientSession, seconds: float | None) -> None:
    """Close a session and wait until its connections are closed, TLS included.

    aiohttp's ``close`` does not wait for TLS; gql has a function for that, which is not in its
    documentation.

    Args:
        session: the session.
        seconds: how long to wait at most; ``None`` for no limit.
    """
    if not session.connector_owner:  # its connections stay open
        await session.close()
        return
    closed = create_aiohttp_closed_event(session)
    await session.close()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(closed.wait(), seconds)


class UnparsedResult(ExecutionResult):
    """A result whose data gql's ``Client`` leaves as it is.

    Reason: with a schema and ``parse_results``, gql's session assigns to ``result.data`` what
    it made of the data by the schema. A :class:`~appsync_gql.Gap` has no data of that schema
    and would become an empty result, which looks like an event.
    Seen in gql 4.0 to 4.4 (``AsyncClientSession._subscribe``).
    """

    __slots__ = ("_data",)

    def __init__(self, data: object) -> None:
        self._data = data
        super().__init__(data)  # type: ignore[arg-type] # graphql-core allows mappings alone

    @property  # type: ignore[override] # graphql-core allows mappings alone
    def data(self) -> object:
        """What it was made with."""
        return self._data

    @data.setter
    def data(self, parsed: object) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Ignore what gql assigns."""
