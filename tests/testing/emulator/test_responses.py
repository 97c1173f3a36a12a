"""The two shapes in which AppSync reports errors."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError
from graphql.language import parse

from appsync_gql.testing import ResolverError
from appsync_gql.testing.emulator.responses import (
    ApiResponse,
    field_error,
    malformed,
    request_error,
    validation_error,
)


def test_an_error_before_execution_has_no_data() -> None:
    response = request_error("UnauthorizedException", "no", 401)
    assert response.body == {"errors": [{"errorType": "UnauthorizedException", "message": "no"}]}
    assert (response.status, response.error_type) == (401, "UnauthorizedException")
    assert malformed("x").error_type == "MalformedHttpRequestException"


@pytest.mark.parametrize("body", [{"data": {}}, {"data": None, "errors": []}])
def test_a_response_without_errors_has_no_error_type(body: dict[str, Any]) -> None:
    assert ApiResponse(200, body).error_type is None


@pytest.mark.parametrize(
    ("original", "error_type", "info"),
    [
        (ResolverError("m", "Custom", {"code": 7}), "Custom", {"code": 7}),
        (ResolverError("m"), None, None),
        (KeyError("m"), "Lambda:Unhandled", None),
        (None, None, None),
    ],
)
def test_the_type_and_info_of_a_field_error_are_at_its_top_level(
    original: Exception | None, error_type: str | None, info: object
) -> None:
    node = parse("{\n  a }").definitions[0].selection_set.selections[0]  # type: ignore[attr-defined]
    found = field_error(GraphQLError("m", [node], path=["a"], original_error=original))
    assert found == {
        "path": ["a"],
        "data": None,
        "errorType": error_type,
        "errorInfo": info,
        "locations": [{"line": 2, "column": 3, "sourceName": None}],
        "message": "m",
    }


def test_a_non_null_field_without_a_value_is_no_error_of_a_resolver() -> None:
    error = GraphQLError("Cannot return null for …", original_error=TypeError())
    assert field_error(error)["errorType"] is None


@pytest.mark.parametrize(
    ("message", "kind", "expected"),
    [
        ("Cannot query field 'x'", None, "FieldUndefined"),
        ("Unknown type 'X'", None, "UnknownType"),
        ("something else", None, "WrongType"),
        ("Syntax Error", "InvalidSyntax", "InvalidSyntax"),
    ],
)
def test_a_validation_error_names_its_kind_as_graphql_java_does(
    message: str, kind: str | None, expected: str
) -> None:
    found = validation_error(GraphQLError(message), kind)
    assert found["message"] == f"Validation error of type {expected}: {message}"
    assert (found["path"], found["locations"]) == (None, [])
