"""A schema in AppSync's SDL, made executable: its own scalars and directives, and resolvers.

https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    assert_valid_schema,
    build_schema,
    default_field_resolver,
)

from .field_authorization import MODES, checked, rule_of

if TYPE_CHECKING:
    from .resolvers import Resolver, Resolvers

__all__ = ["executable"]

_GROUPS = "(cognito_groups: [String!])"
_DIRECTIVE_ARGUMENTS = {
    "aws_auth": _GROUPS,
    "aws_cognito_user_pools": _GROUPS,
    "aws_publish": "(subscriptions: [String!])",
    "aws_subscribe": "(mutations: [String!]!)",
}


def executable(
    sdl: str,
    resolvers: Resolvers,
    *,
    single_mode: bool = True,
    default_mode: str | None = None,
    denied_fields: bool = False,
) -> GraphQLSchema:
    """Build a schema whose fields check permissions and then call their resolvers.

    Args:
        sdl: the schema; AppSync's own scalars and directives need no declaration.
        resolvers: a field without a resolver takes its value from its parent.
        single_mode: whether the API has one authorization mode only.
        default_mode: who may read fields without directives; ``None`` for every caller.
        denied_fields: whether callers may have :attr:`Caller.denied_fields`.

    Raises:
        ValueError: the SDL is no valid schema, or has no field for a resolver.
        TypeError: a resolver can't be called.
    """
    schema = _parsed(sdl)
    _check_resolvers(schema, resolvers)
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__"):
            for name, definition in owner.fields.items():
                resolve = resolvers.get(owner.name, {}).get(name) or default_field_resolver
                rule = rule_of(
                    schema,
                    owner,
                    definition,
                    single_mode=single_mode,
                    default_mode=default_mode,
                )
                resolve = checked(owner.name, name, rule, resolve, denied_fields=denied_fields)
                if owner is schema.subscription_type:
                    resolve = _event_or_resolver(name, resolve)
                definition.resolve = resolve
    return schema


def _check_resolvers(schema: GraphQLSchema, resolvers: Resolvers) -> None:
    for type_name, fields in resolvers.items():
        owner = schema.type_map.get(type_name)
        for name, resolve in fields.items():
            if not isinstance(owner, GraphQLObjectType) or name not in owner.fields:
                msg = f"the schema has no field {type_name}.{name} for that resolver"
                raise ValueError(msg)
            if not callable(resolve):
                msg = f"the resolver of {type_name}.{name} is no function"
                raise TypeError(msg)


def _parsed(sdl: str) -> GraphQLSchema:
    parts = [sdl]
    parts += [f"scalar {s}" for s in _SCALARS if not re.search(rf"scalar\s+{s}\b", sdl)]
    for name in sorted(MODES.keys() | _DIRECTIVE_ARGUMENTS.keys()):
        if not re.search(rf"directive\s+@{name}\b", sdl):
            arguments = _DIRECTIVE_ARGUMENTS.get(name, "")
            parts.append(f"directive @{name}{arguments} on FIELD_DEFINITION | OBJECT")
    try:
        schema = build_schema("\n".join(parts))
        assert_valid_schema(schema)
    except (GraphQLError, TypeError) as error:
        msg = f"that is no valid schema: {error}"
        raise ValueError(msg) from None
    for name, serialize in _SCALARS.items():
        scalar = schema.type_map[name]
        # graphql-core 3.2 calls the first of these attributes, 3.3 the second.
        for hook in ("serialize", "coerce_output_value"):
            if serialize is not None and hasattr(scalar, hook):
                setattr(scalar, hook, serialize)
    return schema


def _event_or_resolver(name: str, resolve: Resolver) -> Resolver:
    """Return a resolver of a subscription field: the event, if there is one already.

    Without an event the client is subscribing: then the permissions are checked and the
    field's own resolver runs.
    """

    def event_or_resolver(source: Any, info: Any, **arguments: Any) -> Any:
        if isinstance(source, Mapping) and name in source:
            return source[name]
        return resolve(source, info, **arguments)

    return event_or_resolver


def _iso_format(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("+00:00", "Z")
    return value


def _json_text(value: Any) -> Any:
    return value if isinstance(value, str) else json.dumps(value)


_SCALARS: dict[str, Callable[[Any], Any] | None] = {
    "AWSDate": _iso_format,
    "AWSDateTime": _iso_format,
    "AWSEmail": None,
    "AWSIPAddress": str,
    "AWSJSON": _json_text,
    "AWSPhone": None,
    "AWSTime": _iso_format,
    "AWSTimestamp": None,
    "AWSURL": None,
}
