"""Registered subscriptions, and which events each of them receives. It opens no sockets.

Filtering by arguments: https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    OperationDefinitionNode,
    VariableNode,
    value_from_ast_untyped,
)
from graphql.execution.values import get_directive_values

from .responses import ApiResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLSchema

    from .api import Api
    from .operations import Operation
    from .resolvers import Caller

_NO_EVENT = "Cannot return null"

__all__ = ["Registration", "register", "subscribers_of", "triggered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One accepted subscription.

    Attributes:
        id: chosen by the client.
        name: the subscription field.
        arguments: that the client passed: an event must have equal values. ``None`` is an
            explicit null; an omitted argument is not in here and matches every event.
        operation: is executed for each event.
        caller: who subscribed.
    """

    id: str
    name: str
    arguments: Mapping[str, Any] = field(repr=False)
    operation: Operation = field(repr=False)
    caller: Caller = field(repr=False)

    def matches(self, payload: Mapping[str, Any]) -> bool:
        """Return whether an event has the values of the arguments."""
        return all(payload.get(name) == value for name, value in self.arguments.items())


async def register(
    api: Api, caller: Caller, operation: Operation, name: str
) -> Registration | ApiResponse:
    """Return a registration, or the error response.

    The operation is executed once, without an event, to check its permissions.
    """
    if operation.problem is not None or operation.node is None:
        return operation.problem or ApiResponse(400, {"errors": [{"message": "no operation"}]})
    response = await api.execute(caller, operation)
    # Without an event a non-null field fails. That is no reason to refuse the subscription.
    errors = [e for e in response.body.get("errors", ()) if not e["message"].startswith(_NO_EVENT)]
    if errors:
        return ApiResponse(200, {"errors": errors})
    root = _root(operation.node)
    if root is None:
        return ApiResponse(400, {"errors": [{"message": "One subscription field is needed."}]})
    return Registration(
        id=name,
        name=root.name.value,
        arguments=_arguments(root, operation.variables),
        operation=operation,
        caller=caller,
    )


def triggered(
    schema: GraphQLSchema, operation: Operation, response: ApiResponse
) -> dict[str, list[Any]]:
    """Return the events that a mutation's response triggers, by subscription field."""
    data = response.body.get("data")
    if operation.kind != "mutation" or operation.node is None or not isinstance(data, dict):
        return {}
    events: dict[str, list[Any]] = {}
    for node in operation.node.selection_set.selections:
        if isinstance(node, FieldNode):
            payload = data.get(node.alias.value if node.alias else node.name.value)
            for name in subscribers_of(schema, node.name.value) if payload is not None else ():
                events.setdefault(name, []).append(payload)
    return events


def subscribers_of(schema: GraphQLSchema, mutation: str) -> list[str]:
    """Return the subscription fields whose ``@aws_subscribe`` names a mutation."""
    directive, root = schema.get_directive("aws_subscribe"), schema.subscription_type
    if directive is None or root is None:
        return []
    found = []
    for name, definition in root.fields.items():
        node = definition.ast_node
        values = get_directive_values(directive, node) if node else None
        if values and mutation in values.get("mutations", ()):
            found.append(name)
    return found


def _arguments(root: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that have a value; one whose variable was omitted is omitted."""
    arguments = {}
    for argument in root.arguments or ():
        value = argument.value
        if not isinstance(value, VariableNode) or value.name.value in variables:
            arguments[argument.name.value] = value_from_ast_untyped(value, dict(variables))
    return arguments


def _root(node: OperationDefinitionNode) -> FieldNode | None:
    fields = [n for n in node.selection_set.selections if isinstance(n, FieldNode)]
    return fields[0] if len(fields) == 1 else None
