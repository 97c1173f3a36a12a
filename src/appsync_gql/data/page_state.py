"""The state of a list that is read page by page: what to ask for next, what came. Pure."""

from __future__ import annotations

import hashlib
from collections import deque
from copy import copy
from typing import TYPE_CHECKING, Any

from ..exceptions import ConfigurationError, PaginationFailed
from .page_fields import PageField, page_fields, skipping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gql import GraphQLRequest
    from graphql import DocumentNode

__all__ = ["PageState"]


class PageState:
    """Which pages of a query have come, and the items that wait to be taken.

    Args:
        request: the query with its variables.
        paths: the lists in it; see :func:`page_fields`.
        limit: how many items are taken at most; ``None`` for all.
        page_size: the value of the variable in the argument ``limit``; ``None`` leaves it.
        tokens: the token to begin with, by path; lists without one begin at the beginning,
            or at the variable that the request has.

    Attributes:
        taken: how many items were taken.
        pages: how many pages came.

    Raises:
        ConfigurationError: the query can't be repeated for further pages, or an argument is
            wrong.
    """

    def __init__(
        self,
        request: GraphQLRequest,
        paths: list[str],
        *,
        limit: int | None = None,
        page_size: int | None = None,
        tokens: Mapping[str, str | None] | None = None,
    ) -> None:
        _check_count("limit", limit, least=0)
        _check_count("page_size", page_size, least=1)
        self._request, self._limit = request, limit
        self._fields = page_fields(request.document, request.operation_name, paths)
        self._variables = dict(request.variable_values or {})
        self._set_page_size(page_size)
        self._lists = {field.path: _List(field, self._variables) for field in self._fields}
        for path, token in (tokens or {}).items():
            self._list(path).begin_at(token)
        self._documents: dict[tuple[str, ...], DocumentNode] = {}
        self._waiting: deque[tuple[str, Any]] = deque()
        self.taken = self.pages = 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to be asked for or taken."""
        if self._limit is not None and self.taken >= self._limit:
            return True
        return not self._waiting and not self._unfinished

    @property
    def tokens(self) -> dict[str, str | None]:
        """The token of the first page of each list that was not taken completely.

        ``None``: the first page, or the list is finished.
        """
        partly = {path for path, _ in self._waiting}
        return {
            path: found.last_token if path in partly else found.next_token
            for path, found in self._lists.items()
        }

    def next_request(self) -> GraphQLRequest | None:
        """Return the request for the next page; ``None`` while items wait, and at the end."""
        if self._waiting or self.finished:
            return None
        request = copy(self._request)
        request.document = self._document()
        variables = dict(self._variables)
        for found in self._unfinished:
            variables[found.field.token_variable] = found.next_token
        request.variable_values = variables
        return request

    def receive(self, data: Any) -> None:
        """Take over the data of the response to the last request.

        Raises:
            PaginationFailed: it is not a page, or its token has come before.
        """
        pages = [(found, found.page_of(data)) for found in self._unfinished]
        for found, (items, token) in pages:
            found.advance(token)
            self._waiting.extend((found.field.path, item) for item in items)
        self.pages += 1

    def take(self) -> tuple[str, Any] | None:
        """Return the next item and the path of its list; ``None`` if none waits."""
        if not self._waiting or self.finished:
            return None
        self.taken += 1
        return self._waiting.popleft()

    @property
    def _unfinished(self) -> list[_List]:
        return [found for found in self._lists.values() if not found.finished]

    def _list(self, path: str) -> _List:
        if path not in self._lists:
            raise ConfigurationError(
                f"next_token names {path!r}, which is not one of {', '.join(self._lists)}.",
                setting="next_token",
            )
        return self._lists[path]

    def _document(self) -> DocumentNode:
        """Return the query, in which lists that are finished are skipped."""
        finished = tuple(path for path, found in self._lists.items() if found.finished)
        if finished not in self._documents:
            fields = [self._lists[path].field for path in finished]
            self._documents[finished] = skipping(
                self._request.document, self._request.operation_name, fields
            )
        return self._documents[finished]

    def _set_page_size(self, page_size: int | None) -> None:
        if page_size is None:
            return
        for field in self._fields:
            if field.size_variable is None:
                raise ConfigurationError(
                    f"page_size needs a variable in {field.path}(limit: …): declare $limit: Int "
                    "and pass (limit: $limit).",
                    setting="page_size",
                )
            self._variables[field.size_variable] = page_size


class _List:
    """One list: the tokens of its pages."""

    def __init__(self, field: PageField, variables: Mapping[str, Any]) -> None:
        self.field = field
        self.finished = False
        self.last_token: str | None = None
        self.next_token: str | None = None
        self._digests: set[bytes] = set()
        self.begin_at(variables.get(field.token_variable))

    def begin_at(self, token: object) -> None:
        """Begin with the page of a token; ``None`` for the first page."""
        if not isinstance(token, str | None):
            raise ConfigurationError(
                f"The nextToken of {self.field.path} must be a str or None, not "
                f"{type(token).__name__}.",
                setting="next_token",
            )
        self.next_token = token
        self._digests = {_digest(token)}

    def page_of(self, data: Any) -> tuple[list[Any], str | None]:
        """Return the items and the next token of a response; changes nothing.

        Raises:
            PaginationFailed: there is no page, or its token has come before.
        """
        page = self._page(data)
        items, token = page.get(self.field.items), page.get(self.field.token)
        if not isinstance(items, list | None):
            raise self._wrong(f"its {self.field.items!r} is not a list")
        if not isinstance(token, str | None):
            raise self._wrong(f"its {self.field.token!r} is neither a string nor null")
        if token and _digest(token) in self._digests:
            raise self._wrong("its nextToken has come before, so that the pages never end")
        return items or [], token or None

    def advance(self, token: str | None) -> None:
        """Note the token of the next page; ``None`` if the last one has come."""
        self.last_token, self.next_token = self.next_token, token
        self.finished = token is None
        if token is not None:
            self._digests.add(_digest(token))

    def _page(self, data: Any) -> Mapping[str, Any]:
        """Return the page; an empty one where the result is null."""
        found = data
        for key in self.field.keys:
            if found is None:
                break
            if isinstance(found, list):
                raise self._wrong("it is inside of a list: read the pages of one object only")
            found = found.get(key) if isinstance(found, dict) else found
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise self._wrong("it is not an object with 'items' and 'nextToken'")
        return found

    def _wrong(self, reason: str) -> PaginationFailed:
        return PaginationFailed(
            f"The result at {self.field.path} is not a usable page: {reason}. The resolver in "
            "the API must be corrected, or the path."
        )


def _digest(token: str | None) -> bytes:
    """Return a digest of a token: tokens are long, and all of them are remembered."""
    return hashlib.sha256(repr(token).encode()).digest()


def _check_count(name: str, value: object, *, least: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(
            f"{name} must be None or a whole number, {least} or more.", setting=name
        )
