"""The variables of an operation, from options and from the notebook's own variables. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from graphql import NonNullTypeNode

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import OperationDefinitionNode, VariableDefinitionNode

__all__ = ["variables_of"]

_PAGING = ("nextToken", "limit")


def variables_of(
    operation: OperationDefinitionNode,
    *,
    json_text: str | None,
    pairs: Sequence[str],
    evaluate: Callable[[str], Any],
    namespace: Mapping[str, Any],
    paginated: bool = False,
) -> dict[str, Any]:
    """Return the variables of an operation.

    Args:
        operation: it declares them.
        json_text: a JSON object of variables; ``None`` without.
        pairs: ``name=expression``; they replace those of the JSON object.
        evaluate: returns the value of an expression in the notebook.
        namespace: the notebook's variables. Those that the operation declares and nothing else
            gives are taken from here.
        paginated: whether ``nextToken`` and ``limit`` are the business of :func:`paginate`.

    Raises:
        ConfigurationError: a variable is written wrongly, is not declared, or is missing.
    """
    declared = {d.variable.name.value: d for d in operation.variable_definitions or ()}
    given = _object(json_text)
    for pair in pairs:
        name, equals, expression = pair.partition("=")
        name = name.strip().removeprefix("$")
        if not equals or not name or not expression.strip():
            raise _wrong(f"--var {pair!r} is not of the form name=expression.")
        given[name] = _evaluated(name, expression, evaluate)
    left_out = _PAGING if paginated else ()
    for name in declared:
        if name not in given and name in namespace and name not in left_out:
            given[name] = namespace[name]
    _check_names(given, declared)
    return given


def _check_names(given: Mapping[str, Any], declared: Mapping[str, VariableDefinitionNode]) -> None:
    unknown = [f"${name}" for name in given if name not in declared]
    if unknown:
        known = ", ".join(f"${name}" for name in declared) or "no variables"
        raise _wrong(f"The query does not declare {', '.join(unknown)}; it declares {known}.")
    missing = [
        name
        for name, definition in declared.items()
        if isinstance(definition.type, NonNullTypeNode)
        and definition.default_value is None
        and name not in given
    ]
    if missing:
        raise _wrong(
            f"The query needs {', '.join(f'${name}' for name in missing)}: define a variable "
            f"{missing[0]} in the notebook, or add --var {missing[0]}=EXPRESSION."
        )


def _evaluated(name: str, expression: str, evaluate: Callable[[str], Any]) -> Any:
    try:
        return evaluate(expression.strip())
    except Exception as error:  # noqa: BLE001 - the expression may raise anything
        raise _wrong(f"--var {name}: {type(error).__name__}: {error}") from None


def _object(json_text: str | None) -> dict[str, Any]:
    if json_text is None:
        return {}
    try:
        found = json.loads(json_text)
    except (ValueError, RecursionError) as error:
        raise _wrong(f"--vars is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise _wrong("--vars must be a JSON object.")
    return found


def _wrong(message: str) -> ConfigurationError:
    return ConfigurationError(message, setting="variables")
