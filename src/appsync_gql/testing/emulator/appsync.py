"""AppSync's GraphQL endpoint: who may come in, what runs, how errors look. No sockets."""

from __future__ import annotations

import functools
import inspect
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    execute,
    get_operation_ast,
    parse,
    validate,
)

from .keys import verified
from .record import harmless
from .sdl import API_KEY, Caller, Resolver, ResolverError, Resolvers, executable, unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = [
    "Api",
    "ApiAnswer",
    "Caller",
    "Operation",
    "Resolver",
    "ResolverError",
    "Resolvers",
    "unauthorized",
]

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
"""graphql-core's words for what graphql-java, which AppSync's texts come from, calls by name."""


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """Status and body."""

    status: int
    body: dict[str, Any]

    @property
    def error_type(self) -> str | None:
        """The first error's type."""
        errors = self.body.get("errors") or [{}]
        found: str | None = errors[0].get("errorType")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a request's body asks for.

    Attributes:
        document: parsed; ``None`` when that did not work.
        node: the operation in it that was chosen; ``None`` when there is none.
        chosen: ``operationName``; ``None`` without.
        variables: by name.
        problem: the answer, when the body can't be executed.
    """

    document: DocumentNode | None = None
    node: OperationDefinitionNode | None = None
    chosen: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    problem: ApiAnswer | None = None

    @property
    def kind(self) -> str | None:
        """``query``, ``mutation`` or ``subscription``; ``None`` when the body doesn't tell."""
        return self.node.operation.value if self.node else None

    @property
    def name(self) -> str | None:
        """The operation's name; ``None`` without."""
        named = self.node.name if self.node else None
        return self.chosen or (named.value if named else None)


