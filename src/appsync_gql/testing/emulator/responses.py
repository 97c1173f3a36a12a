"""AppSync's responses as status and JSON body, and the two shapes in which it reports errors.

An error before execution has a body without ``data``; an error of a field has its type and
info at the top level of the error, not under ``extensions``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .resolvers import ResolverError

if TYPE_CHECKING:
    from graphql import GraphQLError

__all__ = ["ApiResponse", "field_error", "malformed", "request_error", "validation_error"]

_KINDS = {
    "Cannot query field": "FieldUndefined",
    "Unknown argument": "UnknownArgument",
    "Unknown type": "UnknownType",
    "Unknown directive": "UnknownDirective",
    "Unknown fragment": "UndefinedFragment",
    "must have a selection of subfields": "SubSelectionRequired",
    "must not have a selection": "SubSelectionNotAllowed",
    "is required, but it was not provided": "MissingFieldArgument",
    "is never used": "UnusedVariable",
    "is not defined": "UndefinedVariable",
    "used in position expecting type": "VariableTypeMismatch",
}
"""Part of graphql-core's message, and graphql-java's name of that error, which AppSync shows."""


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """Status and body of one response.

    Attributes:
        status: HTTP status.
        body: is sent as JSON.
    """

    status: int
    body: dict[str, Any]

    @property
    def error_type(self) -> str | None:
        """``errorType`` of the first error; ``None`` without one."""
        errors = self.body.get("errors") or [{}]
        found: str | None = errors[0].get("errorType")
        return found


def request_error(error_type: str, message: str, status: int = 400) -> ApiResponse:
    """Return the response to a request of which nothing was executed."""
    return ApiResponse(status, {"errors": [{"errorType": error_type, "message": message}]})


def malformed(message: str) -> ApiResponse:
    """Return the response to a body that is not a GraphQL request."""
    return request_error("MalformedHttpRequestException", message)


def field_error(error: GraphQLError) -> dict[str, Any]:
    """Return an execution error in AppSync's shape."""
    original = error.original_error
    error_type = error_info = None
    if isinstance(original, ResolverError):
        error_type, error_info = original.error_type, original.error_info
    elif original is not None and not error.message.startswith("Cannot return null"):
        error_type = "Lambda:Unhandled"
    return {
        "path": error.path,
        "data": None,
        "errorType": error_type,
        "errorInfo": error_info,
        "locations": _locations(error),
        "message": error.message,
    }


def validation_error(error: GraphQLError, kind: str | None = None) -> dict[str, Any]:
    """Return an error of the document itself; ``kind=None`` derives it from the message."""
    if kind is None:
        found = (name for words, name in _KINDS.items() if words in error.message)
        kind = next(found, "WrongType")
    text = f"Validation error of type {kind}: {error.message}"
    return {"path": None, "locations": _locations(error), "message": text}


def _locations(error: GraphQLError) -> list[dict[str, Any]]:
    locations = error.locations or []
    return [{"line": at.line, "column": at.column, "sourceName": None} for at in locations]
