"""The variables of an operation, from options and from the notebook's own variables. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..data.variables import (
    check_variables,
    declared_variables,
    json_object,
    wrong_variables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import OperationDefinitionNode

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
    declared = declared_variables(operation)
    given = json_object(json_text, "--vars")
    for pair in pairs:
        name, equals, expression = pair.partition("=")
        name = name.strip().removeprefix("$")
        if not equals or not name or not expression.strip():
            raise wrong_variables(f"--var {pair!r} is not of the form name=expression.")
        given[name] = _evaluated(name, expression, evaluate)
    left_out = _PAGING if paginated else ()
    for name in declared:
        if name not in given and name in namespace and name not in left_out:
            given[name] = namespace[name]
    check_variables(given, declared, _advice)
    return given


def _advice(name: str) -> str:
    return f"define a variable {name} in the notebook, or add --var {name}=EXPRESSION"


def _evaluated(name: str, expression: str, evaluate: Callable[[str], Any]) -> Any:
    try:
        return evaluate(expression.strip())
    except Exception as error:  # noqa: BLE001 - the expression may raise anything
        raise wrong_variables(f"--var {name}: {type(error).__name__}: {error}") from None
