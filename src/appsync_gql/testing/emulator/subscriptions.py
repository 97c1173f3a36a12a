"""Who subscribed to what, and which events they get. No sockets.

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

from .appsync import Api, ApiAnswer, Caller, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLSchema

_NO_EVENT = "Cannot return null"

__all__ = ["Registration", "register", "subscribers_of", "triggered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One subscription that was accepted.

    Attributes:
        id: the client's name of it.
        name: the subscription field.
        arguments: those that were given: events must equal them. One that is
            ``None`` was given as null, which is not the same as left out.
        operation: what each event is executed with.
        caller: who subscribed.
    """

    id: str
    name: str
    arguments: Mapping[str, Any] = field(repr=False)
    operation: Operation = field(repr=False)
    caller: Caller = field(repr=False)

    def wants(self, payload: Mapping[str, Any]) -> bool:
        """Tell whether an event passes the filter of the arguments."""
        return all(payload.get(name) == value for name, value in self.arguments.items())


async def register(
    api: Api, caller: Caller, operation: Operation, name: str
) -> Registration | ApiAnswer:
    """Register a subscription, or say why not: it is executed once, for its permissions."""
    if operation.problem is not None or operation.node is None:
        return operation.problem or ApiAnswer(400, {"errors": [{"message": "no operation"}]})
    answer = await api.execute(caller, operation)
    # There is no event yet, which a field that is never null need not mind.
    errors = [e for e in answer.body.get("errors", ()) if not e["message"].startswith(_NO_EVENT)]
    if errors:
        return ApiAnswer(200, {"errors": errors})
    root = _root(operation.node)
    if root is None:
        return ApiAnswer(400, {"errors": [{"message": "One subscription field is needed."}]})
    return Registration(
        id=name,
        name=root.name.value,
        arguments=_given(root, operation.variables),
        operation=operation,
        caller=caller,
    )


def triggered(
    schema: GraphQLSchema, operation: Operation, answer: ApiAnswer
) -> dict[str, list[Any]]:
    """Give the events that a mutation's answer makes: subscription fields and their payloads."""
    data = answer.body.get("data")
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
    """List the subscription fields whose ``@aws_subscribe`` names a mutation."""
    directive, root = schema.get_directive("aws_subscribe"), schema.subscription_type
    if directive is None or root is None:
        return []
    found = []
    for name, definition in root.fields.items():
        node = definition.ast_node
        given = get_directive_values(directive, node) if node else None
        if given and mutation in given.get("mutations", ()):
            found.append(name)
    return found


def _given(root: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Read the arguments that were given, and no others: a variable left out is left out here."""
    given = {}
    for argument in root.arguments or ():
        value = argument.value
        if not isinstance(value, VariableNode) or value.name.value in variables:
            given[argument.name.value] = value_from_ast_untyped(value, dict(variables))
    return given


def _root(node: OperationDefinitionNode) -> FieldNode | None:
    fields = [n for n in node.selection_set.selections if isinstance(n, FieldNode)]
    return fields[0] if len(fields) == 1 else None
