"""Variables as a person gives them."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from appsync_gql import ConfigurationError
from appsync_gql.data.variables import check_variables, declared_variables, json_object


def declared(text: str) -> Any:
    operation = parse(f"query Q({text}) {{ a }}" if text else "{ a }").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return declared_variables(operation)


@pytest.mark.parametrize(("text", "found"), [(None, {}), ("{}", {}), ('{"a": [1]}', {"a": [1]})])
def test_json_becomes_variables(text: str | None, found: dict[str, Any]) -> None:
    assert json_object(text, "--vars") == found


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"a": NaN}', "[" * 100_000])
def test_what_is_no_json_object_names_the_option(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^--vars (is not JSON|must be a JSON object)"):
        json_object(text, "--vars")


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("", {}),
        ("$a: Int", {}),
        ("$a: Int!", {"a": None}),
        ("$a: Int! = 1", {}),
        ("$a: Int", {"a": 1}),
    ],
)
def test_variables_that_fit_are_accepted(text: str, given: dict[str, Any]) -> None:
    check_variables(given, declared(text), str)


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        ("$a: Int", {"b": 1, "c": 2}, r"does not declare \$b, \$c; it declares \$a\."),
        ("", {"b": 1}, r"it declares no variables\."),
        ("$a: Int!, $b: Int!", {}, r"needs \$a, \$b: give a\."),
    ],
)
def test_others_are_a_clear_error(text: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_variables(given, declared(text), lambda name: f"give {name}")
