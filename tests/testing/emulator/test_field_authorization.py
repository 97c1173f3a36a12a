"""AppSync's authorization directives: who may read a field."""

from __future__ import annotations

import pytest
from graphql import graphql_sync

from appsync_gql.testing import Caller, ResolverError
from appsync_gql.testing.emulator.executable_schema import executable

GROUPS = '@aws_cognito_user_pools(cognito_groups: ["Admins", "Staff"])'
USER, KEY = Caller({}), Caller(mode="API_KEY")
ADMIN, STAFF = Caller({"cognito:groups": ["Admins"]}), Caller({"cognito:groups": ["Staff", "X"]})
OTHER = Caller({"cognito:groups": ["Guests"]})


def may_read(sdl: str, caller: Caller, *, single_mode: bool = False, text: str = "{ a }") -> bool:
    ran: list[bool] = []
    schema = executable(sdl, {"Query": {"a": lambda *_: ran.append(True)}}, single_mode=single_mode)
    result = graphql_sync(schema, text, context_value=caller)
    denied = any(isinstance(e.original_error, ResolverError) for e in result.errors or ())
    assert denied is not bool(ran), "a denied field's resolver is not called"
    return not denied


@pytest.mark.parametrize(
    ("why", "sdl", "caller", "allowed"),
    [
        ("a field without directives is for every caller", "type Query { a: Int }", OTHER, True),
        ("one group of several is enough", f"type Query {{ a: Int {GROUPS} }}", STAFF, True),
        ("a group is needed", f"type Query {{ a: Int {GROUPS} }}", USER, False),
        ("another group is not enough", f"type Query {{ a: Int {GROUPS} }}", OTHER, False),
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
            "one group may be written without brackets",
            'type Query { a: Int @aws_cognito_user_pools(cognito_groups: "Admins") }',
            ADMIN,
            True,
        ),
    ],
    ids=lambda value: (
        value.replace(" ", "-") if isinstance(value, str) and "{" not in value else ""
    ),
)
def test_who_may_read_a_field(why: str, sdl: str, caller: Caller, *, allowed: bool) -> None:
    assert may_read(sdl, caller) is allowed, why


@pytest.mark.parametrize(("single_mode", "allowed"), [(True, False), (False, True)])
def test_aws_auth_is_enforced_on_an_api_of_one_mode_only(
    *, single_mode: bool, allowed: bool
) -> None:
    """AppSync ignores it, without an error, on an API of several modes."""
    sdl = 'type Query { a: Int @aws_auth(cognito_groups: ["Admins"]) }'
    assert may_read(sdl, OTHER, single_mode=single_mode) is allowed


IAM = Caller(mode="AWS_IAM")


@pytest.mark.parametrize(
    ("why", "sdl", "caller", "allowed"),
    [
        ("no directive: the default mode", "type Query { a: Int }", KEY, True),
        ("no directive: no other mode", "type Query { a: Int }", USER, False),
        ("a directive excludes the default mode", "type Query { a: Int @aws_iam }", KEY, False),
        ("a directive admits its mode", "type Query { a: Int @aws_iam }", IAM, True),
        ("two directives", "type Query { a: Int @aws_iam @aws_api_key }", KEY, True),
        ("a type's directive", "type Query @aws_iam { a: Int }", IAM, True),
        ("excludes the default mode too", "type Query @aws_iam { a: Int }", KEY, False),
        ("a field's replaces it", "type Query @aws_iam { a: Int @aws_api_key }", IAM, False),
        (
            "aws_auth is as none",
            'type Query { a: Int @aws_auth(cognito_groups: ["x"]) }',
            KEY,
            True,
        ),
    ],
    ids=lambda value: (
        value.replace(" ", "-") if isinstance(value, str) and "{" not in value else ""
    ),
)
def test_on_an_api_with_a_default_mode_fields_without_directives_are_for_that_mode_only(
    why: str, sdl: str, caller: Caller, *, allowed: bool
) -> None:
    schema = executable(
        sdl, {"Query": {"a": lambda *_: 1}}, single_mode=False, default_mode="API_KEY"
    )
    result = graphql_sync(schema, "{ a }", context_value=caller)
    assert (result.data == {"a": 1}) is allowed, why


def test_the_type_that_a_field_returns_must_admit_the_mode_too() -> None:
    sdl = "type Query { a: A @aws_iam } type A { b: Int c: Int @aws_iam }"
    resolvers = {"Query": {"a": lambda *_: {"b": 1, "c": 2}}}
    schema = executable(sdl, resolvers, single_mode=False, default_mode="API_KEY")
    result = graphql_sync(schema, "{ a { b c } }", context_value=IAM)
    assert result.data == {"a": {"b": None, "c": 2}}
    assert [str(e.message) for e in result.errors or ()] == ["Not Authorized to access b on type A"]
