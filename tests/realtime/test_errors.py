"""What errors of the real-time endpoint mean, and which error the consumer gets."""

from __future__ import annotations

from typing import Any

import pytest
from gql.transport.exceptions import TransportConnectionFailed

from appsync_gql import BadRequest, BlockedByWaf, Denied, Refused, ServerFailed, Throttled
from appsync_gql.error_types import ErrorMeaning
from appsync_gql.realtime.errors import (
    Lost,
    NotStarted,
    ServerError,
    Unanswered,
    error_of,
    server_error_of,
    server_error_of_status,
)

R, D, L, F, INV, T = (
    ErrorMeaning.REFUSED,
    ErrorMeaning.DENIED,
    ErrorMeaning.THROTTLED,
    ErrorMeaning.FULL,
    ErrorMeaning.INVALID,
    ErrorMeaning.FAILED,
)

NO_REASON = "The server sent no reason."


@pytest.mark.parametrize(
    ("payload", "meaning"),
    [
        ({"errors": [{"errorType": "UnauthorizedException", "errorCode": 401}]}, R),
        ({"errors": [{"errorType": "com.amazonaws.x#UnauthorizedException"}]}, R),
        ({"errors": [{"errorCode": 403, "message": "no"}]}, R),
        ({"errors": [{"errorType": "Unauthorized", "message": "Not Authorized"}]}, D),
        ({"errors": {"errorType": "LimitExceededError", "message": "Rate limit"}}, L),
        ({"errors": [{"errorCode": 429}]}, L),
        ({"errors": {"errorType": "MaxSubscriptionsReachedError"}}, F),
        ({"errors": [{"errorType": "x#BadRequestException", "errorCode": 400}]}, INV),
        ({"errors": [{"errorType": "UnsupportedOperation"}]}, INV),
        ({"errors": [{"message": "SubProtocolNotSupportedError", "errorCode": 400}]}, INV),
        ({"errors": [{"message": "Validation error of type FieldUndefined"}]}, INV),
        ({"errors": ["a bare string"]}, INV),
        ({"errors": "a bare string"}, INV),
        ({"errors": [{"message": "Internal server error"}]}, T),
        ({"errors": [{"errorType": "x", "message": "Validation error of type y"}]}, INV),
        ({"errors": [{"errorType": "ThrottledException"}]}, L),
        ({"errors": [{"errorType": "UNAUTHENTICATED"}]}, R),
        ({"errors": [{"errorType": "#", "errorCode": True}]}, T),
        ({"errors": [{"errorType": "InternalFailure", "errorCode": 500}]}, T),
        ({"errors": [{"errorType": "Unheard of"}]}, T),
        ({"errors": []}, T),
        ({}, T),
        (None, T),
    ],
)
def test_what_an_error_frame_means_whatever_its_shape(payload: Any, meaning: ErrorMeaning) -> None:
    assert server_error_of({"type": "error", "payload": payload}).meaning is meaning


def test_errors_are_found_at_the_frames_top_level_too() -> None:
    frame = {"type": "error", "errors": [{"errorType": "Unauthorized", "message": "no"}]}
    error = server_error_of(frame)
    assert (error.meaning, error.message) == (ErrorMeaning.DENIED, "no")


@pytest.mark.parametrize(
    ("sent", "error_type", "code", "message"),
    [
        ({"errorType": "a#Throttled", "errorCode": 7}, "Throttled", 7, "Throttled"),
        ({"errorType": "Throttled", "message": "Wait."}, "Throttled", None, "Wait."),
        ({"errorType": "#", "errorCode": True, "message": ""}, None, None, NO_REASON),
        ({"errorType": "", "errorCode": "400"}, None, None, NO_REASON),
        ({"errorType": ["x"], "errorCode": 4.5, "message": 5}, None, None, NO_REASON),
        ("text", None, None, "text"),
        (5, None, None, NO_REASON),
    ],
)
def test_fields_of_an_unexpected_type_are_left_out(
    sent: Any, error_type: str | None, code: int | None, message: str
) -> None:
    error = server_error_of({"payload": {"errors": [sent]}})
    assert (error.error_type, error.code, error.message) == (error_type, code, message)
    assert error.errors == (sent,)


@pytest.mark.parametrize(
    ("error", "of_endpoint"),
    [
        *((server_error_of_status(status), True) for status in (300, 399, 404, 405, 410, 421, 426)),
        *((server_error_of_status(status), True) for status in (408, 429, 500)),
        *((server_error_of_status(status), False) for status in (400, 401, 403, 409, 422)),
        (ServerError(INV, "no", "BadRequestException", 404), False),
        (ServerError(D, "no"), False),
    ],
)
def test_whether_other_users_would_get_the_same_error(
    error: ServerError, *, of_endpoint: bool
) -> None:
    assert error.of_endpoint is of_endpoint


def test_why_a_subscription_has_not_started_is_in_the_error() -> None:
    error = NotStarted(Lost("reset"))
    assert error.end == Lost("reset")
    assert "reset" in str(error)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, T),
        (302, INV),
        (400, INV),
        (401, R),
        (403, ErrorMeaning.BLOCKED),
        (404, INV),
        (408, T),
        (429, L),
        (502, T),
    ],
)
def test_what_the_http_status_of_a_handshake_means(status: int, meaning: ErrorMeaning) -> None:
    error = server_error_of_status(status)
    assert (error.meaning, error.code) == (meaning, status)
    assert error.message == f"HTTP {status} at the real-time endpoint."
    assert server_error_of_status(status, "Do this.").message.endswith(". Do this.")


@pytest.mark.parametrize(
    ("meaning", "kind"),
    [
        (R, Refused),
        (D, Denied),
        (L, Throttled),
        (F, ServerFailed),
        (INV, BadRequest),
        (ErrorMeaning.BLOCKED, BlockedByWaf),
        (T, ServerFailed),
    ],
)
def test_which_error_ends_a_subscription(meaning: ErrorMeaning, kind: type[Exception]) -> None:
    end = ServerError(meaning, "No.", "SomeException", 400, ({"message": "No."}, "text"))
    error: Any = error_of(end, "Look at the clock.")
    assert "No." in str(error)
    assert (error.error_type, error.status) == ("SomeException", 400)
    assert type(error) is kind
    assert ("Look at the clock." in str(error)) is (meaning is R)
    if isinstance(error, Refused | Denied | BadRequest | BlockedByWaf):
        assert error.errors == [{"message": "No."}, {"message": "text"}]


@pytest.mark.parametrize("end", [Lost("no answer"), Unanswered("no answer")])
def test_what_got_no_answer_is_a_failed_connection(end: Lost | Unanswered) -> None:
    error = error_of(end)
    assert isinstance(error, TransportConnectionFailed)
    assert "no answer" in str(error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (server_error_of_status(302), True),
        (server_error_of_status(400), False),
        (server_error_of_status(401), False),
        (server_error_of_status(403), False),
        (server_error_of_status(404), True),
        (server_error_of_status(429), True),
        (server_error_of_status(431), False),
        (server_error_of_status(503), True),
        (ServerError(INV, "No.", "BadRequestException", 404), False),
        (ServerError(D, "No."), False),
    ],
)
def test_which_errors_of_a_handshake_others_would_get_too(
    error: ServerError, expected: Any
) -> None:
    assert error.of_endpoint is expected


def test_ends_have_a_reason() -> None:
    assert ServerError(T, "text").reason == "text"
