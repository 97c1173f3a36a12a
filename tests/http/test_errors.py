"""Which error a caller receives, as tables."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey, RequestInfo
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from multidict import CIMultiDict
from yarl import URL

from appsync_gql import AppSyncError, Outcome, Response
from appsync_gql.exceptions import (
    BadRequest,
    BlockedByWaf,
    ConnectionFailed,
    Denied,
    OutcomeUnknown,
    Refused,
    ServerFailed,
    Throttled,
)
from appsync_gql.http.errors import (
    error_of,
    error_without_response,
    remove_frames,
    without_password,
)
from appsync_gql.http.response import Rejection, classify


def error(error_type: str, message: str = "") -> dict[str, Any]:
    return {"errorType": error_type, "message": message}


REFUSED = error("UnauthorizedException", "Token has expired.")
DENIED = {**error("Unauthorized", "Not Authorized"), "path": ["secret"]}
HEADERS = CIMultiDict({"x-amzn-requestid": "id-1", "Retry-After": "7"})


@pytest.mark.parametrize(
    ("response", "query", "kind", "may_have_executed"),
    [
        (Response(401, HEADERS, [REFUSED]), False, Refused, False),
        (Response(200, HEADERS, [DENIED]), True, Denied, False),
        (Response(200, HEADERS, [DENIED], {"b": 1}), True, Denied, True),
        (Response(200, HEADERS, [DENIED]), False, Denied, True),
        (Response(429, HEADERS, [error("ThrottlingException")]), False, Throttled, False),
        (Response(403, HEADERS, [error("WAFForbiddenException")]), True, BlockedByWaf, False),
        (Response(400, HEADERS, [error("MalformedHttpRequestException")]), True, BadRequest, False),
        (Response(307, HEADERS, [error("x")]), True, BadRequest, False),
        (Response(500, HEADERS, [error("InternalFailure")]), True, ServerFailed, True),
        (Response(500, HEADERS, [error("InternalFailure")]), False, OutcomeUnknown, True),
    ],
)
def test_an_error_carries_the_facts_of_the_response(
    response: Response, kind: type[AppSyncError], *, query: bool, may_have_executed: bool
) -> None:
    raised = error_of(Rejection(response, classify(response)), query=query)
    assert type(raised) is kind
    assert raised.status == response.status
    assert raised.request_id == "id-1"
    assert raised.error_type == response.error_types[0]
    assert raised.may_have_executed is may_have_executed
    if isinstance(raised, TransportQueryError):
        assert (raised.errors, raised.data) == (response.errors, response.data)
    if isinstance(raised, Throttled):
        assert raised.retry_after == 7.0


def test_gqls_reconnecting_session_repeats_only_errors_that_may_pass() -> None:
    """It repeats every error that is not a TransportQueryError."""
    useless = [Refused, Denied, BadRequest, BlockedByWaf, OutcomeUnknown]
    assert all(issubclass(kind, TransportQueryError) for kind in useless)
    assert not any(issubclass(kind, TransportQueryError) for kind in (Throttled, ServerFailed))


def test_handlers_written_for_plain_gql_still_catch_a_lost_response() -> None:
    lost = OutcomeUnknown("lost", status=502)
    for kind in (TransportConnectionFailed, TransportServerError, TransportProtocolError):
        assert isinstance(lost, kind)
    assert lost.code == 502
    assert lost.may_have_executed
    assert isinstance(lost, TransportError)


@pytest.mark.parametrize("query", [True, False])
@pytest.mark.parametrize(
    "outcome", [outcome for outcome in Outcome if outcome is not Outcome.EXECUTED]
)
@pytest.mark.parametrize(
    "response",
    [Response(200, is_graphql=False), Response(401, errors="text"), Response(307, data=3)],
)
def test_every_outcome_but_executed_has_an_error(
    outcome: Outcome, response: Response, *, query: bool
) -> None:
    raised = error_of(Rejection(response, outcome), query=query)
    assert isinstance(raised, AppSyncError)
    assert raised.status == response.status
    assert str(response.status) in str(raised)


def test_the_advice_of_the_authorization_mode_is_in_the_error_of_a_refusal() -> None:
    rejection = Rejection(Response(401), Outcome.REFUSED)
    assert str(error_of(rejection, query=True, advice="Compare the clocks.")).endswith("clocks.")
    assert str(error_of(rejection, query=True)).endswith("(401).")


KEY = ConnectionKey(
    "h", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
)
INFO = RequestInfo(URL("http://h"), "POST", CIMultiDict(), URL("http://h"))  # type: ignore[arg-type]
CERTIFICATE = Exception("self-signed")


@pytest.mark.parametrize(
    ("error", "sent", "query", "kind", "may_have_executed"),
    [
        # (error, may the body have been sent, query?) → (class, may it have been executed)
        (OSError("reset"), True, True, ConnectionFailed, True),
        (OSError("reset"), True, False, OutcomeUnknown, True),
        (OSError("refused"), False, True, ConnectionFailed, False),
        (OSError("refused"), False, False, ConnectionFailed, False),
        (asyncio.TimeoutError(), True, False, OutcomeUnknown, True),
        (asyncio.TimeoutError(), False, False, ConnectionFailed, False),
        (ValueError("line feed"), False, True, BadRequest, False),
        (TypeError("unknown argument"), False, False, BadRequest, False),
        (ValueError("a trace failed late"), True, False, OutcomeUnknown, True),
        (aiohttp.InvalidURL("x"), True, False, BadRequest, False),
        (aiohttp.ClientConnectorError(KEY, OSError(1, "x")), True, False, ConnectionFailed, False),
        (
            aiohttp.ClientConnectorCertificateError(KEY, CERTIFICATE),
            True,
            False,
            ConnectionFailed,
            False,
        ),
        (aiohttp.ConnectionTimeoutError(), True, False, ConnectionFailed, False),
        (aiohttp.ClientHttpProxyError(INFO, (), status=503), True, False, ConnectionFailed, False),
        (
            aiohttp.ServerFingerprintMismatch(b"a", b"b", "h", 443),
            True,
            False,
            ConnectionFailed,
            False,
        ),
        (aiohttp.ServerDisconnectedError(), True, False, OutcomeUnknown, True),
        (aiohttp.ClientPayloadError("cut"), True, True, ConnectionFailed, True),
    ],
)
def test_which_error_stands_for_no_response(
    error: Exception,
    kind: type[AppSyncError],
    *,
    sent: bool,
    query: bool,
    may_have_executed: bool,
) -> None:
    raised = error_without_response(error, query=query, sent=sent)
    assert type(raised) is kind
    assert raised.may_have_executed is may_have_executed
    assert type(error).__name__ in str(raised), "the message is never empty"
    assert (raised.status, raised.error_type, raised.request_id) == (None, None, None)


def raised_from(
    cause: BaseException | None = None, context: BaseException | None = None
) -> ValueError:
    try:
        raise ValueError from cause  # noqa: TRY301 - so that it has a traceback
    except ValueError as error:
        error.__context__ = context
        return error


def test_no_frame_is_left_in_an_error_and_in_all_that_led_to_it() -> None:
    errors = [raised_from() for _ in range(3)]
    last = raised_from(raised_from(errors[0], errors[1]), errors[2])
    assert last.__cause__ is not None
    errors += [last, last.__cause__]  # type: ignore[list-item]
    assert all(one.__traceback__ is not None for one in errors)
    remove_frames(last)
    assert all(one.__traceback__ is None for one in errors)


def test_errors_that_lead_to_each_other_are_no_endless_loop() -> None:
    one, other = raised_from(), raised_from()
    one.__context__, other.__cause__ = other, one
    remove_frames(one)
    assert one.__traceback__ is other.__traceback__ is None


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("503, url='http://ada:pass@proxy:1/'", "503, url='http://proxy:1/'"),
        ("http://a:b@c and https://d:e@f/", "http://c and https://f/"),
        ("http://localhost/ada@example.com", "http://localhost/ada@example.com"),
    ],
)
def test_a_text_is_quoted_without_the_passwords_in_its_urls(text: str, redacted: str) -> None:
    assert without_password(text) == redacted
    raised = error_without_response(OSError(text), query=True, sent=False)
    assert redacted in str(raised)


@pytest.mark.parametrize(
    ("status", "redirects"), [(299, False), (300, True), (399, True), (400, False)]
)
def test_a_redirect_is_told_from_other_rejections(status: int, *, redirects: bool) -> None:
    rejection = Rejection(Response(status, HEADERS), Outcome.INVALID)
    found = error_of(rejection, query=True)
    assert ("final URL" in str(found)) is redirects
