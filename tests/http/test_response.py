from __future__ import annotations

from typing import Any

import pytest
from gql import GraphQLRequest
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from graphql import ExecutionResult, parse
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from appsync_gql import AppSyncError, Outcome, Replay, Response
from appsync_gql.exceptions import (
    BadRequest,
    BlockedByWaf,
    Denied,
    OutcomeUnknown,
    Refused,
    ServerFailed,
    Throttled,
)
from appsync_gql.http.errors import error_of
from appsync_gql.http.request_body import is_query
from appsync_gql.http.response import Rejection, classify, may_replay, result_of

O = Outcome  # noqa: E741 - the tables below are read by columns


def error(error_type: Any = None, message: str = "", **more: Any) -> dict[str, Any]:
    return {"errorType": error_type, "message": message, **more}


REFUSED = error("UnauthorizedException", "Token has expired.")
DENIED = error("Unauthorized", "Not Authorized to access secret on type Query", path=["secret"])


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        pytest.param(Response(200, data={"a": 1}), O.EXECUTED, id="a result"),
        pytest.param(Response(200), O.EXECUTED, id="a null result"),
        pytest.param(Response(401, errors=[REFUSED]), O.REFUSED, id="401 as AppSync sends it"),
        pytest.param(Response(401, is_graphql=False), O.REFUSED, id="401 of a proxy, in HTML"),
        pytest.param(Response(200, errors=[REFUSED]), O.REFUSED, id="the same type without 401"),
        pytest.param(
            Response(
                400, errors=[error("com.amazonaws.deepdish.graphql.auth#UnauthorizedException")]
            ),
            O.REFUSED,
            id="with a prefix before #",
        ),
        pytest.param(
            Response(
                400, CIMultiDict({"X-Amzn-ErrorType": "UnauthorizedException:"}), is_graphql=False
            ),
            O.REFUSED,
            id="named by the header alone",
        ),
        pytest.param(
            Response(200, errors=[error(extensions={"code": "UNAUTHENTICATED"})]),
            O.REFUSED,
            id="Apollo's convention",
        ),
        pytest.param(
            Response(200, errors=[{**REFUSED, "path": ["createA"]}]),
            O.DENIED,
            id="a refusal with a path comes from a resolver",
        ),
        pytest.param(
            Response(200, errors=[REFUSED], data={"a": 1}), O.DENIED, id="a refusal beside data"
        ),
        pytest.param(Response(200, errors=[DENIED]), O.DENIED, id="denied, data null"),
        pytest.param(
            Response(200, errors=[DENIED], data={"secret": None}),
            O.DENIED,
            id="denied at a field",
        ),
        pytest.param(
            Response(200, errors=[error("Lambda:Unhandled"), DENIED], data={}),
            O.DENIED,
            id="denied among other errors",
        ),
        pytest.param(
            Response(
                200, errors=[error("DynamoDB:Conditional", "401 Unauthorized item-4013")], data={}
            ),
            O.EXECUTED,
            id="401 and Unauthorized in a text mean nothing",
        ),
        pytest.param(
            Response(200, errors=[error(None, "Token has expired.")]),
            O.EXECUTED,
            id="nor does a text about tokens",
        ),
        pytest.param(
            Response(200, errors=[error("UnauthorizedExceptionally"), error("NotUnauthorized")]),
            O.EXECUTED,
            id="nor a type that is merely alike",
        ),
        pytest.param(
            Response(200, errors=[error(None, "Validation error of type FieldUndefined")]),
            O.EXECUTED,
            id="validation",
        ),
        pytest.param(Response(429, is_graphql=False), O.THROTTLED, id="429"),
        pytest.param(
            Response(400, errors=[error("TooManyRequestsException")]),
            O.THROTTLED,
            id="by its type",
        ),
        pytest.param(
            Response(200, errors=[error("ThrottlingException", path=["a"])], data={"a": None}),
            O.EXECUTED,
            id="a throttled data source is a resolver's error",
        ),
        pytest.param(
            Response(403, errors=[error("WAFForbiddenException", "403 Forbidden")]),
            O.BLOCKED,
            id="a firewall rule",
        ),
        pytest.param(Response(403, is_graphql=False), O.BLOCKED, id="a firewall's own page"),
        pytest.param(
            Response(403, errors=[error("UnrecognizedClientException")]), O.REFUSED, id="IAM"
        ),
        pytest.param(
            Response(400, errors=[error("MalformedHttpRequestException")]),
            O.INVALID,
            id="malformed",
        ),
        pytest.param(Response(302, is_graphql=False), O.INVALID, id="a redirect"),
        pytest.param(Response(503, is_graphql=False), O.FAILED, id="a page of a load balancer"),
        pytest.param(Response(500, errors=[error("InternalFailure")]), O.FAILED, id="500 as JSON"),
        pytest.param(Response(200, is_graphql=False), O.FAILED, id="200 without GraphQL in it"),
        pytest.param(
            Response(401, errors={"errorType": "UnauthorizedException"}),
            O.REFUSED,
            id="an object",
        ),
        pytest.param(
            Response(200, errors=["text", None, 3, error(7), error(extensions=[])]),
            O.EXECUTED,
            id="errors of no known shape",
        ),
    ],
)
def test_an_response_means(response: Response, outcome: Outcome) -> None:
    assert classify(response) is outcome


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=10,
)
ERRORS = (
    st.none()
    | JSON
    | st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "errorType": JSON | st.sampled_from(["Unauthorized", "x#UnauthorizedException"]),
                "extensions": JSON | st.just({"code": "UNAUTHENTICATED"}),
                "path": JSON,
                "message": JSON,
            },
        ),
        max_size=3,
    )
)


