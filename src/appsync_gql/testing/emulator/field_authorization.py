"""Which callers may read a field: AppSync's authorization directives.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql.execution.values import get_directive_values

from .resolvers import API_KEY, IAM, LAMBDA, OIDC, USER_POOLS, ResolverError

if TYPE_CHECKING:
    from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

    from .resolvers import Caller, Resolver

__all__ = ["MODES", "FieldRule", "checked", "not_authorized", "rule_of"]

MODES = {
    "aws_api_key": API_KEY,
    "aws_cognito_user_pools": USER_POOLS,
    "aws_iam": IAM,
    "aws_lambda": LAMBDA,
    "aws_oidc": OIDC,
}
"""The authorization mode that each directive admits."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Who may read a field.

    Attributes:
        modes: authorization modes that may; empty for all.
        groups: user-pool groups of which a user needs one; empty if none is needed.
    """

    modes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def allows(self, caller: Caller) -> bool:
        """Return whether the caller may read the field."""
        if self.modes and caller.mode not in self.modes:
            return False
        if caller.mode != USER_POOLS or not self.groups:
            return True
        return not self.groups.isdisjoint(caller.claims.get("cognito:groups", ()))


def rule_of(
    schema: GraphQLSchema,
    owner: GraphQLObjectType,
    definition: GraphQLField,
    *,
    single_mode: bool,
    default_mode: str | None = None,
) -> FieldRule:
    """Read the rule from the directives of a field or, if it has none, of its type.

    Args:
        schema: declares the directives.
        owner: the type.
        definition: the field.
        single_mode: whether the API has one authorization mode only. If it has several,
            AppSync ignores ``@aws_auth``.
        default_mode: the API's default mode, which alone may read fields without directives;
            ``None``: all modes may.
    """
    of_field: list[Any] = [definition.ast_node]
    of_type: list[Any] = [owner.ast_node, *(owner.extension_ast_nodes or ())]
    for nodes in (of_field, of_type):
        modes: set[str] = set()
        groups: set[str] = set()
        for node in filter(None, nodes):
            for name in (*MODES, "aws_auth"):
                directive = schema.get_directive(name)
                values = get_directive_values(directive, node) if directive else None
                if values is None or (name == "aws_auth" and not single_mode):
                    continue
                modes.add(MODES.get(name, USER_POOLS))
                groups.update(values.get("cognito_groups") or ())
        if modes:
            return FieldRule(frozenset(modes), frozenset(groups))
    return FieldRule() if default_mode is None else FieldRule(frozenset({default_mode}))


def checked(
    owner: str, name: str, rule: FieldRule, resolve: Resolver, *, denied_fields: bool = False
) -> Resolver:
    """Return a resolver that checks permissions first; for a denied caller it runs no further.

    Args:
        owner: the field's type.
        name: the field.
        rule: of the field.
        resolve: the field's resolver.
        denied_fields: whether to check :attr:`Caller.denied_fields` too.
    """
    if rule == FieldRule() and not denied_fields:
        return resolve
    full_name = f"{owner}.{name}"

    def resolve_if_allowed(source: Any, info: Any, **arguments: Any) -> Any:
        caller: Caller = info.context
        if not rule.allows(caller) or full_name in caller.denied_fields:
            raise not_authorized(owner, name)
        return resolve(source, info, **arguments)

    return resolve_if_allowed


def not_authorized(owner: str, name: str) -> ResolverError:
    """Return the error of a field that the caller may not read, with AppSync's own message."""
    return ResolverError(f"Not Authorized to access {name} on type {owner}", "Unauthorized")
