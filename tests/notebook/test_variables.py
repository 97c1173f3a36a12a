"""Variables of an operation: from options, and from the notebook."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from appsync_gql import ConfigurationError
from appsync_gql.notebook.variables import variables_of

NAMESPACE = {"id": 4, "k": 3, "other": 1, "limit": 9, "nextToken": "x"}


def found(
    declared: str, pairs: tuple[str, ...] = (), json_text: str | None = None, **more: Any
) -> Any:
    document = parse(f"query Q({declared}) {{ a }}" if declared else "{ a }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return variables_of(
        operation,
        json_text=json_text,
        pairs=pairs,
        evaluate=lambda expression: eval(expression, dict(NAMESPACE)),  # noqa: S307
        namespace=NAMESPACE,
        **more,
    )


@pytest.mark.parametrize(
    ("declared", "pairs", "json_text", "expected"),
    [
        ("", (), None, {}),
        ("$id: ID!", (), None, {"id": 4}),
        ("$id: ID!", ("id=k*2",), None, {"id": 6}),
        ("$id: ID!", ("$id = k == 3",), None, {"id": True}),
        ("$id: ID!", (), '{"id": 7}', {"id": 7}),
        ("$id: ID!", ("id=1",), '{"id": 7}', {"id": 1}),
        ("$id: ID", (), '{"id": null}', {"id": None}),
        ("$x: Int, $id: ID", (), None, {"id": 4}),
        ("$x: Int! = 1", (), None, {}),
    ],
)
def test_options_come_before_the_notebooks_variables(
    declared: str, pairs: tuple[str, ...], json_text: str | None, expected: dict[str, Any]
) -> None:
    assert found(declared, pairs, json_text) == expected


def test_the_variables_of_pages_are_not_taken_from_the_notebook() -> None:
    declared = "$limit: Int, $nextToken: String, $id: ID"
    assert found(declared, paginated=True) == {"id": 4}
    assert found(declared) == {"limit": 9, "nextToken": "x", "id": 4}


@pytest.mark.parametrize(
    ("declared", "pairs", "json_text", "message"),
    [
        ("$id: ID", ("x=1",), None, r"does not declare \$x; it declares \$id"),
        ("", (), '{"x": 1}', r"does not declare \$x; it declares no variables"),
        ("$id: ID", ("id",), None, "not of the form name=expression"),
        ("$id: ID", ("=1",), None, "not of the form"),
        ("$id: ID", ("id=",), None, "not of the form"),
        ("$id: ID", ("id=1/0",), None, "--var id: ZeroDivisionError: division by zero"),
        ("$id: ID", ("id=nothing",), None, "--var id: NameError"),
        ("$id: ID", (), "[1]", "must be a JSON object"),
        ("$id: ID", (), "{", "--vars is not JSON"),
        (
            "$x: Int!, $y: Int!",
            (),
            None,
            r"needs \$x, \$y: define a variable x in the notebook, or",
        ),
    ],
)
def test_a_wrong_variable_is_a_clear_error(
    declared: str, pairs: tuple[str, ...], json_text: str | None, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        found(declared, pairs, json_text)
