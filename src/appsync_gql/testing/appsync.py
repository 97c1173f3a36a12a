"""AppSync's GraphQL endpoint: who may come in, what runs, how errors look. No sockets."""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    build_schema,
    default_field_resolver,
    execute,
    get_operation_ast,
    parse,
    validate,
)

from .keys import verified

__all__ = ["Api", "ApiAnswer", "Caller", "ResolverError", "Resolvers", "unauthorized"]

Resolver = Callable[..., Any]
Resolvers = Mapping[str, Mapping[str, Resolver]]
"""``{"Query": {"item": resolver}}``; one takes ``(source, info, **arguments)``, async or not."""

_SCALARS = [
    "AWSDate",
    "AWSDateTime",
    "AWSEmail",
    "AWSIPAddress",
    "AWSJSON",
    "AWSPhone",
    "AWSTime",
    "AWSTimestamp",
    "AWSURL",
]
_DIRECTIVES = {
    "aws_api_key": "on FIELD_DEFINITION | OBJECT",
    "aws_auth": "(cognito_groups: [String!]) on FIELD_DEFINITION",
    "aws_cognito_user_pools": "(cognito_groups: [String!]) on FIELD_DEFINITION | OBJECT",
    "aws_iam": "on FIELD_DEFINITION | OBJECT",
    "aws_lambda": "on FIELD_DEFINITION | OBJECT",
    "aws_oidc": "on FIELD_DEFINITION | OBJECT",
    "aws_subscribe": "(mutations: [String!]!) on FIELD_DEFINITION",
}


class ResolverError(Exception):
    """What ``util.error()`` is in AppSync: an error of a resolver's choice.

    Args:
        message: for the client.
        error_type: its ``errorType``.
        error_info: its ``errorInfo``.
    """

    def __init__(self, message: str, error_type: str | None = None, error_info: Any = None) -> None:
        super().__init__(message)
        self.error_type, self.error_info = error_type, error_info


def unauthorized(message: str = "Unauthorized") -> ResolverError:
    """Make the error that ``util.unauthorized()`` raises in AppSync."""
    return ResolverError(message, "Unauthorized")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: ``info.context`` of resolvers.

    Attributes:
        claims: of the token; empty for an API key.
        mode: AppSync's name of the authorization mode.
        headers: of the request, without the token.
    """

    claims: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "AMAZON_COGNITO_USER_POOLS"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """Status and body, and what the operation was."""

    status: int
    body: dict[str, Any]
    operation: str | None = None

    @property
    def error_type(self) -> str | None:
        """The first error's type."""
        errors = self.body.get("errors") or [{}]
        found: str | None = errors[0].get("errorType")
        return found


