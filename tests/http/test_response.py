from __future__ import annotations

from typing import Any

import pytest
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

from appsync_gql import Answer, AppSyncError, Replay, Verdict
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
from appsync_gql.http.response import NoResult, classify, is_query, may_replay, result_of

V = Verdict


def error(error_type: Any = None, message: str = "", **more: Any) -> dict[str, Any]:
    return {"errorType": error_type, "message": message, **more}


REFUSED = error("UnauthorizedException", "Token has expired.")
DENIED = error("Unauthorized", "Not Authorized to access secret on type Query", path=["secret"])


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        pytest.param(Answer(200, data={"a": 1}), V.EXECUTED, id="a result"),
        pytest.param(Answer(200), V.EXECUTED, id="a null result"),
        pytest.param(Answer(401, errors=[REFUSED]), V.REFUSED, id="401 as AppSync sends it"),
        pytest.param(Answer(401, is_graphql=False), V.REFUSED, id="401 of a proxy, in HTML"),
        pytest.param(Answer(200, errors=[REFUSED]), V.REFUSED, id="the same type without 401"),
        pytest.param(
            Answer(
                400, errors=[error("com.amazonaws.deepdish.graphql.auth#UnauthorizedException")]
            ),
            V.REFUSED,
            id="with a prefix before #",
        ),
        pytest.param(
            Answer(
                400, CIMultiDict({"X-Amzn-ErrorType": "UnauthorizedException:"}), is_graphql=False
            ),
            V.REFUSED,
            id="named by the header alone",
        ),
        pytest.param(
            Answer(200, errors=[error(extensions={"code": "UNAUTHENTICATED"})]),
            V.REFUSED,
            id="Apollo's convention",
        ),
        pytest.param(
            Answer(200, errors=[{**REFUSED, "path": ["createA"]}]),
            V.DENIED,
            id="a refusal with a path comes from a resolver",
        ),
        pytest.param(
            Answer(200, errors=[REFUSED], data={"a": 1}), V.DENIED, id="a refusal beside data"
        ),
        pytest.param(Answer(200, errors=[DENIED]), V.DENIED, id="denied, data null"),
        pytest.param(
            Answer(200, errors=[DENIED], data={"secret": None}), V.DENIED, id="denied at a field"
        ),
        pytest.param(
            Answer(200, errors=[error("Lambda:Unhandled"), DENIED], data={}),
            V.DENIED,
            id="denied among other errors",
        ),
        pytest.param(
            Answer(
                200, errors=[error("DynamoDB:Conditional", "401 Unauthorized item-4013")], data={}
            ),
            V.EXECUTED,
            id="401 and Unauthorized in a text mean nothing",
        ),
        pytest.param(
            Answer(200, errors=[error(None, "Token has expired.")]),
            V.EXECUTED,
            id="nor does a text about tokens",
        ),
        pytest.param(
            Answer(200, errors=[error("UnauthorizedExceptionally"), error("NotUnauthorized")]),
            V.EXECUTED,
            id="nor a type that is merely alike",
        ),
        pytest.param(
            Answer(200, errors=[error(None, "Validation error of type FieldUndefined")]),
            V.EXECUTED,
            id="validation",
        ),
        pytest.param(Answer(429, is_graphql=False), V.THROTTLED, id="429"),
        pytest.param(
            Answer(400, errors=[error("TooManyRequestsException")]), V.THROTTLED, id="by its type"
        ),
        pytest.param(
            Answer(200, errors=[error("ThrottlingException", path=["a"])], data={"a": None}),
            V.EXECUTED,
            id="a throttled data source is a resolver's error",
        ),
        pytest.param(
            Answer(403, errors=[error("WAFForbiddenException", "403 Forbidden")]),
            V.BLOCKED,
            id="a firewall rule",
        ),
        pytest.param(Answer(403, is_graphql=False), V.BLOCKED, id="a firewall's own page"),
        pytest.param(
            Answer(403, errors=[error("UnrecognizedClientException")]), V.REJECTED, id="IAM"
        ),
        pytest.param(
            Answer(400, errors=[error("MalformedHttpRequestException")]), V.REJECTED, id="malformed"
        ),
        pytest.param(Answer(302, is_graphql=False), V.REJECTED, id="a redirect"),
        pytest.param(Answer(503, is_graphql=False), V.FAILED, id="a page of a load balancer"),
        pytest.param(Answer(500, errors=[error("InternalFailure")]), V.FAILED, id="500 as JSON"),
        pytest.param(Answer(200, is_graphql=False), V.FAILED, id="200 without GraphQL in it"),
        pytest.param(
            Answer(401, errors={"errorType": "UnauthorizedException"}), V.REFUSED, id="an object"
        ),
        pytest.param(
            Answer(200, errors=["text", None, 3, error(7), error(extensions=[])]),
            V.EXECUTED,
            id="errors of no known shape",
        ),
    ],
)
def test_an_answer_means(answer: Answer, verdict: Verdict) -> None:
    assert classify(answer) is verdict


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
def test_any_json_gets_a_verdict_and_every_other_than_executed_an_error(
    status: int, errors: Any, data: Any, *, is_graphql: bool
) -> None:
    answer = Answer(status, {}, errors, data, None, is_graphql)
    verdict = classify(answer)
    for query in (True, False):
        if verdict is not V.EXECUTED:
            assert isinstance(error_of(answer, verdict, query=query), AppSyncError)


