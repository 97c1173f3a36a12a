"""What is read out of a request's body, as tables."""

from __future__ import annotations

import json

import pytest
from graphql import build_schema

from appsync_gql.testing.emulator.operations import OperationReader

SCHEMA = build_schema(
    "type Query { a(n: Int): Int } type Mutation { b: Int } type Subscription { c: Int }"
)
UNPARSABLE = (400, "MalformedHttpRequestException", "Unable to parse GraphQL query.")


@pytest.fixture
def reader() -> OperationReader:
    return OperationReader(SCHEMA)


def body(query: object, **more: object) -> bytes:
    return json.dumps({"query": query, **more}).encode()


@pytest.mark.parametrize(
    ("raw", "kind", "name"),
    [
        (body("{ a }"), "query", None),
        (body("query Q { a }"), "query", "Q"),
        (body("mutation M { b }"), "mutation", "M"),
        (body("query A { a } mutation B { b }", operationName="B"), "mutation", "B"),
        (body("query A { a } mutation B { b }"), None, None),
        (body("{ a }", operationName="", variables=None), "query", None),
    ],
)
def test_an_operation_has_a_kind_and_a_name(
    reader: OperationReader, raw: bytes, kind: str | None, name: str | None
) -> None:
    operation = reader.read(raw)
    assert (operation.kind, operation.name, operation.problem) == (kind, name, None)
    assert operation.variables == {}


@pytest.mark.parametrize(
    ("raw", "status", "error_type", "message"),
    [
        (b"", 400, "MalformedHttpRequestException", "Request body is empty."),
        (b" \n", 400, "MalformedHttpRequestException", "Request body is empty."),
        (b"meow", *UNPARSABLE),
        (b"\xff\xfe", *UNPARSABLE),
        (b"{}", *UNPARSABLE),
        (b"[]", *UNPARSABLE),
        (b'[{"query": "{ a }"}]', *UNPARSABLE),
        (body(1), *UNPARSABLE),
        (body("{ a }", variables=[1]), *UNPARSABLE),
        (body("{ a }", operationName=1), *UNPARSABLE),
        (body("subscription { c }"), 200, "OperationNotSupported", "Use the real-time endpoint."),
    ],
)
def test_a_body_that_can_not_be_executed_has_a_response(
    reader: OperationReader, raw: bytes, status: int, error_type: str, message: str
) -> None:
    problem = reader.read(raw).problem
    assert problem is not None
    (error,) = problem.body["errors"]
    found = (problem.status, problem.error_type, error["message"])
    assert found == (status, error_type, message)
    assert "data" not in problem.body


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ nope }", "FieldUndefined"),
        ("{ a(m: 1) }", "UnknownArgument"),
        ("{ a(n: {}) }", "WrongType"),
        ("{ a { b } }", "SubSelectionNotAllowed"),
        ("query ($n: Int) { a }", "UnusedVariable"),
        ("{ a(n: $n) }", "UndefinedVariable"),
        ("{ a", "InvalidSyntax"),
    ],
)
def test_an_invalid_document_is_a_validation_error_of_status_200(
    reader: OperationReader, query: str, kind: str
) -> None:
    problem = reader.read(body(query)).problem
    assert problem is not None
    assert (problem.status, problem.body["data"]) == (200, None)
    message = problem.body["errors"][0]["message"]
    assert message.startswith(f"Validation error of type {kind}: ")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (body("subscription { c }"), None),
        (body("{ a }"), "query not supported through the realtime channel"),
        (body("query A { a } query B { a }"), "unknown not supported through the realtime channel"),
    ],
)
def test_only_subscriptions_are_supported_on_real_time(
    reader: OperationReader, raw: bytes, message: str | None
) -> None:
    problem = reader.read(raw, realtime=True).problem
    if message is None:
        assert problem is None
    else:
        assert problem is not None
        assert problem.body == {
            "errors": [{"errorType": "UnsupportedOperation", "message": message}]
        }
