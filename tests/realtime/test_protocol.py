"""The conversation, frame by frame: no socket, no loop, no clock."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql import AppSyncTransport, ConfigurationError, InsecureEndpoint
from appsync_gql.realtime.errors import Step, TroubleKind, error_of, step_after, trouble_of
from appsync_gql.realtime.handover import Merge
from appsync_gql.realtime.handshake import handshake, host_of, realtime_url_of
from appsync_gql.realtime.protocol import (
    Acknowledged,
    Completed,
    Ended,
    Nonsense,
    Protocol,
    Rejected,
    Started,
    Troubled,
)

HEADERS = {"host": "example.com", "Authorization": "token"}
DATA = {"type": "data", "id": "1", "payload": {"data": {"a": 1}}}


@pytest.fixture
def protocol() -> Protocol:
    return Protocol()


def said(protocol: Protocol, **frame: Any) -> Any:
    return protocol.receive(json.dumps(frame))


def started(protocol: Protocol, id_: str = "1") -> None:
    protocol.start(id_, "{}", HEADERS)
    assert said(protocol, type="start_ack", id=id_) == Started(id_)


# -- frames out -------------------------------------------------------------------


def test_a_start_carries_the_very_text_that_was_signed_and_its_authorization(
    protocol: Protocol,
) -> None:
    data = '{"query": "subscription { é }"}'
    assert json.loads(protocol.start("1", data, HEADERS)) == {
        "id": "1",
        "type": "start",
        "payload": {"data": data, "extensions": {"authorization": HEADERS}},
    }
    assert protocol.ids == {"1"}


def test_an_id_is_not_used_twice(protocol: Protocol) -> None:
    protocol.start("1", "{}", HEADERS)
    with pytest.raises(ValueError, match="in use"):
        protocol.start("1", "{}", HEADERS)


def test_a_stop_is_sent_once_and_only_for_what_is_there(protocol: Protocol) -> None:
    assert protocol.stop("1") is None
    started(protocol)
    assert json.loads(protocol.stop("1") or "") == {"id": "1", "type": "stop"}
    assert protocol.stop("1") is None


# -- frames in --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "seconds"),
    [
        ({"connectionTimeoutMs": 300_000}, 300.0),
        ({"connectionTimeoutMs": 1500.0}, 1.5),
        ({"connectionTimeout": 60}, 300.0),  # what the Amplify simulator says
        ({"connectionTimeoutMs": True}, 300.0),
        ({"connectionTimeoutMs": -1}, 300.0),
        ({"connectionTimeoutMs": "1"}, 300.0),
        (None, 300.0),
    ],
)
def test_the_ack_tells_when_a_silent_connection_is_dead(
    protocol: Protocol, payload: Any, seconds: float
) -> None:
    assert said(protocol, type="connection_ack", payload=payload) == Acknowledged(seconds)
    assert said(protocol, type="connection_ack", payload=payload) is None


def test_the_life_of_a_subscription(protocol: Protocol) -> None:
    protocol.start("1", "{}", HEADERS)
    assert said(protocol, **DATA) == DATA, "an event may come before the ack"
    assert said(protocol, type="start_ack", id="1") == Started("1")
    assert said(protocol, type="start_ack", id="1") is None
    assert said(protocol, **DATA) == DATA
    assert said(protocol, type="ka") is None
    protocol.stop("1")
    assert said(protocol, **DATA) == DATA, "it was on its way"
    assert said(protocol, type="complete", id="1") == Completed("1")
    assert said(protocol, **DATA) is None
    assert said(protocol, type="complete", id="1") is None
    assert protocol.ids == frozenset()


def test_an_error_with_a_known_id_ends_that_subscription_alone(protocol: Protocol) -> None:
    started(protocol, "1")
    started(protocol, "2")
    errors = [{"errorType": "UnauthorizedException", "message": "no"}]
    event = said(protocol, type="error", id="1", payload={"errors": errors})
    assert isinstance(event, Ended)
    assert (event.id, event.trouble.kind) == ("1", TroubleKind.REFUSED)
    assert protocol.ids == {"2"}


@pytest.mark.parametrize("id_", [None, "", "unknown", 7, ["1"]])
def test_an_error_that_names_nobody_ends_nothing(protocol: Protocol, id_: Any) -> None:
    started(protocol)
    frame = {"type": "error", "payload": {"errors": {"errorType": "LimitExceededError"}}}
    event = said(protocol, **frame, **({} if id_ is None else {"id": id_}))
    assert isinstance(event, Troubled)
    assert event.trouble.kind is TroubleKind.LIMITED
    assert protocol.ids == {"1"}


def test_a_connection_error_is_a_rejection(protocol: Protocol) -> None:
    errors = [{"errorType": "UnauthorizedException", "errorCode": 401, "message": "no"}]
    event = said(protocol, type="connection_error", payload={"errors": errors})
    assert isinstance(event, Rejected)
    assert (event.trouble.kind, event.trouble.code) == (TroubleKind.REFUSED, 401)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"data"',
        "{}",
        '{"type": "dance"}',
        '{"type": ["data"]}',
        '{"type": "data"}',
        '{"type": "data", "id": 1, "payload": {}}',
        '{"type": "data", "id": ["1"], "payload": {}}',
        '{"type": "data", "id": "1", "payload": []}',
        '{"type": "start_ack"}',
        '{"type": "complete", "id": {}}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:40] or "empty",
)
def test_nonsense_is_told_and_ends_nothing(protocol: Protocol, text: str) -> None:
    started(protocol)
    assert isinstance(protocol.receive(text), Nonsense)
    assert protocol.ids == {"1"}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
kinds = st.sampled_from(
    ["data", "ka", "error", "connection_error", "connection_ack", "start_ack", "complete"]
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "type": kinds | values,
                "id": st.sampled_from(["1", "2"]) | values,
                "payload": values,
            },
        ),
        max_size=20,
    )
)
def test_no_frames_in_no_order_break_it(frames: list[dict[str, Any]]) -> None:
    protocol = Protocol()
    protocol.start("1", "{}", HEADERS)
    for frame in frames:
        event = protocol.receive(json.dumps(frame))
        if isinstance(event, dict):
            assert event["id"] == "1"
            assert isinstance(event["payload"], dict)
    assert protocol.ids <= {"1"}


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    assert not isinstance(Protocol().receive(text), dict)


# -- what errors mean ---------------------------------------------------------------

R, D, L, F, INV, T = (
    TroubleKind.REFUSED,
    TroubleKind.DENIED,
    TroubleKind.LIMITED,
    TroubleKind.FULL,
    TroubleKind.INVALID,
    TroubleKind.TRANSIENT,
)


@pytest.mark.parametrize(
    ("payload", "kind"),
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
        ({"errors": [{"errorType": "InternalFailure", "errorCode": 500}]}, T),
        ({"errors": [{"errorType": "Unheard of"}]}, T),
        ({"errors": []}, T),
        ({}, T),
        (None, T),
    ],
)
def test_what_an_error_frame_means_whatever_its_shape(payload: Any, kind: TroubleKind) -> None:
    assert trouble_of({"type": "error", "payload": payload}).kind is kind


def test_errors_are_found_at_the_frames_top_level_too() -> None:
    frame = {"type": "error", "errors": [{"errorType": "Unauthorized", "message": "no"}]}
    trouble = trouble_of(frame)
    assert (trouble.kind, trouble.message) == (TroubleKind.DENIED, "no")


@pytest.mark.parametrize(
    ("kind", "first", "after_renewal"),
    [
        (R, Step.RENEW, Step.GIVE_UP),
        (D, Step.RENEW, Step.GIVE_UP),
        (L, Step.WAIT, Step.WAIT),
        (T, Step.WAIT, Step.WAIT),
        (F, Step.ELSEWHERE, Step.ELSEWHERE),
        (INV, Step.GIVE_UP, Step.GIVE_UP),
    ],
)
def test_what_comes_after_a_trouble(kind: TroubleKind, first: Step, after_renewal: Step) -> None:
    frame = {"payload": {"errors": [{"errorType": "x"}]}}
    trouble = trouble_of(frame)
    trouble = type(trouble)(kind, trouble.message)
    assert step_after(trouble, renewed=False) is first
    assert step_after(trouble, renewed=True) is after_renewal
    assert trouble.message in str(error_of(trouble))


# -- where, and with what -------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "realtime", "host"),
    [
        (
            "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql",
            "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
            "abc.appsync-api.eu-west-1.amazonaws.com",
        ),
        (
            "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql",
            "wss://abc.appsync-realtime-api.cn-north-1.amazonaws.com.cn/graphql",
            "abc.appsync-api.cn-north-1.amazonaws.com.cn",
        ),
        (
            "https://abc.appsync-api.us-iso-east-1.c2s.ic.gov/graphql",
            "wss://abc.appsync-realtime-api.us-iso-east-1.c2s.ic.gov/graphql",
            "abc.appsync-api.us-iso-east-1.c2s.ic.gov",
        ),
        (
            "https://api.example.com/graphql",
            "wss://api.example.com/graphql/realtime",
            "api.example.com",
        ),
        (
            "https://appsync-api.example.com/graphql/",
            "wss://appsync-api.example.com/graphql/realtime",
            "appsync-api.example.com",
        ),
        (
            "http://127.0.0.1:8080/graphql?x=1",
            "ws://127.0.0.1:8080/graphql/realtime",
            "127.0.0.1:8080",
        ),
    ],
)
def test_the_real_time_endpoint_of_an_endpoint(url: str, realtime: str, host: str) -> None:
    assert realtime_url_of(url) == realtime
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "way", "error"),
    [
        ("ws://api.example.com/graphql", "subprotocol", InsecureEndpoint),
        ("https://api.example.com/graphql", "subprotocol", ConfigurationError),
        ("nonsense", "subprotocol", ConfigurationError),
        ("wss://user:pw@api.example.com/", "subprotocol", ConfigurationError),
        ("wss://api.example.com/", "url", ConfigurationError),
    ],
)
def test_settings_that_would_give_a_token_away_are_refused(
    url: str, way: Any, error: type[ConfigurationError]
) -> None:
    with pytest.raises(error) as caught:
        AppSyncTransport("https://api.example.com/graphql", realtime_url=url, realtime_auth=way)
    assert "pw" not in str(caught.value)


def test_a_handshake_puts_the_token_into_the_subprotocol_or_the_query_and_shows_it_nowhere() -> (
    None
):
    by_header = handshake(HEADERS, "subprotocol")
    assert by_header.protocols[0] == "graphql-ws"
    assert by_header.protocols[1].startswith("header-")
    assert not set(by_header.protocols[1]) & set("=+/")
    assert by_header.params == {}
    by_query = handshake(HEADERS, "query")
    assert by_query.protocols == ("graphql-ws",)
    assert by_query.params["payload"] == "e30="
    assert by_header.protocols[1][7:20] not in repr(by_header) + repr(by_query)


# -- from one connection to the next -----------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "delivered"),
    [
        ("", "", ""),
        ("abc", "", ""),
        ("", "abc", "abc"),
        ("abc", "def", "def"),
        ("abc", "bcd", "d"),
        ("abc", "abc", ""),
        ("abc", "abcabc", "abc"),
        ("b", "abc", "abc"),
        ("abcd", "cd", ""),
        ("abcd", "cde", "e"),
        ("abcde", "bc", ""),
        ("xyx", "xyz", "yz"),
        ("xx", "xxx", "x"),
        ("aba", "abc", "bc"),
    ],
)
def test_what_the_new_connection_brings_again_is_left_out(
    old: str, new: str, delivered: str
) -> None:
    merge = Merge(old)
    assert "".join(event for text in new for event in merge.feed(text)) == delivered


@given(
    st.lists(st.integers(), unique=True, max_size=30),
    st.integers(min_value=0, max_value=30),
    st.integers(min_value=0, max_value=30),
    st.integers(min_value=0, max_value=30),
)
def test_put_together_nothing_is_missing_or_doubled(
    stream: list[int], asked: int, begins: int, ends: int
) -> None:
    """The new connection is asked, begins, and only then the old one ends."""
    asked, begins, ends = sorted(min(n, len(stream)) for n in (asked, begins, ends))
    merge = Merge(stream[asked:ends])
    delivered = [event for new in stream[begins:] for event in merge.feed(new)]
    assert stream[:ends] + delivered == stream
