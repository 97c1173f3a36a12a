"""A query's variables, from the command line. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeNode,
    get_operation_ast,
)

from ..data.variables import (
    check_variables,
    declared_variables,
    json_object,
    refuse_constant,
    wrong_variables,
)
from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["operation_of", "variables_of"]

_TEXT_TYPES = frozenset(
    "ID String AWSDate AWSDateTime AWSEmail AWSIPAddress AWSJSON AWSPhone AWSTime AWSURL".split()  # noqa: SIM905
)
"""Types whose values are texts, even if they look like numbers."""


def operation_of(
    document: DocumentNode, name: str | None, *, kinds: Sequence[str], use: str
) -> OperationDefinitionNode:
    """Return the operation that is meant.

    Args:
        document: the query's document.
        name: the operation's name; ``None`` if there is one only.
        kinds: the kinds that the command can execute, such as ``subscription``.
        use: the command for other kinds.

    Raises:
        ConfigurationError: it is not clear which is meant, or it is of another kind.
    """
    operation = get_operation_ast(document, name)
    if operation is None:
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        if not operations:
            raise ConfigurationError("The text has no operation, only fragments.")
        names = ", ".join(o.name.value for o in operations if o.name) or "none has a name"
        asked = f"no operation {name!r}" if name else f"{len(operations)} operations"
        raise ConfigurationError(
            f"The query has {asked}: choose one with --operation NAME ({names}).",
            setting="operation",
        )
    if operation.operation.value not in kinds:
        raise ConfigurationError(
            f"That is a {operation.operation.value}: use appsync-gql {use}.", setting="query"
        )
    return operation


def variables_of(
    operation: OperationDefinitionNode, pairs: Sequence[str], json_text: str | None
) -> dict[str, Any]:
    """Return the variables for an operation.

    Args:
        operation: it declares them.
        pairs: ``name=value``; the value is JSON where it can be read as JSON, unless the
            variable's type is a text.
        json_text: a JSON object with variables, which the pairs replace; ``None`` without.

    Raises:
        ConfigurationError: a variable is written wrongly, is not declared, or is missing.
    """
    declared = declared_variables(operation)
    variables = json_object(json_text, "--variables")
    seen: set[str] = set()
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.removeprefix("$")
        if not equals or not name:
            raise wrong_variables(f"-v {pair!r} is not of the form name=value.")
        if name in seen:
            raise wrong_variables(f"The variable {name!r} is given twice.")
        seen.add(name)
        if name in declared:
            variables[name] = _value(text, declared[name].type)
        else:
            variables[name] = text
    check_variables(variables, declared, lambda name: f"-v {name}=VALUE")
    return variables


def _value(text: str, declared: TypeNode) -> Any:
    if isinstance(declared, NonNullTypeNode):
        declared = declared.type
    try:
        value = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return text
    if isinstance(declared, ListTypeNode):
        if isinstance(value, list):
            return value
        # GraphQL takes a single value for a list of one.
        return _value(text, declared.type)
    is_text = isinstance(declared, NamedTypeNode) and declared.name.value in _TEXT_TYPES
    return text if is_text else value
