"""The text of a GraphQL document, printed once."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from gql import GraphQLRequest
from graphql import print_ast

if TYPE_CHECKING:
    from graphql import DocumentNode

__all__ = ["printed_once", "text_of"]

_texts: dict[int, tuple[weakref.ref[DocumentNode], str]] = {}


def text_of(document: DocumentNode) -> str:
    """Print a document, or remember how this very object was printed before.

    Printing is most of what gql spends on a request. Documents are remembered by
    identity, since comparing or hashing them costs nearly as much as printing,
    and forgotten with the document. One that is changed in place after its
    first use goes out as it was then: make a new one instead.
    """
    key = id(document)
    found = _texts.get(key)
    if found is not None and found[0]() is document:
        return found[1]
    text = print_ast(document)

    def forget(dead: weakref.ref[DocumentNode]) -> None:
        # The id may belong to another document by now.
        if _texts.get(key, (None,))[0] is dead:
            del _texts[key]

    _texts[key] = (weakref.ref(document, forget), text)
    return text


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
        # gql 4.0 has no extensions yet.
        if extensions := getattr(self, "extensions", None):
            payload["extensions"] = extensions
        return payload


def printed_once(request: GraphQLRequest) -> GraphQLRequest:
    """Give a request with the same payload, cheaper; one of a class of your own stays as it is."""
    return _PrintedOnce(request) if type(request) is GraphQLRequest else request