class Api:
    """One API: a schema with resolvers, behind user-pool and API-key authorization."""

    def __init__(
        self,
        schema: str,
        resolvers: Resolvers,
        *,
        issuer: str,
        client_id: str,
        api_keys: Collection[str],
        now: Callable[[], float],
    ) -> None:
        self._issuer, self._client_id = issuer, client_id
        self._api_keys, self._now = frozenset(api_keys), now
        self.schema = executable(schema, resolvers, api_keys=api_keys)
        self._prepared = functools.lru_cache(maxsize=512)(self._prepare)

    def admit(self, headers: Mapping[str, str]) -> Caller | ApiAnswer:
        """Check who comes in; the answers are AppSync's own, message by message."""
        token = headers.get("Authorization")
        if not token:
            return self._admit_key(headers.get("x-api-key"), headers)
        try:
            claims = verified(token)
        except ValueError:
            return _refused("Unable to parse JWT token.")
        if claims is None or not self._is_for_this_api(claims):
            return _refused("Valid authorization header not provided.")
        if claims["exp"] <= self._now():
            return _refused("Token has expired.")
        return Caller(claims, headers=harmless(headers))

    def _admit_key(self, key: str | None, headers: Mapping[str, str]) -> Caller | ApiAnswer:
        if key is None:
            return _refused("Valid authorization header not provided.")
        if key not in self._api_keys:
            return _refused("You are not authorized to make this call.")
        return Caller(mode=API_KEY, headers=harmless(headers))

    def _is_for_this_api(self, claims: Mapping[str, Any]) -> bool:
        clients = {claims.get("client_id"), claims.get("aud")}
        return claims.get("iss") == self._issuer and self._client_id in clients

    def read(self, raw: bytes, *, realtime: bool = False) -> Operation:
        """Read a request's body, or what a ``start`` of the real-time protocol brings.

        The answers to unusable ones: https://github.com/graphql/graphql-over-http/issues/81
        """
        if not raw.strip():
            return Operation(problem=_malformed("Request body is empty."))
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            return Operation(problem=_malformed("Unable to parse GraphQL query."))
        name, variables = body.get("operationName"), body.get("variables")
        variables = {} if variables is None else variables
        if not isinstance(name, str | None) or not isinstance(variables, dict):
            return Operation(problem=_malformed("Unable to parse GraphQL query."))
        document, problems = self._prepared(body["query"])
        node = get_operation_ast(document, name or None) if document else None
        operation = Operation(
            document=document, node=node, chosen=name or None, variables=variables
        )
        if problems:
            answer = ApiAnswer(200, {"data": None, "errors": problems})
        elif realtime is not (operation.kind == "subscription"):
            answer = ApiAnswer(200, _elsewhere(operation.kind, realtime=realtime))
        else:
            return operation
        return Operation(
            document=document, node=node, chosen=name, variables=variables, problem=answer
        )

    async def execute(
        self, caller: Caller, operation: Operation, root: Mapping[str, Any] | None = None
    ) -> ApiAnswer:
        """Execute an operation, or say why it can't be.

        Args:
            caller: who asks.
            operation: what to execute.
            root: of a subscription, the event by the field's name; ``None`` for no event.
        """
        if operation.problem is not None or operation.document is None:
            return operation.problem or _malformed("Unable to parse GraphQL query.")
        outcome = execute(
            self.schema,
            operation.document,
            root_value=root,
            context_value=caller,
            variable_values=operation.variables,
            operation_name=operation.chosen,
        )
        result = await outcome if inspect.isawaitable(outcome) else outcome
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [_error(e) for e in result.errors]
        return ApiAnswer(200, answer)

    def deny(self, operation: Operation) -> ApiAnswer:
        """Answer as if no root field were for this caller; nothing is executed."""
        if operation.problem is not None or operation.node is None:
            return operation.problem or _malformed("Unable to parse GraphQL query.")
        owner = (operation.kind or "").capitalize()
        fields = [n for n in operation.node.selection_set.selections if isinstance(n, FieldNode)]
        data: dict[str, None] = {}
        errors = []
        for node in fields:
            key = node.alias.value if node.alias else node.name.value
            text = f"Not Authorized to access {node.name.value} on type {owner}"
            refusal = ResolverError(text, "Unauthorized")
            error = GraphQLError(text, [node], path=[key], original_error=refusal)
            data[key] = None
            errors.append(_error(error))
        return ApiAnswer(200, {"data": data, "errors": errors})

    def _prepare(self, query: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
        try:
            document = parse(query)
        except GraphQLError as error:
            return None, [_validation(error, "InvalidSyntax")]
        return document, [_validation(e, _kind(e)) for e in validate(self.schema, document)]


def _errors(error_type: str, message: str) -> dict[str, Any]:
    """Make a body in the shape that comes before execution: no ``data``."""
    return {"errors": [{"errorType": error_type, "message": message}]}


def _elsewhere(kind: str | None, *, realtime: bool) -> dict[str, Any]:
    if realtime:
        text = f"{kind or 'unknown'} not supported through the realtime channel"
        return _errors("UnsupportedOperation", text)
    return _errors("OperationNotSupported", "Use the real-time endpoint.")


def _refused(message: str) -> ApiAnswer:
    return ApiAnswer(401, _errors("UnauthorizedException", message))


def _malformed(message: str) -> ApiAnswer:
    return ApiAnswer(400, _errors("MalformedHttpRequestException", message))


def _error(error: GraphQLError) -> dict[str, Any]:
    """Give an execution error in AppSync's shape: type and info at its top level."""
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


def _validation(error: GraphQLError, kind: str) -> dict[str, Any]:
    text = f"Validation error of type {kind}: {error.message}"
    return {"path": None, "locations": _locations(error), "message": text}


def _kind(error: GraphQLError) -> str:
    return next((kind for words, kind in _KINDS.items() if words in error.message), "WrongType")


def _locations(error: GraphQLError) -> list[dict[str, Any]]:
    places = error.locations or []
    return [{"line": p.line, "column": p.column, "sourceName": None} for p in places]