@given(status=st.integers(200, 599), errors=ERRORS, data=JSON, is_graphql=st.booleans())
def test_any_json_gets_a_outcome_and_every_other_than_executed_an_error(
    status: int, errors: Any, data: Any, *, is_graphql: bool
) -> None:
    response = Response(status, {}, errors, data, None, is_graphql)
    outcome = classify(response)
    for query in (True, False):
        if outcome is not O.EXECUTED:
            assert isinstance(error_of(Rejection(response, outcome), query=query), AppSyncError)


@given(
    status=st.sampled_from([200, 201, 302, 400, 401, 403, 429, 500]),
    headers=st.sampled_from([{}, {"x-amzn-errortype": "ThrottlingException:http://"}]),
    json=st.fixed_dictionaries({}, optional={"data": JSON, "errors": ERRORS, "extensions": JSON})
    | JSON,
)
def test_an_response_is_a_result_exactly_where_its_outcome_is_that_it_was_executed(
    status: int, headers: dict[str, str], json: Any
) -> None:
    found = result_of(status, headers, json)
    # A reading of one's own that knows nothing is asked first, and changes nothing.
    asked: list[Response] = []
    again = result_of(status, headers, json, asked.append)
    (response,) = asked
    if classify(response) is O.EXECUTED:
        assert isinstance(found, ExecutionResult)
        assert found == again
        assert (found.errors, found.data, found.extensions) == response[2:5]
    else:
        assert found == again == (response, classify(response))


def test_a_reading_of_ones_own_comes_first() -> None:
    found = result_of(200, {}, {"data": 1}, lambda response: O.REFUSED if response.data else None)
    assert isinstance(found, Rejection)
    assert found.outcome is O.REFUSED


@given(status=st.integers(200, 599).filter(lambda s: s != 401), errors=ERRORS, data=JSON)
def test_an_response_with_data_never_counts_as_refused_before_execution(
    status: int, errors: Any, data: Any
) -> None:
    assert data is None or classify(Response(status, {}, errors, data)) is not O.REFUSED


@pytest.mark.parametrize("policy", Replay)
@pytest.mark.parametrize("query", [True, False])
@pytest.mark.parametrize("outcome", Outcome)
def test_what_is_replayed(outcome: Outcome, policy: Replay, *, query: bool) -> None:
    expected = (outcome is O.REFUSED and policy is not Replay.NEVER) or (
        outcome is O.DENIED and query and policy is Replay.REFUSED_AND_DENIED
    )
    assert may_replay(outcome, query=query, policy=policy) is expected


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("{ a }", None, True),
        ("query Q { a }", None, True),
        ("mutation { a }", None, False),
        ("subscription { a }", None, False),
        ("query Q { a } mutation M { a }", "Q", True),
        ("query Q { a } mutation M { a }", "M", False),
        ("query Q { a } query R { a }", None, False),
        ("query Q { a }", "Other", False),
        ("fragment F on T { a }", None, False),
    ],
)
def test_an_operation_counts_as_a_query_only_if_it_surely_is_one(
    source: str, name: str | None, *, expected: bool
) -> None:
    request = GraphQLRequest(parse(source), operation_name=name)
    assert is_query(request) is expected


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
def test_an_error_carries_what_the_response_told(
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


def test_gqls_reconnecting_session_repeats_only_what_is_worth_repeating() -> None:
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
