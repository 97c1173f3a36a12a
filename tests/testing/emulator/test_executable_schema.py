"""AppSync's directives and scalars: who may see a field, and what comes out of it."""

from __future__ import annotations

from datetime import date, datetime, time, timezone
from typing import Any

import pytest
from graphql import graphql_sync

from appsync_gql.testing import Caller, ResolverError
from appsync_gql.testing.emulator.executable_schema import executable

GROUPS = '@aws_cognito_user_pools(cognito_groups: ["Admins", "Staff"])'
NOBODY, KEY = Caller({}), Caller(mode="API_KEY")
ADMIN, STAFF = Caller({"cognito:groups": ["Admins"]}), Caller({"cognito:groups": ["Staff", "X"]})
OTHER = Caller({"cognito:groups": ["Guests"]})


def sees(sdl: str, caller: Caller, *, single_mode: bool = False, text: str = "{ a }") -> bool:
    ran: list[bool] = []
    schema = executable(sdl, {"Query": {"a": lambda *_: ran.append(True)}}, single_mode=single_mode)
    result = graphql_sync(schema, text, context_value=caller)
    denied = any(isinstance(e.original_error, ResolverError) for e in result.errors or ())
    assert denied is not bool(ran), "a denied field's resolver is not called"
    return not denied


@pytest.mark.parametrize(
    ("why", "sdl", "caller", "allowed"),
    [
        ("a field without directives is for all", "type Query { a: Int }", OTHER, True),
        ("one group of several is enough", f"type Query {{ a: Int {GROUPS} }}", STAFF, True),
        ("a group is needed", f"type Query {{ a: Int {GROUPS} }}", NOBODY, False),
        ("another group won't do", f"type Query {{ a: Int {GROUPS} }}", OTHER, False),
        ("an API key has no groups", f"type Query {{ a: Int {GROUPS} }}", KEY, False),
        (
            "a type's directive holds for its fields",
            f"type Query {GROUPS} {{ a: Int }}",
            OTHER,
            False,
        ),
        (
            "a field's directive replaces its type's",
            f"type Query {GROUPS} {{ a: Int @aws_cognito_user_pools }}",
            OTHER,
            True,
        ),
        (
            "an extension's directive counts as the type's",
            f"type Query {{ a: Int }} extend type Query {GROUPS}",
            OTHER,
            False,
        ),
        ("user pools only", "type Query { a: Int @aws_cognito_user_pools }", KEY, False),
        ("API keys only", "type Query { a: Int @aws_api_key }", ADMIN, False),
        ("a key where keys are allowed", "type Query { a: Int @aws_api_key }", KEY, True),
        (
            "both modes: the key needs no group",
            f"type Query {{ a: Int @aws_api_key {GROUPS} }}",
            KEY,
            True,
        ),
        (
            "both modes: the user does",
            f"type Query {{ a: Int @aws_api_key {GROUPS} }}",
            OTHER,
            False,
        ),
        (
            "other modes are known",
            "type Query { a: Int @aws_iam @aws_lambda @aws_oidc }",
            ADMIN,
            False,
        ),
        (
            "one group may stand without brackets",
            'type Query { a: Int @aws_cognito_user_pools(cognito_groups: "Admins") }',
            ADMIN,
            True,
        ),
    ],
    ids=lambda value: (
        value.replace(" ", "-") if isinstance(value, str) and "{" not in value else ""
    ),
)
def test_who_may_see_a_field(why: str, sdl: str, caller: Caller, *, allowed: bool) -> None:
    assert sees(sdl, caller) is allowed, why


@pytest.mark.parametrize(("single_mode", "allowed"), [(True, False), (False, True)])
def test_aws_auth_is_enforced_on_an_api_of_one_mode_only(
    *, single_mode: bool, allowed: bool
) -> None:
    """AppSync ignores it, without an error, on an API of several modes."""
    sdl = 'type Query { a: Int @aws_auth(cognito_groups: ["Admins"]) }'
    assert sees(sdl, OTHER, single_mode=single_mode) is allowed


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


def test_scalars_and_directives_may_be_declared_all_the_same() -> None:
    sdl = """
    scalar AWSJSON
    directive @aws_iam on FIELD_DEFINITION
    type Query { a: AWSJSON @aws_iam }
    """
    assert not sees(sdl, ADMIN)


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
def test_a_schema_that_can_not_work_is_refused_at_once(
    sdl: str, resolvers: Any, kind: type[Exception], what: str
) -> None:
    with pytest.raises(kind, match=what):
        executable(sdl, resolvers)
