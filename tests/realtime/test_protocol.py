"""The protocol frame by frame: no socket, no loop, no clock."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appsync_gql.error_types import ErrorMeaning
from appsync_gql.realtime.errors import Completed, ServerError
from appsync_gql.realtime.protocol import (
    Acknowledged,
    Ended,
    Protocol,
    Rejected,
    Started,
    UnassignedError,
    Unreadable,
)

HEADERS = {"host": "example.com", "Authorization": "token"}
DATA = {"type": "data", "id": "1", "payload": {"data": {"a": 1}}}


@pytest.fixture
def protocol() -> Protocol:
    return Protocol()


def received(protocol: Protocol, **frame: Any) -> Any:
    return protocol.receive(json.dumps(frame))


def started(protocol: Protocol, id_: str = "1") -> None:
    protocol.start(id_, "{}", HEADERS)
    assert received(protocol, type="start_ack", id=id_) == Started(id_)


# -- frames out -------------------------------------------------------------------


def test_a_start_carries_the_exact_text_that_was_signed_and_its_authorization(
    protocol: Protocol,
) -> None:
    data = '{"query": "subscription { é }"}'
    assert json.loads(protocol.start("1", data, HEADERS)) == {
        "id": "1",
        "type": "start",
        "payload": {"data": data, "extensions": {"authorization": HEADERS}},
    }
    assert protocol.ids == {"1"}


def test_an_id_in_use_is_refused(protocol: Protocol) -> None:
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
        ({"connectionTimeout": 60}, 300.0),  # as the Amplify simulator sends it
        ({"connectionTimeoutMs": True}, 300.0),
        ({"connectionTimeoutMs": -1}, 300.0),
        ({"connectionTimeoutMs": "1"}, 300.0),
        (None, 300.0),
    ],
)
def test_the_ack_says_after_how_many_seconds_of_silence_a_connection_is_dead(
    protocol: Protocol, payload: Any, seconds: float
) -> None:
    assert received(protocol, type="connection_ack", payload=payload) == Acknowledged(seconds)
    assert received(protocol, type="connection_ack", payload=payload) is None


def test_the_life_of_a_subscription(protocol: Protocol) -> None:
    protocol.start("1", "{}", HEADERS)
    assert received(protocol, **DATA) == DATA, "an event may come before the ack"
    assert received(protocol, type="start_ack", id="1") == Started("1")
    assert received(protocol, type="start_ack", id="1") is None
    assert received(protocol, **DATA) == DATA
    assert received(protocol, type="ka") is None
    protocol.stop("1")
    assert received(protocol, **DATA) == DATA, "it was on its way"
    assert received(protocol, type="complete", id="1") == Ended("1", Completed())
    assert received(protocol, **DATA) is None
    assert received(protocol, type="complete", id="1") is None
    assert protocol.ids == frozenset()


def test_an_error_with_a_known_id_ends_that_subscription_alone(protocol: Protocol) -> None:
    started(protocol, "1")
    started(protocol, "2")
    errors = [{"errorType": "UnauthorizedException", "message": "no"}]
    event = received(protocol, type="error", id="1", payload={"errors": errors})
    assert isinstance(event, Ended)
    assert isinstance(event.end, ServerError)
    assert (event.id, event.end.meaning) == ("1", ErrorMeaning.REFUSED)
    assert protocol.ids == {"2"}


@pytest.mark.parametrize(
    ("id_", "names_id"), [(None, False), ("", False), ("unknown", True), (7, True), (["1"], True)]
)
def test_an_error_for_no_subscription_of_ours_ends_nothing(
    protocol: Protocol, id_: Any, names_id: Any
) -> None:
    started(protocol)
    frame = {"type": "error", "payload": {"errors": {"errorType": "LimitExceededError"}}}
    event = received(protocol, **frame, **({} if id_ is None else {"id": id_}))
    assert isinstance(event, UnassignedError)
    assert event.error.meaning is ErrorMeaning.THROTTLED
    assert event.names_id is names_id
    assert protocol.ids == {"1"}


def test_a_connection_error_is_a_rejection(protocol: Protocol) -> None:
    errors = [{"errorType": "UnauthorizedException", "errorCode": 401, "message": "no"}]
    event = received(protocol, type="connection_error", payload={"errors": errors})
    assert isinstance(event, Rejected)
    assert (event.error.meaning, event.error.code) == (ErrorMeaning.REFUSED, 401)


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
def test_an_unreadable_frame_ends_nothing(protocol: Protocol, text: str) -> None:
    started(protocol)
    assert isinstance(protocol.receive(text), Unreadable)
    assert protocol.ids == {"1"}


atoms = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
values = (
    atoms | st.lists(atoms, max_size=2) | st.dictionaries(st.text(max_size=4), atoms, max_size=2)
)
kinds = st.sampled_from(
    ["data", "ka", "error", "connection_error", "connection_ack", "start_ack", "complete"]
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a machine under load
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
        max_size=10,
    )
)
def test_frames_of_any_kind_in_any_order_are_read(frames: list[dict[str, Any]]) -> None:
    protocol = Protocol()
    protocol.start("1", "{}", HEADERS)
    for frame in frames:
        event = protocol.receive(json.dumps(frame))
        if isinstance(event, dict):
            assert event["id"] == "1"
            assert isinstance(event["payload"], dict)
    assert protocol.ids <= {"1"}


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert not isinstance(Protocol().receive(text), dict)


def test_a_subscription_that_is_forgotten_brings_nothing_more(protocol: Protocol) -> None:
    """A `complete` may never come, and its id must not be kept for ever."""
    started(protocol)
    protocol.stop("1")
    protocol.forget("1")
    assert protocol.ids == frozenset()
    assert received(protocol, **DATA) is None
    assert received(protocol, type="complete", id="1") is None


def test_a_json_reader_that_raises_makes_a_frame_unreadable() -> None:
    def fails(_text: object) -> object:
        raise RuntimeError

    assert Protocol(fails).receive("{}") == Unreadable("it is not JSON")


def test_the_first_frame_is_connection_init(protocol: Protocol) -> None:
    assert json.loads(protocol.init()) == {"type": "connection_init"}


def test_a_json_reader_may_return_its_own_kind_of_dict() -> None:
    protocol = Protocol(loads=lambda text: json.loads(text, object_pairs_hook=OrderedDict))
    protocol.start("1", "{}", HEADERS)
    assert received(protocol, **DATA) == DATA
