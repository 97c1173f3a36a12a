"""AppSync's scalars, and schemas that do not fit their resolvers."""

from __future__ import annotations

from datetime import date, datetime, time, timezone
from typing import Any

import pytest
from graphql import graphql_sync

from appsync_gql.testing import Caller
from appsync_gql.testing.emulator.executable_schema import executable


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("AWSDateTime", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "2026-01-02T03:04:05Z"),
        ("AWSDateTime", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("AWSDate", date(2026, 1, 2), "2026-01-02"),
        ("AWSTime", time(3, 4, 5), "03:04:05"),
        ("AWSTimestamp", 1_800_000_000, 1_800_000_000),
        ("AWSJSON", {"a": [1]}, '{"a": [1]}'),
        ("AWSJSON", '{"a": 1}', '{"a": 1}'),
        ("AWSEmail", "ada@example.com", "ada@example.com"),
        ("AWSURL", "https://example.com", "https://example.com"),
        ("AWSPhone", "+1 555 0100", "+1 555 0100"),
        ("AWSIPAddress", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_appsyncs_scalars_need_no_declaration(kind: str, value: Any, shown: Any) -> None:
    schema = executable(f"type Query {{ a: {kind} }}", {"Query": {"a": lambda *_: value}})
    assert graphql_sync(schema, "{ a }").data == {"a": shown}


def test_scalars_and_directives_may_also_be_declared() -> None:
    sdl = """
    scalar AWSJSON
    directive @aws_iam on FIELD_DEFINITION
    type Query { a: AWSJSON @aws_iam }
    """
    schema = executable(sdl, {"Query": {"a": lambda *_: {}}})
    result = graphql_sync(schema, "{ a }", context_value=Caller(mode="AWS_IAM"))
    assert result.data == {"a": "{}"}


@pytest.mark.parametrize(
    ("sdl", "resolvers", "kind", "what"),
    [
        ("type Query {", {}, ValueError, "no valid schema"),
        ("type Query { a: Nope }", {}, ValueError, "Nope"),
        ("type Item { a: Int }", {}, ValueError, "no valid schema"),
        ("type Query { a: Int }", {"Query": {"b": len}}, ValueError, "Query.b"),
        ("type Query { a: Int }", {"Mutation": {"b": len}}, ValueError, "Mutation.b"),
        ("type Query { a: Int }", {"Query": {"a": 1}}, TypeError, "Query.a is no function"),
    ],
)
def test_a_schema_that_does_not_fit_its_resolvers_is_an_error(
    sdl: str, resolvers: Any, kind: type[Exception], what: str
) -> None:
    with pytest.raises(kind, match=what):
        executable(sdl, resolvers)


@pytest.mark.parametrize(("root", "value"), [({"made": 7}, 7), (None, 1), ({"other": 7}, 1)])
def test_a_subscription_field_is_the_event_or_else_its_resolvers_value(
    root: Any, value: int
) -> None:
    schema = executable(
        "type Query { a: Int } type Subscription { made: Int }",
        {"Subscription": {"made": lambda *_: 1}},
    )
    result = graphql_sync(schema, "subscription { made }", root)
    assert result.data == {"made": value}