def refusal(status: int, error_type: str, message: str) -> ApiAnswer:
    """Make an answer in the shape that comes before execution: no ``data``."""
    return ApiAnswer(status, {"errors": [{"errorType": error_type, "message": message}]})


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
        self._schema = _schema(schema)
        _attach(self._schema, resolvers)
        self._prepared = functools.lru_cache(maxsize=512)(self._prepare)

    def admit(self, headers: Mapping[str, str]) -> Caller | ApiAnswer:
        """Check who comes in; the answers are AppSync's own, message by message."""
        token = headers.get("Authorization")
        if not token:
            return self._admit_key(headers.get("x-api-key"), headers)
        try:
            claims = verified(token)
        except ValueError:
            return _unauthorized("Unable to parse JWT token.")
        if claims is None or not self._is_for_this_api(claims):
            return _unauthorized("Valid authorization header not provided.")
        if claims["exp"] <= self._now():
            return _unauthorized("Token has expired.")
        return Caller(claims, headers=headers)

    def _admit_key(self, key: str | None, headers: Mapping[str, str]) -> Caller | ApiAnswer:
        if key is None:
            return _unauthorized("Valid authorization header not provided.")
        if key not in self._api_keys:
            return _unauthorized("You are not authorized to make this call.")
        return Caller(mode="API_KEY", headers=headers)

    def _is_for_this_api(self, claims: Mapping[str, Any]) -> bool:
        clients = {claims.get("client_id"), claims.get("aud")}
        return claims.get("iss") == self._issuer and self._client_id in clients

    async def execute(self, caller: Caller, raw: bytes) -> ApiAnswer:
        """Execute a request's body."""
        if not raw.strip():
            return refusal(400, "MalformedHttpRequestException", "Request body is empty.")
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            return refusal(400, "MalformedHttpRequestException", "Unable to parse GraphQL query.")
        document, problems = self._prepared(body["query"])
        if document is None or problems:
            return ApiAnswer(200, {"data": None, "errors": problems})
        name = body.get("operationName")
        operation = get_operation_ast(document, name)
        kind = operation.operation.value if operation else None
        if operation is not None and operation.operation is OperationType.SUBSCRIPTION:
            return ApiAnswer(
                200,
                refusal(200, "OperationNotSupported", "Use the real-time endpoint.").body,
                kind,
            )
        outcome = execute(
            self._schema,
            document,
            context_value=caller,
            variable_values=body.get("variables"),
            operation_name=name,
        )
        result = await outcome if inspect.isawaitable(outcome) else outcome
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [_error(e) for e in result.errors]
        return ApiAnswer(200, answer, kind)

    def _prepare(self, query: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
        try:
            document = parse(query)
        except GraphQLError as error:
            return None, [_validation(error, "InvalidSyntax")]
        return document, [_validation(e, _kind(e)) for e in validate(self._schema, document)]


def _unauthorized(message: str) -> ApiAnswer:
    return refusal(401, "UnauthorizedException", message)


def _schema(sdl: str) -> GraphQLSchema:
    """Build a schema; AppSync's own scalars and directives need no declaration."""
    parts = [sdl]
    parts += [f"scalar {s}" for s in _SCALARS if not re.search(rf"scalar\s+{s}\b", sdl)]
    for name, rest in _DIRECTIVES.items():
        if not re.search(rf"directive\s+@{name}\b", sdl):
            parts.append(f"directive @{name}{'' if rest.startswith('(') else ' '}{rest}")
    return build_schema("\n".join(parts))


def _attach(schema: GraphQLSchema, resolvers: Resolvers) -> None:
    for type_name, fields in resolvers.items():
        owner = schema.type_map.get(type_name)
        for name in fields:
            if not isinstance(owner, GraphQLObjectType) or name not in owner.fields:
                msg = f"the schema has no field {type_name}.{name} for that resolver"
                raise ValueError(msg)
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__"):
            for name, definition in owner.fields.items():
                resolve = resolvers.get(owner.name, {}).get(name) or default_field_resolver
                definition.resolve = _guarded(owner, name, definition, resolve)


def _guarded(
    owner: GraphQLObjectType, name: str, definition: GraphQLField, resolve: Resolver
) -> Resolver:
    """Put the permission check of a field's (or its type's) directives before its resolver."""
    nodes = [n for n in (definition.ast_node, owner.ast_node) if n is not None]
    modes = {d.name.value for n in nodes for d in n.directives or ()}
    groups = {g for n in nodes for g in _groups(n)}
    needs_user_pool = "aws_cognito_user_pools" in modes and "aws_api_key" not in modes
    if not groups and not needs_user_pool:
        return resolve

    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        caller: Caller = info.context
        outside = caller.mode == "API_KEY" and needs_user_pool
        if outside or (groups and not groups & set(caller.claims.get("cognito:groups", ()))):
            text = f"Not Authorized to access {name} on type {owner.name}"
            raise ResolverError(text, "Unauthorized")
        return resolve(source, info, **arguments)

    return guarded


def _groups(node: Any) -> list[str]:
    found: list[str] = []
    for directive in node.directives or ():
        if directive.name.value == "aws_cognito_user_pools":
            for argument in directive.arguments or ():
                found += [value.value for value in argument.value.values]
    return found


def _error(error: GraphQLError) -> dict[str, Any]:
    """Give an execution error in AppSync's shape: type and info at its top level."""
    original = error.original_error
    shape: dict[str, Any] = {
        "path": error.path,
        "data": None,
        "errorType": None,
        "errorInfo": None,
        "locations": _locations(error),
        "message": error.message,
    }
    if isinstance(original, ResolverError):
        return {**shape, "errorType": original.error_type, "errorInfo": original.error_info}
    return {**shape, "errorType": "Lambda:Unhandled" if original is not None else None}


def _validation(error: GraphQLError, kind: str) -> dict[str, Any]:
    text = f"Validation error of type {kind}: {error.message}"
    return {"path": None, "locations": _locations(error), "message": text}


def _kind(error: GraphQLError) -> str:
    if error.message.startswith("Cannot query field"):
        return "FieldUndefined"
    return "UnknownArgument" if error.message.startswith("Unknown argument") else "WrongType"


def _locations(error: GraphQLError) -> list[dict[str, Any]]:
    places = error.locations or []
    return [{"line": p.line, "column": p.column, "sourceName": None} for p in places]
