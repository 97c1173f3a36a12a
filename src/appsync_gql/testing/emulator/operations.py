"""Reads the operation out of a request's body.

Responses to bodies without one: https://github.com/graphql/graphql-over-http/issues/81
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
    validate,
)

from .responses import ApiResponse, malformed, request_error, validation_error

if TYPE_CHECKING:
    from graphql import GraphQLSchema

__all__ = ["Operation", "OperationReader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The operation that a request's body asks for.

    Attributes:
        document: the parsed document; ``None`` if it could not be parsed.
        node: the operation that was chosen in it; ``None`` if there is none.
        chosen: ``operationName`` of the body; ``None`` without.
        variables: by name.
        problem: the response, if the operation can't be executed; otherwise ``None``.
    """

    document: DocumentNode | None = None
    node: OperationDefinitionNode | None = None
    chosen: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    problem: ApiResponse | None = None

    @property
    def kind(self) -> str | None:
        """``query``, ``mutation`` or ``subscription``; ``None`` if no operation was chosen."""
        return self.node.operation.value if self.node else None

    @property
    def name(self) -> str | None:
        """The operation's name; ``None`` without."""
        named = self.node.name if self.node else None
        return self.chosen or (named.value if named else None)


class OperationReader:
    """Reads operations for one schema, and keeps the last 512 documents parsed."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._prepared = functools.lru_cache(maxsize=512)(self._prepare)

    def read(self, raw: bytes, *, realtime: bool = False) -> Operation:
        """Read a body.

        Args:
            raw: the body of an HTTP request, or the ``data`` of a real-time ``start`` message.
            realtime: whether it is such a message: then only subscriptions are supported,
                otherwise only queries and mutations.
        """
        if not raw.strip():
            return Operation(problem=malformed("Request body is empty."))
        body = _json_object(raw)
        name, variables = body.get("operationName"), body.get("variables")
        variables = {} if variables is None else variables
        if (
            not isinstance(body.get("query"), str)
            or not isinstance(name, str | None)
            or not isinstance(variables, dict)
        ):
            return Operation(problem=malformed("Unable to parse GraphQL query."))
        document, errors = self._prepared(body["query"])
        node = get_operation_ast(document, name or None) if document else None
        kind = node.operation.value if node else None
        problem = None
        if errors:
            problem = ApiResponse(200, {"data": None, "errors": errors})
        elif realtime is not (kind == "subscription"):
            problem = _unsupported(kind, realtime=realtime)
        return Operation(
            document=document, node=node, chosen=name or None, variables=variables, problem=problem
        )

    def _prepare(self, query: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
        """Return the parsed document and the errors that its validation found."""
        try:
            document = parse(query)
        except GraphQLError as error:
            return None, [validation_error(error, "InvalidSyntax")]
        return document, [validation_error(e) for e in validate(self._schema, document)]


def _json_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in a body; an empty one if there is none."""
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _unsupported(kind: str | None, *, realtime: bool) -> ApiResponse:
    if realtime:
        text = f"{kind or 'unknown'} not supported through the realtime channel"
        return request_error("UnsupportedOperation", text, status=200)
    return request_error("OperationNotSupported", "Use the real-time endpoint.", status=200)
