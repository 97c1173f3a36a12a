"""``paginate()``: the items of lists that come in pages, with ``for`` or ``async for``."""

from __future__ import annotations

import weakref
from copy import copy
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession, SyncClientSession

from ..exceptions import ConfigurationError
from ..http.request_body import gql
from .page_state import PageState
from .progress import ProgressBar, open_bar, package_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import DocumentNode
    from typing_extensions import Self

__all__ = ["Items", "paginate"]

_Client = Client | SyncClientSession | AsyncClientSession


def paginate(
    client: _Client,
    query: str | GraphQLRequest | DocumentNode,
    path: str | Sequence[str],
    *,
    variables: Mapping[str, Any] | None = None,
    limit: int | None = None,
    page_size: int | None = None,
    next_token: str | Mapping[str, str | None] | None = None,
    operation_name: str | None = None,
    execute_args: Mapping[str, Any] | None = None,
    progress: bool = False,
) -> Items:
    """Return the items of a list, page after page, for ``for`` or ``async for``.

    ::

        query = \"\"\"
            query Todos($limit: Int, $nextToken: String) {
              listTodos(limit: $limit, nextToken: $nextToken) { items { id name } nextToken }
            }
        \"\"\"
        for todo in paginate(client, query, "listTodos", page_size=100): ...
        async for todo in paginate(session, query, "listTodos"): ...

    Nothing is sent before the first item is asked for. Pages without items are passed over, as
    filters leave them. After an error the loop can go on: the same page is requested again.

    Args:
        client: an :class:`AppSyncClient` (for both loops), or a client or session of gql's.
        query: one query. Its list passes a variable as ``nextToken`` and selects ``items`` and
            ``nextToken``.
        path: the list by its name in the result: ``"listTodos"``, or ``"getUser.todos"`` inside
            of an object. Or several of them, each with a token variable of its own: then pairs
            ``(path, item)`` are returned, one request brings the next page of each, and those
            that are finished are skipped.
        variables: of the query, added to those of a ``GraphQLRequest``.
        limit: how many items are returned at most, of all lists together; ``None`` for all.
        page_size: how many items AppSync reads for one page: the value of the variable that the
            list passes as ``limit``; ``None`` for the API's default.
        next_token: begin with the page of this token, as ``variables["nextToken"]`` does; for
            several lists, tokens by path. See :attr:`Items.next_token`.
        operation_name: which operation of the query.
        execute_args: further keyword arguments of gql's ``execute``, such as
            ``{"parse_result": True}``.
        progress: show a bar of tqdm or rich on standard error, or in a notebook.

    Raises:
        ConfigurationError: the query can't be repeated for further pages, or an argument is
            wrong.
        MissingExtra: ``progress`` needs ``pip install "appsync-gql[progress]"``.
        graphql.GraphQLError: the query is not GraphQL.
    """
    _check_client(client)
    several = not isinstance(path, str)
    paths = list(path) if several else [str(path)]
    if not paths:
        raise ConfigurationError("path names no list.", setting="path")
    tokens = _tokens(next_token, paths, several=several)
    state = PageState(
        _request(query, variables, operation_name),
        paths,
        limit=limit,
        page_size=page_size,
        tokens=tokens,
    )
    bar = open_bar(package_of(_is_installed), ", ".join(paths), limit) if progress else None
    return Items(client, state, several=several, execute_args=execute_args or {}, bar=bar)


class Items:
    """The items of one or several lists, made by :func:`paginate`.

    It is its own iterator: a loop that was left can be continued by another one.

    Args:
        client: sends the requests.
        state: what was received so far.
        several: whether pairs ``(path, item)`` are returned.
        execute_args: further keyword arguments of gql's ``execute``.
        bar: counts the items; ``None`` for no bar.
    """

    def __init__(
        self,
        client: _Client,
        state: PageState,
        *,
        several: bool,
        execute_args: Mapping[str, Any],
        bar: ProgressBar | None,
    ) -> None:
        self._client, self._state, self._several = client, state, several
        self._execute_args, self._bar = dict(execute_args), bar
        if bar is not None:
            # Also where the loop is left early, and the object with it.
            weakref.finalize(self, bar.close)

    @property
    def next_token(self) -> str | dict[str, str | None] | None:
        """The token with which another ``paginate()`` goes on; for several lists, by path.

        It is that of the first page of which not all items were returned; so a page that was
        left in the middle comes again. ``None`` is the first page; see :attr:`finished`.
        """
        tokens = self._state.tokens
        return tokens if self._several else next(iter(tokens.values()))

    @property
    def finished(self) -> bool:
        """Whether all items were returned, or as many as ``limit``."""
        return self._state.finished

    @property
    def pages(self) -> int:
        """How many responses were received."""
        return self._state.pages

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        """Return the next item.

        Raises:
            PaginationFailed: a response is not a page, or a token comes again.
            TransportError: as ``execute`` of the client.
        """
        while (request := self._state.next_request()) is not None:
            self._state.receive(self._execute(request))
        item = self._take()
        if item is None:
            raise StopIteration
        return item.value

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        """Return the next item; errors as in a ``for`` loop."""
        while (request := self._state.next_request()) is not None:
            self._state.receive(await self._execute_async(request))
        item = self._take()
        if item is None:
            raise StopAsyncIteration
        return item.value

    def _execute(self, request: GraphQLRequest) -> Any:
        if isinstance(self._client, AsyncClientSession):
            raise ConfigurationError(
                "This session of gql's is asynchronous: use 'async for'.", setting="client"
            )
        return self._client.execute(request, **self._execute_args)

    async def _execute_async(self, request: GraphQLRequest) -> Any:
        if isinstance(self._client, SyncClientSession):
            raise ConfigurationError(
                "This session of gql's is synchronous: use 'for'.", setting="client"
            )
        if isinstance(self._client, AsyncClientSession):
            return await self._client.execute(request, **self._execute_args)
        return await self._client.execute_async(request, **self._execute_args)

    def _take(self) -> _Item | None:
        taken = self._state.take()
        if self._bar is not None:
            if taken is None:
                self._bar.close()
            else:
                self._bar.advance()
        if taken is None:
            return None
        return _Item(taken if self._several else taken[1])

    def __repr__(self) -> str:
        end = "finished" if self.finished else "unfinished"
        return f"<Items: {self._state.taken} so far, {self.pages} pages, {end}>"


class _Item:
    """An item, which may itself be ``None``."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None


def _check_client(client: object) -> None:
    if not isinstance(client, _Client):
        raise ConfigurationError(
            "client must be an AppSyncClient, or a client or session of gql's, not "
            f"{type(client).__name__}.",
            setting="client",
        )


def _request(
    query: str | GraphQLRequest | DocumentNode,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
) -> GraphQLRequest:
    if isinstance(query, GraphQLRequest):
        request = copy(query)
    else:
        request = gql(query) if isinstance(query, str) else GraphQLRequest(query)
    request.variable_values = {**(request.variable_values or {}), **(variables or {})}
    request.operation_name = operation_name or request.operation_name
    return request


def _tokens(
    next_token: str | Mapping[str, str | None] | None, paths: list[str], *, several: bool
) -> Mapping[str, str | None]:
    """Return the tokens to begin with, by path.

    Raises:
        ConfigurationError: one token is given for several lists.
    """
    if next_token is None:
        return {}
    if not isinstance(next_token, str):
        return next_token
    if several:
        raise ConfigurationError(
            "For several lists, next_token is a mapping of tokens by path.", setting="next_token"
        )
    return {paths[0]: next_token}
