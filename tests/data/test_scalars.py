"""AWS's scalars in gql, by a schema and by the names of fields."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from ipaddress import IPv4Address
from typing import Any

import pytest
from gql.utilities import parse_result, serialize_variable_values
from graphql import GraphQLError, build_schema, parse, validate

from appsync_gql import (
    ApiKeyAuth,
    AppSyncClient,
    AppSyncTransport,
    ConfigurationError,
    add_aws_scalars,
    gql,
    parse_aws_scalars,
    serialize_aws_scalars,
)
from appsync_gql.data.scalars import SCALARS
from appsync_gql.testing import Emulator

SDL = """
type Query @aws_iam {
  event(id: ID!): Event
  events(on: [AWSDate!], filter: Filter, seen: AWSTimestamp): [Event!] @aws_api_key
}
input Filter { since: AWSDateTime, meta: AWSJSON, all: [AWSJSON] }
type Event @model @auth(rules: [{allow: owner}]) {
  id: ID!
  day: AWSDate
  at: AWSTime
  start: AWSDateTime
  seen: AWSTimestamp
  meta: AWSJSON
  ip: AWSIPAddress
  email: AWSEmail
  page: AWSURL
  phone: AWSPhone
  days: [AWSDate]
}
"""
FIELDS = "id day at start seen meta ip email page phone days"
SENT = {
    "id": "2020-01-01",
    "day": "2020-01-02",
    "at": "03:04Z",
    "start": "2020-01-02T03:04:05Z",
    "seen": 7,
    "meta": '{"a": [1]}',
    "ip": "10.0.0.1",
    "email": "ada@example.com",
    "page": "https://example.com/",
    "phone": "+49 30 123456",
    "days": ["2020-01-02", None],
}
PYTHON = {
    "id": "2020-01-01",
    "day": date(2020, 1, 2),
    "at": time(3, 4, tzinfo=timezone.utc),
    "start": datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    "seen": datetime(1970, 1, 1, 0, 0, 7, tzinfo=timezone.utc),
    "meta": {"a": [1]},
    "ip": IPv4Address("10.0.0.1"),
    "email": "ada@example.com",
    "page": "https://example.com/",
    "phone": "+49 30 123456",
    "days": [date(2020, 1, 2), None],
}
TYPES = {
    "day": "AWSDate",
    "at": "AWSTime",
    "start": "AWSDateTime",
    "seen": "AWSTimestamp",
    "meta": "AWSJSON",
    "ip": "AWSIPAddress",
    "email": "AWSEmail",
    "page": "AWSURL",
    "phone": "AWSPhone",
    "days": "AWSDate",
}


def test_an_sdl_of_appsync_needs_no_declarations_of_scalars_and_directives() -> None:
    query = parse(f"{{ events {{ {FIELDS} }} }}")
    found = parse_result(add_aws_scalars(SDL), query, {"events": [SENT]})
    assert found == {"events": [PYTHON]}


def test_a_schema_object_is_changed_in_place_and_other_scalars_are_left() -> None:
    schema = build_schema("scalar AWSDate scalar Other type Query { a: AWSDate b: Other }")
    assert add_aws_scalars(schema) is schema
    found = parse_result(schema, parse("{ a b }"), {"a": "2020-01-02", "b": "2020-01-02"})
    assert found == {"a": date(2020, 1, 2), "b": "2020-01-02"}


def test_a_scalar_that_the_sdl_declares_is_not_declared_twice() -> None:
    schema = add_aws_scalars("scalar AWSDate type Query { a: AWSDate }")
    assert parse_result(schema, parse("{ a }"), {"a": "2020-01-02"}) == {"a": date(2020, 1, 2)}


@pytest.mark.parametrize("sdl", ["type Query {", "type Query { a: Missing }"])
def test_an_sdl_that_is_no_schema_is_one_line(sdl: str) -> None:
    with pytest.raises(ConfigurationError, match="The SDL is not a schema") as caught:
        add_aws_scalars(sdl)
    assert "\n" not in str(caught.value)
    assert caught.value.setting == "schema"


def test_variables_are_sent_as_the_scalars_of_the_schema() -> None:
    query = parse(
        "query($on: [AWSDate!], $filter: Filter) { events(on: $on, filter: $filter) {id} }"
    )
    values: dict[str, Any] = {
        "on": [date(2020, 1, 2)],
        "filter": {"since": PYTHON["start"], "meta": [1], "all": [[1], "x"]},
    }
    assert serialize_variable_values(add_aws_scalars(SDL), query, values) == {
        "on": ["2020-01-02"],
        "filter": {"since": "2020-01-02T03:04:05Z", "meta": "[1]", "all": ["[1]", '"x"']},
    }


def test_a_literal_of_another_form_is_found_before_anything_is_sent() -> None:
    schema = add_aws_scalars(SDL)
    assert not validate(schema, parse('{ events(on: ["2020-01-02"]) { id } }'))
    (error,) = validate(schema, parse('{ events(on: ["tomorrow"]) { id } }'))
    assert "tomorrow" in str(error)


def test_a_client_with_the_schema_converts_results_and_variables() -> None:
    received: list[Any] = []

    def events(_source: Any, _info: Any, **arguments: Any) -> list[dict[str, Any]]:
        received.append(arguments)
        return [SENT]

    resolvers = {"Query": {"events": events}}
    with Emulator.in_thread(_plain(SDL), resolvers, api_keys=["key"]) as api:
        client = AppSyncClient(
            transport=AppSyncTransport(api.graphql_url, auth=ApiKeyAuth("key")),
            schema=add_aws_scalars(SDL),
            parse_results=True,
            serialize_variables=True,
        )
        query = gql(
            f"""query($on: [AWSDate!], $s: AWSTimestamp) {{
              events(on: $on, seen: $s) {{ {FIELDS} }}
            }}"""
        )
        query.variable_values = {"on": [date(2020, 1, 2)], "s": PYTHON["seen"]}
        assert client.execute(query) == {"events": [PYTHON]}
    assert received == [{"on": ["2020-01-02"], "seen": 7}]


def _plain(sdl: str) -> str:
    """Return the SDL without directives that only Amplify knows."""
    return sdl.replace("@model @auth(rules: [{allow: owner}])", "").replace(
        "@aws_iam", "@aws_api_key"
    )


def test_without_a_schema_fields_are_converted_by_their_names() -> None:
    data = {"events": [SENT, None], "event": SENT}
    assert parse_aws_scalars(data, TYPES) == {"events": [PYTHON, None], "event": PYTHON}
    assert data["event"] is SENT
    assert SENT["day"] == "2020-01-02"


def test_a_longer_path_is_preferred_to_a_name_alone() -> None:
    data = {"a": {"at": "03:04"}, "b": [{"at": "2020-01-02"}], "c": {"b": {"at": None}}}
    found = parse_aws_scalars(data, {"at": "AWSTime", "b.at": "AWSDate"})
    assert found == {
        "a": {"at": time(3, 4)},
        "b": [{"at": date(2020, 1, 2)}],
        "c": {"b": {"at": None}},
    }


def test_an_item_is_converted_as_well_as_a_whole_result() -> None:
    assert parse_aws_scalars(SENT, TYPES) == PYTHON


def test_without_a_schema_variables_are_converted_by_their_names() -> None:
    zone = timezone(timedelta(hours=1))
    variables = {
        "filter": {"since": datetime(2020, 1, 2, tzinfo=zone), "meta": [1, {"since": "x"}]},
        "on": [date(2020, 1, 2), None],
        "other": 1,
    }
    types = {"since": "AWSDateTime", "on": "AWSDate", "filter.meta": "AWSJSON"}
    assert serialize_aws_scalars(variables, types) == {
        "filter": {"since": "2020-01-02T00:00:00+01:00", "meta": '[1, {"since": "x"}]'},
        "on": ["2020-01-02", None],
        "other": 1,
    }


@pytest.mark.parametrize("function", [parse_aws_scalars, serialize_aws_scalars])
def test_a_scalar_that_does_not_exist_is_refused_with_the_names_of_those_that_do(
    function: Any,
) -> None:
    with pytest.raises(ConfigurationError, match=r"no AWS scalar 'AWSDatetime'.*AWSDateTime"):
        function({}, {"at": "AWSDatetime"})


def test_a_value_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(GraphQLError, match="not a valid AWSDate"):
        parse_aws_scalars({"day": {"a": 1}}, {"day": "AWSDate"})


def test_all_scalars_of_appsync_are_known() -> None:
    names = "Date DateTime Email IPAddress JSON Phone Time Timestamp URL"
    assert list(SCALARS) == [f"AWS{name}" for name in names.split()]
