"""GraphQL documents: read once, printed once, and encoded once."""

from __future__ import annotations

import weakref
from functools import lru_cache
from typing import Any, NamedTuple

from aiohttp import BytesPayload
from gql import GraphQLRequest
from graphql import DocumentNode, Source, parse, print_ast

from .json import dumps

__all__ = ["body_of", "gql", "payload_of", "printed_once", "text_of"]

_DOCUMENTS = 512
"""How many texts :func:`gql` remembers; the least recently used goes first."""


def gql(
    request_string: str,
    *,
    variable_values: dict[str, Any] | None = None,
    operation_name: str | None = None,
) -> GraphQLRequest:
    """Make a request of a text, as ``gql.gql`` does, reading each text only once.

    Use it in place of ``gql.gql`` where texts are turned into requests on the way to
    every call. Requests of the same text share one document, which is not to be
    changed; the request itself is new each time. The last 512 texts are remembered.

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


class _Printed(NamedTuple):
    document: weakref.ref[DocumentNode]
    text: str
    json: bytes
    alone: BytesPayload


_printed: dict[int, _Printed] = {}


def _printed_form(document: DocumentNode) -> _Printed:
    """Print a document, or remember how this very object was printed before.

    Printing is most of what gql spends on a request. Documents are remembered by
    identity, since comparing or hashing them costs nearly as much as printing,
    and forgotten with the document. One that is changed in place after its
    first use goes out as it was then: make a new one instead.
    """
    key = id(document)
    found = _printed.get(key)
    if found is not None and found.document() is document:
        return found

    def forget(dead: weakref.ref[DocumentNode]) -> None:
        # The id may belong to another document by now.
        if key in _printed and _printed[key].document is dead:
            del _printed[key]

    text = print_ast(document)
    json = dumps(text)
    alone = _payload(b'{"query":%b}' % json)
    _printed[key] = new = _Printed(weakref.ref(document, forget), text, json, alone)
    return new


def _payload(body: bytes) -> BytesPayload:
    return BytesPayload(body, content_type="application/json")


def text_of(document: DocumentNode) -> str:
    """Give a document's text; one changed in place after its first use stays as it was."""
    return _printed_form(document).text


def body_of(request: GraphQLRequest) -> bytes:
    """Give the JSON body of a request (https://graphql.github.io/graphql-over-http/draft/).

    Raises:
        TypeError: a variable can't be written as JSON.
        ValueError: a variable holds itself.
    """
    if type(request) is not GraphQLRequest:  # its payload may be anything
        return dumps(request.payload)
    parts = [b'{"query":', _printed_form(request.document).json]
    if request.operation_name:
        parts += (b',"operationName":', dumps(request.operation_name))
    if request.variable_values:
        parts += (b',"variables":', dumps(request.variable_values))
    # gql 4.0 has no extensions yet.
    if extensions := getattr(request, "extensions", None):
        parts += (b',"extensions":', dumps(extensions))
    parts.append(b"}")
    return b"".join(parts)


def payload_of(request: GraphQLRequest) -> BytesPayload:
    """Give the same body as aiohttp sends it, which knows its content type.

    One payload serves all requests that are no more than a document: it is only read,
    as aiohttp itself does where it follows a redirect.

    Raises:
        TypeError: as :func:`body_of`, as does ``ValueError``.
    """
    if (
        request.variable_values
        or request.operation_name
        or type(request) is not GraphQLRequest
        or getattr(request, "extensions", None)
    ):
        return _payload(body_of(request))
    return _printed_form(request.document).alone


class _PrintedOnce(GraphQLRequest):
    """A request whose payload does not print its document anew."""

    def __init__(self, request: GraphQLRequest) -> None:
        vars(self).update(vars(request))

    @property
    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = {"query": text_of(self.document)}
        if self.operation_name:
            payload["operationName"] = self.operation_name
        if self.variable_values:
            payload["variables"] = self.variable_values
        if extensions := getattr(self, "extensions", None):
            payload["extensions"] = extensions
        return payload


def printed_once(request: GraphQLRequest) -> GraphQLRequest:
    """Give a request with the same payload, cheaper; one of a class of your own stays as it is."""
    return _PrintedOnce(request) if type(request) is GraphQLRequest else request
