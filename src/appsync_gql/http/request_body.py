"""GraphQL documents and requests: parsed once, printed once, encoded once."""

from __future__ import annotations

import weakref
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import BytesPayload
from gql import GraphQLRequest
from graphql import DocumentNode, OperationType, Source, get_operation_ast, parse, print_ast

from .json import dumps

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiohttp.abc import AbstractStreamWriter

__all__ = [
    "TrackedPayload",
    "body_of",
    "encoded",
    "gql",
    "is_query",
    "operation_type",
    "text_of",
]

_DOCUMENTS = 512
"""How many texts :func:`gql` caches; the least recently used is removed first."""


def gql(
    request_string: str,
    *,
    variable_values: dict[str, Any] | None = None,
    operation_name: str | None = None,
) -> GraphQLRequest:
    """Return a request of a text, as ``gql.gql`` does, parsing each text only once.

    Use it in place of ``gql.gql`` where texts become requests right before every call. Requests
    of the same text share one document, which must not be changed; the request itself is new
    each time. The last 512 texts are cached.

    Args:
        request_string: the GraphQL text.
        variable_values: its variables.
        operation_name: which operation is meant, if there are several in it.

    Raises:
        graphql.GraphQLError: it is not GraphQL.
    """
    return GraphQLRequest(
        _parsed(request_string), variable_values=variable_values, operation_name=operation_name
    )


@lru_cache(_DOCUMENTS)
def _parsed(text: str) -> DocumentNode:
    return parse(Source(text, "GraphQL request"))


class TrackedPayload(BytesPayload):
    """A JSON body that remembers whether aiohttp has begun to send it.

    Attributes:
        started: whether a part of the body may have been sent.
    """

    started = False

    def __init__(self, body: bytes) -> None:
        super().__init__(body, content_type="application/json")

    def fresh(self) -> TrackedPayload:
        """Return a payload of the same body that was not sent; faster than a new one."""
        copied = object.__new__(TrackedPayload)
        copied.__dict__ = {  # pyright: ignore[reportAttributeAccessIssue] # Python allows it
            **self.__dict__,
            "started": False,
        }
        return copied

    # Both return aiohttp's own coroutines: one more of ours would cost as much as the rest. Which
    # class of coroutines it is does not matter to aiohttp.

    def write(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, writer: AbstractStreamWriter
    ) -> Coroutine[Any, Any, None]:
        """Send the body; called by aiohttp."""
        self.started = True
        return super().write(writer)

    def write_with_length(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> Coroutine[Any, Any, None]:
        """Send the body; called by aiohttp."""
        self.started = True
        return super().write_with_length(writer, content_length)


class _Printed(NamedTuple):
    """A document in the forms that are sent.

    Attributes:
        document: the document.
        text: its text.
        json: the text as a JSON string.
        body: the whole body of a request that has nothing but this document.
        payload: the same body, as aiohttp sends it.
        type: the type of its operation; ``None`` if there is not exactly one.
    """

    document: weakref.ref[DocumentNode]
    text: str
    json: bytes
    body: bytes
    payload: TrackedPayload
    type: OperationType | None


_printed: dict[int, _Printed] = {}


def _print(document: DocumentNode) -> _Printed:
    """Return the printed form of a document, from the cache if this object was printed before.

    Printing is most of what gql spends on a request. Documents are cached by identity, since
    comparing or hashing them costs nearly as much as printing, and removed with the document.
    One that is changed in place after its first use is sent as it was then.
    """
    key = id(document)
    found = _printed.get(key)
    if found is not None and found.document() is document:
        return found

    def remove(dead: weakref.ref[DocumentNode]) -> None:
        # Another document may have the same id by now.
        if key in _printed and _printed[key].document is dead:
            del _printed[key]

    text = print_ast(document)
    json = dumps(text)
    body = b'{"query":%b}' % json
    operation = get_operation_ast(document)
    _printed[key] = new = _Printed(
        weakref.ref(document, remove),
        text,
        json,
        body,
        TrackedPayload(body),
        None if operation is None else operation.operation,
    )
    return new


def text_of(document: DocumentNode) -> str:
    """Return a document's text; one changed in place after its first use stays as it was."""
    return _print(document).text


def operation_type(request: GraphQLRequest) -> OperationType | None:
    """Return the type of the operation that will run; ``None`` if it is not known."""
    if request.operation_name:
        operation = get_operation_ast(request.document, request.operation_name)
        return None if operation is None else operation.operation
    return _print(request.document).type


def is_query(request: GraphQLRequest) -> bool:
    """Return whether the operation that will run is a query.

    One whose type is not known counts as a mutation: that is the safe assumption.
    """
    return operation_type(request) is OperationType.QUERY


def encoded(request: GraphQLRequest) -> tuple[bytes, TrackedPayload, bool]:
    """Return a request as JSON (https://graphql.github.io/graphql-over-http/draft/).

    Returns:
        The exact bytes; the same as aiohttp sends them, a payload for this request alone; and
        whether the operation that will run is a query.

    Raises:
        TypeError: a variable can't be written as JSON.
        ValueError: a variable contains itself.
        RecursionError: a variable is nested too deeply.
    """
    printed = _print(request.document)
    # gql 4.0 has no extensions, and a subclass may have any payload.
    if type(request) is not GraphQLRequest:
        body = dumps(request.payload)
    elif request.variable_values or request.operation_name or getattr(request, "extensions", None):
        body = _body_of_parts(request, printed)
    else:
        query = printed.type is OperationType.QUERY
        return printed.body, printed.payload.fresh(), query
    return body, TrackedPayload(body), is_query(request)


def body_of(request: GraphQLRequest) -> bytes:
    """Return the JSON body of a request; raises as :func:`encoded`."""
    return encoded(request)[0]


def _body_of_parts(request: GraphQLRequest, printed: _Printed) -> bytes:
    parts = [b'{"query":', printed.json]
    if request.operation_name:
        parts += (b',"operationName":', dumps(request.operation_name))
    if request.variable_values:
        parts += (b',"variables":', dumps(request.variable_values))
    if extensions := getattr(request, "extensions", None):
        parts += (b',"extensions":', dumps(extensions))
    parts.append(b"}")
    return b"".join(parts)
