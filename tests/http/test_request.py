from __future__ import annotations

import copy
import json
import logging
from typing import Any

import pytest
from gql import FileVar, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport

from appsync_gql import BadRequest
from appsync_gql.http.request import prepare
from appsync_gql.http.sender import PreparedRequest
from support.http import MUTATION, QUERY, numbered

URL = "https://api.example.com/graphql"


def prepared(
    request: GraphQLRequest,
    extra_args: dict[str, Any] | None = None,
    *,
    upload_files: bool = False,
    **settings: Any,
) -> PreparedRequest:
    transport = AIOHTTPTransport(URL, **settings)
    return prepare(transport, request, extra_args, upload_files=upload_files)


def test_the_body_is_the_requests_payload() -> None:
    request = numbered(QUERY, 3)
    found = prepared(request)
    assert json.loads(found.body or b"") == request.payload
    assert found.payload.decode().encode() == found.body
    assert (found.url, found.ssl, found.query, found.replayable) == (URL, True, True, True)


def test_a_mutation_is_no_query_and_may_be_replayed() -> None:
    found = prepared(MUTATION)
    assert (found.query, found.replayable, found.sent) == (False, True, False)


def test_a_serializer_of_the_callers_own_writes_the_body() -> None:
    def own(value: Any) -> str:
        return json.dumps(value, indent=2)

    found = prepared(numbered(QUERY, 3), json_serialize=own)
    assert found.body == own(numbered(QUERY, 3).payload).encode()


def test_the_callers_arguments_are_left_for_aiohttp_and_not_changed() -> None:
    extra_args = {"headers": {"x": "1"}, "proxy": "http://p", "ssl": False}
    before = copy.deepcopy(extra_args)
    found = prepared(QUERY, extra_args)
    assert (found.headers, found.arguments, found.ssl) == ({"x": "1"}, {"proxy": "http://p"}, False)
    assert extra_args == before


def test_a_status_is_never_raised_by_aiohttp() -> None:
    assert prepared(QUERY, {"raise_for_status": True, "allow_redirects": False}).arguments == {}


def test_following_redirects_is_refused() -> None:
    with pytest.raises(BadRequest, match="redirect"):
        prepared(QUERY, {"allow_redirects": True})


def test_a_body_of_the_callers_own_takes_the_place_of_the_requests() -> None:
    found = prepared(QUERY, {"json": {"query": "{ other }"}, "headers": {"x": "1"}})
    assert (found.body, found.headers, found.arguments) == (None, {"x": "1"}, {})
    assert json.loads(found.payload.decode()) == {"query": "{ other }"}
    assert not found.sent


def test_two_bodies_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(BadRequest, match="data="):
        prepared(MUTATION, {"data": b"x"})


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


def unusable(_: object) -> str:
    raise ArithmeticError("no such number")


@pytest.mark.parametrize(
    ("value", "settings"),
    [
        (object(), {}),
        (deep(100_000), {}),
        (CYCLE, {}),
        (1, {"json_serialize": unusable}),
        (1, {"json_serialize": lambda value: json.dumps(value).encode()}),
    ],
    ids=["no JSON", "nested deeply", "cycle", "the serializer raises", "it returns bytes"],
)
def test_variables_that_can_not_be_sent_are_a_bad_request(
    value: object, settings: dict[str, Any]
) -> None:
    request = GraphQLRequest(QUERY.document, variable_values={"a": value})
    with pytest.raises(BadRequest, match="can't be sent as JSON") as caught:
        prepared(request, **settings)
    assert not caught.value.may_have_executed


def test_files_are_sent_in_a_multipart_body_that_is_not_replayed() -> None:
    upload = gql("mutation ($file: Upload!) { upload(file: $file) }")
    request = GraphQLRequest(upload.document, variable_values={"file": FileVar(__file__)})
    transport = AIOHTTPTransport(URL)
    found = prepare(transport, request, {"headers": {"x": "1"}}, upload_files=True)
    assert (found.body, found.replayable, found.headers) == (None, False, {"x": "1"})
    assert found.payload.is_multipart
    for file in transport.files.values():
        file.close_file()


@pytest.mark.parametrize("variables", [None, {"file": FileVar("/nonexistent/file")}])
def test_an_upload_that_can_not_be_built_is_a_bad_request(
    variables: dict[str, Any] | None,
) -> None:
    request = GraphQLRequest(MUTATION.document, variable_values=variables)
    with pytest.raises(BadRequest):
        prepared(request, upload_files=True)


def test_the_body_is_logged_like_gqls_own(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="gql.transport.aiohttp"):
        found = prepared(QUERY)
    assert f">>> {(found.body or b'').decode()}" in caplog.messages
