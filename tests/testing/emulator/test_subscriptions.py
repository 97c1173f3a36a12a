"""Which events a subscription receives, and which mutations trigger them, without sockets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appsync_gql.testing import Caller
from appsync_gql.testing.emulator.api import Api
from appsync_gql.testing.emulator.authorization import Authorization
from appsync_gql.testing.emulator.operations import Operation
from appsync_gql.testing.emulator.responses import ApiResponse
from appsync_gql.testing.emulator.subscriptions import (
    Registration,
    register,
    subscribers_of,
    triggered,
)

SDL = """
type Item { id: ID! name: String }
type Query { a: Int }
type Mutation { make(id: ID!): Item remove(id: ID!): Item }
type Subscription {
  made(id: ID, name: String): Item @aws_subscribe(mutations: ["make"])
  changed: Item! @aws_subscribe(mutations: ["make", "remove"])
  secret: Item @aws_subscribe(mutations: ["make"]) @aws_iam
}
"""
API = Api(SDL, {}, Authorization([]))


def operation(query: str, *, realtime: bool = True, **variables: Any) -> Operation:
    raw = json.dumps({"query": query, "variables": variables}).encode()
    return API.read(raw, realtime=realtime)


async def registered(query: str, **variables: Any) -> Registration:
    found = await register(API, Caller(), operation(query, **variables), "1")
    assert isinstance(found, Registration)
    return found


@pytest.mark.parametrize(
    ("query", "variables", "arguments"),
    [
        ("subscription { made { id } }", {}, {}),
        ('subscription { made(id: "1") { id } }', {}, {"id": "1"}),
        ("subscription ($n: String) { made(name: $n) { id } }", {"n": "x"}, {"name": "x"}),
        ("subscription ($n: String) { made(name: $n) { id } }", {"n": None}, {"name": None}),
        ("subscription ($n: String) { made(name: $n) { id } }", {}, {}),
    ],
    ids=["none", "literal", "variable", "null", "omitted"],
)
async def test_a_registration_has_the_arguments_that_were_passed(
    query: str, variables: dict[str, Any], arguments: dict[str, Any]
) -> None:
    found = await registered(query, **variables)
    assert (found.id, found.name, found.arguments) == ("1", "made", arguments)


@pytest.mark.parametrize(
    ("payload", "matches"),
    [
        ({"id": "1", "name": "x"}, True),
        ({"id": "1", "name": "y"}, True),
        ({"id": "2", "name": "x"}, False),
        ({}, False),
    ],
)
async def test_an_event_matches_if_it_has_the_values_of_all_arguments(
    payload: dict[str, Any], *, matches: bool
) -> None:
    found = await registered('subscription { made(id: "1") { id } }')
    assert found.matches(payload) is matches


async def test_a_field_that_is_never_null_can_be_subscribed_to() -> None:
    assert (await registered("subscription { changed { id } }")).name == "changed"


@pytest.mark.parametrize(
    ("query", "status", "error_type"),
    [
        ("subscription { secret { id } }", 200, "Unauthorized"),
        ("subscription { made { nope } }", 200, None),
        ("{ a }", 200, "UnsupportedOperation"),
        ("subscription { made { id } changed { id } }", 200, None),
    ],
)
async def test_a_subscription_that_is_not_possible_is_an_error(
    query: str, status: int, error_type: str | None
) -> None:
    found = await register(API, Caller(), operation(query), "1")
    assert isinstance(found, ApiResponse)
    assert (found.status, found.error_type) == (status, error_type)


@pytest.mark.parametrize(
    ("mutation", "fields"),
    [("make", ["made", "changed", "secret"]), ("remove", ["changed"]), ("nope", [])],
)
def test_a_mutation_has_the_subscribers_whose_directive_names_it(
    mutation: str, fields: list[str]
) -> None:
    assert subscribers_of(API.schema, mutation) == fields


def test_a_mutation_triggers_an_event_for_each_field_with_a_value() -> None:
    text = 'mutation { a: make(id: "1") { id } b: remove(id: "2") { id } make(id: "3") { id } }'
    response = ApiResponse(200, {"data": {"a": {"id": "1"}, "b": {"id": "2"}, "make": None}})
    found = triggered(API.schema, operation(text, realtime=False), response)
    assert found == {
        "made": [{"id": "1"}],
        "changed": [{"id": "1"}, {"id": "2"}],
        "secret": [{"id": "1"}],
    }


@pytest.mark.parametrize("body", [{"data": None}, {"errors": []}])
def test_a_response_without_data_triggers_nothing(body: dict[str, Any]) -> None:
    text = 'mutation { make(id: "1") { id } }'
    assert triggered(API.schema, operation(text, realtime=False), ApiResponse(200, body)) == {}


def test_a_query_triggers_nothing() -> None:
    response = ApiResponse(200, {"data": {"a": 1}})
    assert triggered(API.schema, operation("{ a }", realtime=False), response) == {}