@given(
    status=st.sampled_from([200, 201, 302, 400, 401, 403, 429, 500]),
    headers=st.sampled_from([{}, {"x-amzn-errortype": "ThrottlingException:http://"}]),
    json=st.fixed_dictionaries({}, optional={"data": JSON, "errors": ERRORS, "extensions": JSON})
    | JSON,
)
def test_an_answer_is_a_result_exactly_where_its_verdict_is_that_it_was_executed(
    status: int, headers: dict[str, str], json: Any
) -> None:
    found = result_of(status, headers, json)
    # A reading of one's own that knows nothing is asked first, and changes nothing.
    asked: list[Answer] = []
    again = result_of(status, headers, json, asked.append)
    (answer,) = asked
    if classify(answer) is V.EXECUTED:
        assert isinstance(found, ExecutionResult)
        assert found == again
        assert (found.errors, found.data, found.extensions) == answer[2:5]
    else:
        assert found == again == (answer, classify(answer))


def test_a_reading_of_ones_own_comes_first() -> None:
    found = result_of(200, {}, {"data": 1}, lambda answer: V.REFUSED if answer.data else None)
    assert isinstance(found, NoResult)
    assert found.verdict is V.REFUSED


@given(status=st.integers(200, 599).filter(lambda s: s != 401), errors=ERRORS, data=JSON)
def test_an_answer_with_data_never_counts_as_refused_before_execution(
    status: int, errors: Any, data: Any
) -> None:
    assert data is None or classify(Answer(status, {}, errors, data)) is not V.REFUSED


@pytest.mark.parametrize("policy", Replay)
@pytest.mark.parametrize("query", [True, False])
@pytest.mark.parametrize("verdict", Verdict)
def test_what_is_replayed(verdict: Verdict, policy: Replay, *, query: bool) -> None:
    expected = (verdict is V.REFUSED and policy is not Replay.NEVER) or (
        verdict is V.DENIED and query and policy is Replay.REFUSED_AND_DENIED
    )
    assert may_replay(verdict, query=query, policy=policy) is expected


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
    assert is_query(parse(source), name) is expected


HEADERS = CIMultiDict({"x-amzn-requestid": "id-1", "Retry-After": "7"})


@pytest.mark.parametrize(
    ("answer", "query", "kind", "may_have_executed"),
    [
        (Answer(401, HEADERS, [REFUSED]), False, Refused, False),
        (Answer(200, HEADERS, [DENIED]), True, Denied, False),
        (Answer(200, HEADERS, [DENIED], {"b": 1}), True, Denied, True),
        (Answer(200, HEADERS, [DENIED]), False, Denied, True),
        (Answer(429, HEADERS, [error("ThrottlingException")]), False, Throttled, False),
        (Answer(403, HEADERS, [error("WAFForbiddenException")]), True, BlockedByWaf, False),
        (Answer(400, HEADERS, [error("MalformedHttpRequestException")]), True, BadRequest, False),
        (Answer(307, HEADERS, [error("x")]), True, BadRequest, False),
        (Answer(500, HEADERS, [error("InternalFailure")]), True, ServerFailed, True),
        (Answer(500, HEADERS, [error("InternalFailure")]), False, OutcomeUnknown, True),
    ],
)
def test_an_error_carries_what_the_answer_told(
    answer: Answer, kind: type[AppSyncError], *, query: bool, may_have_executed: bool
) -> None:
    raised = error_of(answer, classify(answer), query=query)
    assert type(raised) is kind
    assert raised.status == answer.status
    assert raised.request_id == "id-1"
    assert raised.error_type == answer.error_types[0]
    assert raised.may_have_executed is may_have_executed
    if isinstance(raised, TransportQueryError):
        assert (raised.errors, raised.data) == (answer.errors, answer.data)
    if isinstance(raised, Throttled):
        assert raised.retry_after == 7.0


def test_gqls_reconnecting_session_repeats_only_what_is_worth_repeating() -> None:
    """It repeats every error that is not a TransportQueryError."""
    useless = [Refused, Denied, BadRequest, BlockedByWaf, OutcomeUnknown]
    assert all(issubclass(kind, TransportQueryError) for kind in useless)
    assert not any(issubclass(kind, TransportQueryError) for kind in (Throttled, ServerFailed))


def test_handlers_written_for_plain_gql_still_catch_a_lost_answer() -> None:
    lost = OutcomeUnknown("lost", status=502)
    for kind in (TransportConnectionFailed, TransportServerError, TransportProtocolError):
        assert isinstance(lost, kind)
    assert lost.code == 502
    assert lost.may_have_executed
    assert isinstance(lost, TransportError)
