"""The real-time protocol's messages, as tables."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from appsync_gql.testing.emulator.realtime_faults import FrameError
from appsync_gql.testing.emulator.realtime_messages import (
    connection_error,
    handshake_headers,
    message_object,
    offered_subprotocols,
    start_payload,
)

GIVEN = {"host": "example.com", "Authorization": "token?>~"}
TEXT = json.dumps(GIVEN).encode()


def test_offered_subprotocols_are_separated_by_commas() -> None:
    assert offered_subprotocols("graphql-ws, header-abc") == ["graphql-ws", "header-abc"]
    assert offered_subprotocols("") == [""]


@pytest.mark.parametrize(
    ("headers", "query", "offered"),
    [
        ({}, {}, ["header-" + base64.urlsafe_b64encode(TEXT).decode().rstrip("=")]),
        ({}, {"header": base64.b64encode(TEXT).decode()}, ["graphql-ws"]),
        (GIVEN, {}, ["graphql-ws"]),
    ],
    ids=["subprotocol", "query", "headers"],
)
def test_the_authorization_object_is_read_from_each_of_three_places(
    headers: dict[str, str], query: dict[str, str], offered: list[str]
) -> None:
    found = handshake_headers(headers, query, offered)
    assert dict(found) == GIVEN
    assert found["authorization"] == "token?>~"


@pytest.mark.parametrize(
    "encoded", ["%%%", "e", base64.b64encode(b"[]").decode(), base64.b64encode(b"{").decode()]
)
def test_an_unreadable_authorization_object_is_empty(encoded: str) -> None:
    assert not handshake_headers(GIVEN, {"header": encoded}, [])


def test_values_that_are_no_strings_are_ignored() -> None:
    text = base64.b64encode(b'{"host": "h", "x": 1}').decode()
    assert dict(handshake_headers({}, {"header": text}, [])) == {"host": "h"}


@pytest.mark.parametrize(
    ("text", "message"), [("{}", {}), ("[]", None), ("{", None), ('"a"', None)]
)
def test_a_message_is_a_json_object(text: str, message: Any) -> None:
    assert message_object(text) == message


@pytest.mark.parametrize(
    ("payload", "data", "headers"),
    [
        ({"data": "d", "extensions": {"authorization": {"host": "h"}}}, "d", {"host": "h"}),
        ({"data": "d", "extensions": {}}, "d", {}),
        ({"data": "d", "extensions": []}, "d", {}),
        ({"data": {}}, None, {}),
        ([], None, {}),
        (None, None, {}),
    ],
)
def test_a_start_message_has_data_and_an_authorization_object(
    payload: Any, data: str | None, headers: dict[str, str]
) -> None:
    found, authorization = start_payload(payload)
    assert (found, dict(authorization)) == (data, headers)


def test_a_connection_error_has_a_code_and_a_type_if_there_is_one() -> None:
    error = {"message": "m", "errorCode": 401, "errorType": "T"}
    assert connection_error(FrameError("T", "m", 401)) == {"errors": [error]}
    assert connection_error(FrameError("", "m")) == {"errors": [{"message": "m", "errorCode": 400}]}
