"""Values on the command line become the variables that the query declares."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from appsync_gql import ConfigurationError
from appsync_gql.cli.variables import operation_of, variables_of


def operation(declared: str) -> OperationDefinitionNode:
    return operation_of(parse(f"query{declared} {{ a }}"), None, kinds=["query"], use="")


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("Int", "7", 7),
        ("Int!", "-7", -7),
        ("Float", "1.5", 1.5),
        ("Boolean", "true", True),
        ("Int", "null", None),
        ("String", "7", "7"),
        ("String!", "true", "true"),
        ("String", '"quoted"', '"quoted"'),
        ("String", "", ""),
        ("String", "a=b", "a=b"),
        ("ID!", "7", "7"),
        ("ID", "007", "007"),
        ("AWSJSON", '{"a": 1}', '{"a": 1}'),
        ("AWSPhone", "5551234567", "5551234567"),
        ("AWSDateTime", "2020-01-01T00:00Z", "2020-01-01T00:00Z"),
        ("AWSTimestamp", "7", 7),
        ("Status", "DONE", "DONE"),
        ("Filter", '{"a": {"eq": 1}}', {"a": {"eq": 1}}),
        ("[Int!]!", "[1, 2]", [1, 2]),
        ("[String]", '["1", "2"]', ["1", "2"]),
        ("[String]", "1", "1"),
        ("[ID!]", "7", "7"),
        ("[Int]", "7", 7),
        ("[[Int]]", "[[7]]", [[7]]),
        ("Float", "NaN", "NaN"),
        ("Int", "[" * 100_000, "[" * 100_000),
    ],
)
def test_a_value_is_json_where_it_can_be_unless_the_type_is_a_text(
    type_: str, text: str, value: Any
) -> None:
    assert variables_of(operation(f"($a: {type_})"), [f"a={text}"], None) == {"a": value}


def test_pairs_replace_what_the_json_says() -> None:
    found = variables_of(operation("($a: Int, $b: Int, $c: Int)"), ["b=2"], '{"a": 1, "b": 1}')
    assert found == {"a": 1, "b": 2}


def test_a_dollar_before_the_name_is_allowed() -> None:
    assert variables_of(operation("($a: Int)"), ["$a=2"], None) == {"a": 2}


@pytest.mark.parametrize(
    ("declared", "pairs", "json_text", "said"),
    [
        ("($a: Int)", ["a"], None, "not of the form name=value"),
        ("($a: Int)", ["=1"], None, "not of the form name=value"),
        ("($a: Int)", ["a=1", "a=2"], None, "'a' is given twice"),
        ("($a: Int)", ["b=1"], None, "does not declare $b; it declares $a"),
        ("", ["b=1"], None, "does not declare $b; it declares no variables"),
        ("($a: Int)", [], '{"b": 1}', "does not declare $b"),
        ("($a: Int!, $b: Int! = 1, $c: ID!)", [], None, "needs $a, $c: -v a=VALUE"),
        ("($a: Int)", [], "{a: 1}", "--variables is not JSON"),
        ("($a: Int)", [], '{"a": NaN}', "--variables is not JSON"),
        ("($a: Int)", [], "[1]", "must be a JSON object"),
    ],
)
def test_a_variable_that_does_not_fit_is_refused_before_anything_is_sent(
    declared: str, pairs: list[str], json_text: str | None, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        variables_of(operation(declared), pairs, json_text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("query", "name", "said"),
    [
        ("subscription { a }", None, "That is a subscription: use appsync-gql subscribe."),
        ("query A { a } query B { a }", None, "2 operations: choose one with --operation"),
        ("query A { a } query B { a }", "C", "no operation 'C'"),
        ("fragment F on T { a }", None, "no operation, only fragments"),
    ],
)
def test_the_operation_must_be_clear_and_of_the_commands_kind(
    query: str, name: str | None, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        operation_of(parse(query), name, kinds=["query", "mutation"], use="subscribe")
    assert said in str(caught.value)


def test_an_operation_is_chosen_by_its_name() -> None:
    document = parse("query A { a } query B($b: Int) { a }")
    found = operation_of(document, "B", kinds=["query"], use="")
    assert variables_of(found, ["b=1"], None) == {"b": 1}
