from __future__ import annotations

from typing import Any

import pytest
from graphql import ExecutionResult
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

from appsync_gql import ConfigurationError, Outcome, Replay, Response
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
            id="401 and Unauthorized in a message have no meaning",
        ),
        pytest.param(
            Response(200, errors=[error(None, "Token has expired.")]),
            O.EXECUTED,
            id="a message about tokens has no meaning",
        ),
        pytest.param(
            Response(200, errors=[error("UnauthorizedExceptionally"), error("NotUnauthorized")]),
            O.EXECUTED,
            id="a type with a similar name has no meaning",
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
        pytest.param(
            Response(500, errors=[REFUSED]), O.FAILED, id="500 with the name of a refusal"
        ),
        pytest.param(Response(408, is_graphql=False), O.FAILED, id="408 of a proxy"),
        pytest.param(
            Response(202, CIMultiDict({"x-amzn-waf-action": "challenge"}), is_graphql=False),
            O.BLOCKED,
            id="a challenge of AWS WAF",
        ),
        pytest.param(
            Response(405, CIMultiDict({"x-amzn-waf-action": "captcha"}), is_graphql=False),
            O.BLOCKED,
            id="a CAPTCHA of AWS WAF",
        ),
        pytest.param(
            Response(400, errors=[REFUSED], data={"a": 1}),
            O.DENIED,
            id="a refusal beside data with an error status",
        ),
        pytest.param(
            Response(403, errors=[error("Other")]), O.INVALID, id="403 as GraphQL, another name"
        ),
        pytest.param(Response(302, is_graphql=False), O.INVALID, id="a redirect"),
        pytest.param(
            Response(
                400,
                CIMultiDict({"x-amzn-errortype": "UnauthorizedException:"}),
                errors=[error("BadRequestException")],
            ),
            O.INVALID,
            id="the body's name counts, not the header's",
        ),
        pytest.param(Response(403, errors=[error()]), O.INVALID, id="403 with errors of GraphQL"),
        pytest.param(Response(429, errors=[error()]), O.THROTTLED, id="429 with errors of GraphQL"),
        pytest.param(Response(503, is_graphql=False), O.FAILED, id="a page of a load balancer"),
        pytest.param(Response(500, errors=[error("InternalFailure")]), O.FAILED, id="500 as JSON"),
        pytest.param(Response(200, is_graphql=False), O.FAILED, id="200 without GraphQL in it"),
        pytest.param(Response(200), O.FAILED, id="neither data nor errors"),
        pytest.param(Response(200, errors=[]), O.FAILED, id="no data and an empty list of errors"),
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
def test_what_a_response_means(response: Response, outcome: Outcome) -> None:
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
def test_any_json_has_an_outcome(status: int, errors: Any, data: Any, *, is_graphql: bool) -> None:
    assert isinstance(classify(Response(status, {}, errors, data, None, is_graphql)), Outcome)


@given(
    status=st.sampled_from([200, 201, 302, 400, 401, 403, 429, 500]),
    name=st.none() | st.sampled_from(["ThrottlingException:http://", "Unauthorized"]),
    json=st.fixed_dictionaries({}, optional={"data": JSON, "errors": ERRORS, "extensions": JSON})
    | JSON,
)
@example(200, None, {"data": {"a": 1}, "extensions": {"b": 2}})
@example(200, None, {"data": None})
@example(200, "Unauthorized", {"data": {"a": 1}})
def test_a_response_is_a_result_if_and_only_if_it_was_executed(
    status: int, name: str | None, json: Any
) -> None:
    headers = {} if name is None else {"x-amzn-errortype": name}
    found = result_of(status, headers, json)
    # A classifier of the user's that returns None is called first, and changes nothing.
    asked: list[Response] = []
    again = result_of(status, headers, json, asked.append)
    (response,) = asked
    if classify(response) is O.EXECUTED:
        assert isinstance(found, ExecutionResult)
        assert found == again
        assert (found.errors, found.data, found.extensions) == response[2:5]
    else:
        assert found == again == (response, classify(response))


@pytest.mark.parametrize(
    ("status", "json", "is_graphql"),
    [
        (200, {"data": None}, True),
        (400, {"errors": [DENIED]}, True),
        (403, {"message": "Forbidden"}, False),
        (200, [{"data": 1}], False),
        (200, None, False),
    ],
)
def test_only_an_object_with_data_or_errors_is_graphql(
    status: int, json: Any, *, is_graphql: bool
) -> None:
    found = result_of(status, {}, json)
    assert isinstance(found, Rejection)
    assert found.response.is_graphql is is_graphql


def test_a_classifier_of_the_users_is_called_first() -> None:
    found = result_of(200, {}, {"data": 1}, lambda response: O.REFUSED if response.data else None)
    assert isinstance(found, Rejection)
    assert found.outcome is O.REFUSED


@given(status=st.integers(200, 599).filter(lambda s: s != 401), errors=ERRORS, data=JSON)
def test_a_response_with_data_never_counts_as_refused_before_execution(
    status: int, errors: Any, data: Any
) -> None:
    assert data is None or classify(Response(status, {}, errors, data)) is not O.REFUSED


@pytest.mark.parametrize("policy", Replay)
@pytest.mark.parametrize("query", [True, False])
@pytest.mark.parametrize("outcome", Outcome)
def test_which_outcomes_are_replayed(outcome: Outcome, policy: Replay, *, query: bool) -> None:
    expected = (outcome is O.REFUSED and policy is not Replay.NEVER) or (
        outcome is O.DENIED and query and policy is Replay.REFUSED_AND_DENIED
    )
    assert may_replay(outcome, query=query, policy=policy) is expected


@pytest.mark.parametrize(("policy", "value"), [(policy, policy.value) for policy in Replay])
def test_a_replay_policy_has_a_name(policy: Replay, value: str) -> None:
    assert Replay.of(value) is Replay.of(policy) is policy


@pytest.mark.parametrize("value", ["always", None, 1])
def test_another_replay_policy_is_a_configuration_error(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="'refused-and-denied'") as caught:
        Replay.of(value)
    assert caught.value.setting == "replay"


@pytest.mark.parametrize(
    ("errors", "message"),
    [([{"message": 1}, {"message": "b"}], "b"), (None, ""), ({"message": "one"}, "one")],
)
def test_the_message_is_the_first_errors_text(errors: Any, message: str) -> None:
    assert Response(400, errors=errors).message == message
