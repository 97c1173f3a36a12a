"""Variables of an operation as a person gives them, to the command line or a notebook. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from graphql import NonNullTypeNode

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import OperationDefinitionNode, VariableDefinitionNode

__all__ = [
    "check_variables",
    "declared_variables",
    "json_object",
    "refuse_constant",
    "wrong_variables",
]


def declared_variables(operation: OperationDefinitionNode) -> dict[str, VariableDefinitionNode]:
    """Return the variables that an operation declares, by name."""
    return {d.variable.name.value: d for d in operation.variable_definitions or ()}


def json_object(text: str | None, option: str) -> dict[str, Any]:
    """Return variables that are given as JSON; none for ``None``.

    Args:
        text: a JSON object.
        option: the option that it was given with, for errors.

    Raises:
        ConfigurationError: it is no JSON object.
    """
    if text is None:
        return {}
    try:
        found = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise wrong_variables(f"{option} is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise wrong_variables(f"{option} must be a JSON object.")
    return found


def check_variables(
    given: Mapping[str, Any],
    declared: Mapping[str, VariableDefinitionNode],
    advice: Callable[[str], str],
) -> None:
    """Check that all variables are declared, and that none is missing.

    Args:
        given: the variables.
        declared: what the operation declares.
        advice: returns how a variable of this name is given.

    Raises:
        ConfigurationError: one is not declared, or one that is needed is missing.
    """
    unknown = [f"${name}" for name in given if name not in declared]
    if unknown:
        known = ", ".join(f"${name}" for name in declared) or "no variables"
        raise wrong_variables(
            f"The query does not declare {', '.join(unknown)}; it declares {known}."
        )
    missing = [
        name
        for name, definition in declared.items()
        if isinstance(definition.type, NonNullTypeNode)
        and definition.default_value is None
        and name not in given
    ]
    if missing:
        names = ", ".join(f"${name}" for name in missing)
        raise wrong_variables(f"The query needs {names}: {advice(missing[0])}.")


def wrong_variables(message: str) -> ConfigurationError:
    """Return the error for variables that are given wrongly."""
    return ConfigurationError(message, setting="variables")


def refuse_constant(name: str) -> Any:
    """Raise an error for ``NaN`` and ``Infinity``, which Python's JSON has and JSON has not.

    Raises:
        ValueError: always.
    """
    msg = f"JSON has no {name}"
    raise ValueError(msg)
