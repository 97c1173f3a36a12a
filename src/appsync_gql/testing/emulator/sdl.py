"""AppSync's dialect of SDL: scalars and directives of its own, and who may see a field.

Scalars: https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
Directives: https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    assert_valid_schema,
    build_schema,
    default_field_resolver,
)
from graphql.execution.values import get_directive_values

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Caller", "Resolver", "ResolverError", "Resolvers", "executable", "unauthorized"]

Resolver = Callable[..., Any]
"""Takes ``(source, info, **arguments)``, async or not; ``info.context`` is a :class:`Caller`."""

Resolvers = Mapping[str, Mapping[str, Resolver]]
"""``{"Query": {"item": resolver}}``; one takes ``(source, info, **arguments)``, async or not."""

USER_POOLS, API_KEY = "AMAZON_COGNITO_USER_POOLS", "API_KEY"

_MODES = {
    "aws_api_key": API_KEY,
    "aws_cognito_user_pools": USER_POOLS,
    "aws_iam": "AWS_IAM",
    "aws_lambda": "AWS_LAMBDA",
    "aws_oidc": "OPENID_CONNECT",
}
_GROUPS = "(cognito_groups: [String!])"
_ARGUMENTS = {
    "aws_auth": _GROUPS,
    "aws_cognito_user_pools": _GROUPS,
    "aws_publish": "(subscriptions: [String!])",
    "aws_subscribe": "(mutations: [String!]!)",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: ``info.context`` of resolvers.

    Attributes:
        claims: of the token; empty for an API key.
        mode: AppSync's name of the authorization mode.
        headers: of the request, without the token.
    """

    claims: Mapping[str, Any] = field(default_factory=dict)
    mode: str = USER_POOLS
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


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


def executable(sdl: str, resolvers: Resolvers, *, api_keys: Collection[str] = ()) -> GraphQLSchema:
    """Build a schema that answers: resolvers in place, permissions checked before them.

    Args:
        sdl: the schema; AppSync's own scalars and directives need no declaration.
        resolvers: fields without one are read off their parent.
        api_keys: with any, the API has two authorization modes, and AppSync
            then leaves ``@aws_auth`` out of account.

    Raises:
        ValueError: the SDL is no valid schema, or has no field for a resolver.
        TypeError: a resolver can't be called.
    """
    schema = _schema(sdl)
    for type_name, fields in resolvers.items():
        owner = schema.type_map.get(type_name)
        for name, resolve in fields.items():
            if not isinstance(owner, GraphQLObjectType) or name not in owner.fields:
                msg = f"the schema has no field {type_name}.{name} for that resolver"
                raise ValueError(msg)
            if not callable(resolve):
                msg = f"the resolver of {type_name}.{name} is no function"
                raise TypeError(msg)
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__"):
            for name, definition in owner.fields.items():
                resolve = resolvers.get(owner.name, {}).get(name) or default_field_resolver
                rule = _rule(schema, owner, definition, single_mode=not api_keys)
                guarded = _guarded(owner.name, name, rule, resolve)
                subscribed = owner is schema.subscription_type
                definition.resolve = _event_or(name, guarded) if subscribed else guarded
    return schema


def _schema(sdl: str) -> GraphQLSchema:
    parts = [sdl]
    parts += [f"scalar {s}" for s in _SCALARS if not re.search(rf"scalar\s+{s}\b", sdl)]
    for name in sorted(_MODES.keys() | _ARGUMENTS.keys()):
        if not re.search(rf"directive\s+@{name}\b", sdl):
            parts.append(
                f"directive @{name}{_ARGUMENTS.get(name, '')} on FIELD_DEFINITION | OBJECT"
            )
    try:
        schema = build_schema("\n".join(parts))
        assert_valid_schema(schema)
    except (GraphQLError, TypeError) as error:
        msg = f"that is no valid schema: {error}"
        raise ValueError(msg) from None
    for name, serialize in _SCALARS.items():
        scalar = schema.type_map[name]
        # Two names of one thing: graphql-core 3.2 looks at the first, 3.3 at the second.
        for hook in ("serialize", "coerce_output_value"):
            if serialize is not None and hasattr(scalar, hook):
                setattr(scalar, hook, serialize)
    return schema


def _moment(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("+00:00", "Z")
    return value


def _json(value: Any) -> Any:
    return value if isinstance(value, str) else json.dumps(value)


_SCALARS: dict[str, Callable[[Any], Any] | None] = {
    "AWSDate": _moment,
    "AWSDateTime": _moment,
    "AWSEmail": None,
    "AWSIPAddress": str,
    "AWSJSON": _json,
    "AWSPhone": None,
    "AWSTime": _moment,
    "AWSTimestamp": None,
    "AWSURL": None,
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """Who may see a field: callers of these modes (any, when empty), of one of these groups."""

    modes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def allows(self, caller: Caller) -> bool:
        if self.modes and caller.mode not in self.modes:
            return False
        if caller.mode != USER_POOLS or not self.groups:
            return True
        return not self.groups.isdisjoint(caller.claims.get("cognito:groups", ()))


def _rule(
    schema: GraphQLSchema, owner: GraphQLObjectType, definition: GraphQLField, *, single_mode: bool
) -> _Rule:
    """Read a field's directives or, where it has none, those of its type."""
    own: list[Any] = [definition.ast_node]
    of_type: list[Any] = [owner.ast_node, *(owner.extension_ast_nodes or ())]
    for nodes in (own, of_type):
        modes: set[str] = set()
        groups: set[str] = set()
        for node in filter(None, nodes):
            for name in (*_MODES, "aws_auth"):
                directive = schema.get_directive(name)
                given = get_directive_values(directive, node) if directive else None
                if given is None or (name == "aws_auth" and not single_mode):
                    continue
                modes.add(_MODES.get(name, USER_POOLS))
                groups.update(given.get("cognito_groups") or ())
        if modes:
            return _Rule(frozenset(modes), frozenset(groups))
    return _Rule()


def _event_or(name: str, resolve: Resolver) -> Resolver:
    """Give an event where there is one; the resolver and its permissions are for registering."""

    def event_or(source: Any, info: Any, **arguments: Any) -> Any:
        if isinstance(source, Mapping) and name in source:
            return source[name]
        return resolve(source, info, **arguments)

    return event_or


def _guarded(owner: str, name: str, rule: _Rule, resolve: Resolver) -> Resolver:
    """Put the permission check before a resolver, which a denied caller then doesn't reach."""
    if rule == _Rule():
        return resolve

    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        if not rule.allows(info.context):
            raise ResolverError(f"Not Authorized to access {name} on type {owner}", "Unauthorized")
        return resolve(source, info, **arguments)

    return guarded
