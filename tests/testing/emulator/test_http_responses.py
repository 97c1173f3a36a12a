"""Responses of AppSync and Cognito as status, headers and bytes."""

from __future__ import annotations

import json

import pytest

from appsync_gql.testing.emulator.cognito_error import CognitoError
from appsync_gql.testing.emulator.http_responses import (
    body_of_get,
    of_appsync,
    of_cognito,
    of_cognito_error,
)
from appsync_gql.testing.emulator.responses import ApiResponse, request_error


def test_appsync_sends_the_error_type_as_a_header_of_error_responses_only() -> None:
    refused = of_appsync(request_error("UnauthorizedException", "no", 401))
    assert (refused.status, refused.error_type) == (401, "UnauthorizedException")
    assert refused.headers["x-amzn-errortype"] == "UnauthorizedException"
    denied = of_appsync(ApiResponse(200, {"data": None, "errors": [{"errorType": "Unauthorized"}]}))
    assert denied.error_type == "Unauthorized"
    assert "x-amzn-errortype" not in denied.headers


def test_cognito_sends_the_error_name_with_a_colon() -> None:
    response = of_cognito_error(CognitoError("NotAuthorizedException", "no"))
    assert response.headers["x-amzn-ErrorType"] == "NotAuthorizedException:"
    assert json.loads(response.body) == {"__type": "NotAuthorizedException", "message": "no"}
    assert response.status == 400


def test_an_error_name_of_another_emulator_is_not_sent_as_a_header() -> None:
    response = of_cognito_error(CognitoError("CognitoLocal#Unsupported", "no", status=500))
    assert (response.status, {*response.headers}) == (500, {"Content-Type"})


def test_a_successful_call_has_cognitos_content_type() -> None:
    response = of_cognito({"a": 1})
    assert (response.status, response.body) == (200, b'{"a": 1}')
    assert response.headers == {"Content-Type": "application/x-amz-json-1.1"}


@pytest.mark.parametrize(
    ("query", "variables"),
    [({}, {}), ({"variables": '{"a": 1}'}, {"a": 1}), ({"variables": "{"}, "not JSON")],
)
def test_a_get_is_answered_like_a_post(query: dict[str, str], variables: object) -> None:
    body = json.loads(body_of_get({"query": "{ a }", **query}))
    assert body == {"query": "{ a }", "variables": variables, "operationName": None}
