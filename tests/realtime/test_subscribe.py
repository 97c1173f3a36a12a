"""Subscriptions on the transport, through gql's client, against the emulator."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication, AppSyncJWTAuthentication
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from graphql import build_schema

from appsync_gql import (
    AppSyncTransport,
    BadRequest,
    CognitoProvider,
    Denied,
    Gap,
    RealtimeSettings,
    Refused,
    SubscriptionOverflow,
    TokenStore,
    events,
)
from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.realtime_faults import FrameError
from support.realtime import (
    CREATED,
    SECONDS,
    Heard,
    connected,
    following,
    name_of,
    ours_under_way,
    publish,
    subscribed,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gql.client import AsyncClientSession

# -- the plain case ---------------------------------------------------------------


async def test_one_transport_does_queries_mutations_and_subscriptions(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator) as (results, first),
    ):
        text = 'mutation { createItem(key: "k", name: "tea") { id name } }'
        await session.execute(gql(text))
        assert await first == {"onCreateItem": {"id": "k", "name": "tea"}}
        publish(emulator, "cake")
        assert name_of(await following(results)) == "cake"


async def test_many_subscriptions_share_one_socket_which_goes_with_the_last(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        async with subscribed(session, emulator) as (_, one):
            async with subscribed(session, emulator) as (_, other):
                assert emulator.realtime.connections == 1
                publish(emulator, "tea")
                assert [name_of(await f) for f in (one, other)] == ["tea", "tea"]
            await until(lambda: emulator.realtime.registrations == 1)
            assert emulator.realtime.connections == 1
        await until(lambda: emulator.realtime.connections == 0)


async def test_another_socket_is_opened_when_one_is_full(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.settings.subscriptions = 1
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator) as (_, one),
        subscribed(session, emulator) as (_, other),
    ):
        assert emulator.realtime.connections == 2
        publish(emulator, "tea")
        assert [name_of(await f) for f in (one, other)] == ["tea", "tea"]


async def test_where_no_connection_has_room_it_waits_between_attempts(
    emulator: Emulator,
) -> None:
    waits: list[float] = []

    def delays() -> Iterator[float]:
        while True:
            waits.append(0.01)
            yield 0.01

    emulator.realtime.settings.subscriptions = 0
    async with connected(emulator, RealtimeSettings(delays=delays)) as session:
        results = session.subscribe(CREATED)
        first = asyncio.ensure_future(following(results))
        await until(lambda: emulator.counters["realtime.starts"] == 4)
        assert emulator.counters["realtime.connections"] <= len(waits) + 1
        assert emulator.realtime.connections <= 2, "the full ones are closed"
        emulator.realtime.settings.subscriptions = 1
        await until(lambda: emulator.realtime.registrations)
        publish(emulator, "tea")
        assert name_of(await first) == "tea"
        await results.aclose()


async def test_variables_filter_and_errors_are_raised_as_gql_does(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    document = gql("subscription ($n: String) { onCreateItem(name: $n) { id name } }")
    document.variable_values = {"n": "tea"}
    async with connected(emulator, settings) as session:
        results = session.subscribe(document)
        first = asyncio.ensure_future(following(results))
        await until(lambda: emulator.realtime.registrations)
        publish(emulator, "cake", "tea")
        assert name_of(await first) == "tea"
        await results.aclose()


async def test_the_token_is_not_in_the_url_unless_asked_for(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    for way in ("subprotocol", "query"):
        async with (
            connected(emulator, settings, realtime_auth=way) as session,
            subscribed(session, emulator) as (_, first),
        ):
            publish(emulator, "tea")
            assert name_of(await first) == "tea"


# -- tokens --------------------------------------------------------------------------


async def test_a_token_refused_at_the_handshake_is_renewed_and_tried_once_more(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.faults.refuse_connections()
    async with connected(emulator, settings) as session, subscribed(session, emulator) as (_, f):
        publish(emulator, "tea")
        assert name_of(await f) == "tea"
    assert emulator.counters["refreshes"] == 1


async def test_a_token_refused_at_the_start_is_renewed_and_tried_once_more(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.faults.refuse_starts()
    async with connected(emulator, settings) as session, subscribed(session, emulator) as (_, f):
        publish(emulator, "tea")
        assert name_of(await f) == "tea"
    assert emulator.counters["refreshes"] == 1


@pytest.mark.parametrize("where", ["handshake", "start"])
async def test_refused_for_good_ends_in_a_typed_error_after_two_attempts(
    emulator: Emulator, settings: RealtimeSettings, where: str
) -> None:
    faults = emulator.realtime.faults
    (faults.refuse_connections if where == "handshake" else faults.refuse_starts)(100)
    async with connected(emulator, settings) as session:
        with pytest.raises(Refused, match="Token has expired"):
            await following(session.subscribe(CREATED))
    assert emulator.counters["refreshes"] == 1
    assert emulator.counters["realtime.connections"] + emulator.counters["realtime.starts"] <= 4


async def test_a_permanent_denial_ends_that_subscription_and_no_other(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    """Pitfall: it tore down its siblings and looped for ever."""
    async with connected(emulator, settings) as session, subscribed(session, emulator) as (_, one):
        no = FrameError("Unauthorized", "Not Authorized to access onCreateItem")
        emulator.realtime.faults.refuse_starts(100, no)
        with pytest.raises(Denied, match="Not Authorized"):
            await following(session.subscribe(CREATED))
        assert emulator.counters["realtime.starts"] <= 3
        assert emulator.realtime.connections == 1
        publish(emulator, "tea")
        assert name_of(await one) == "tea"


async def test_what_can_not_be_subscribed_to_is_told_at_once(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        with pytest.raises(BadRequest, match="FieldUndefined"):
            await following(session.subscribe(gql("subscription { nonsense }")))
    assert emulator.counters["realtime.starts"] == 1


# -- what connections suffer -----------------------------------------------------------


@pytest.mark.parametrize("trouble", ["drop_sockets", "close_sockets"])
async def test_after_a_loss_it_subscribes_again_with_a_gap_to_show_for_it(
    emulator: Emulator, settings: RealtimeSettings, heard: Heard, trouble: str
) -> None:
    async with (
        connected(emulator, settings, heard) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        assert name_of(await first) == "before"
        getattr(emulator.realtime, trouble)()
        gap = await following(results)
        assert isinstance(gap, Gap)
        await until(lambda: emulator.realtime.registrations == 1)
        publish(emulator, "after")
        assert name_of(await following(results)) == "after"
        await until(lambda: heard.of(events.Resubscribed))
    kinds = [type(event).__name__ for event in heard.events]
    assert kinds == ["Connected", "ConnectionLost", "Connected", "EventsMissed", "Resubscribed"]


async def test_a_hook_runs_at_each_gap_before_what_came_later(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    seen: list[str] = []

    async def catch_up(gap: Gap) -> None:
        await asyncio.sleep(0)
        seen.append(f"gap: {gap.reason}")

    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, on_gap=catch_up) as (results, first),
    ):
        publish(emulator, "before")
        seen.append(name_of(await first))
        emulator.realtime.drop_sockets()
        await until(lambda: not emulator.realtime.registrations)
        await until(lambda: emulator.realtime.registrations)
        publish(emulator, "after")
        seen.append(name_of(await following(results)))
    assert seen[0] == "before"
    assert seen[1].startswith("gap: ")
    assert seen[2] == "after"


async def test_a_silent_connection_is_given_up_after_its_timeout(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.settings.connection_timeout = 0.4
    emulator.realtime.settings.keep_alive = 0.1
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.realtime.silence_sockets()
        assert isinstance(await following(results), Gap)
        publish(emulator, "after")
        assert name_of(await following(results)) == "after"


class Laptop:
    """A machine whose monotonic clock stands still while it sleeps."""

    def __init__(self) -> None:
        self.slept = 0.0

    def wall(self) -> float:
        return time.time() + self.slept

    def monotonic(self) -> float:
        return time.monotonic()


async def test_after_a_sleep_a_connection_is_not_trusted_however_lively_it_was_before(
    emulator: Emulator,
) -> None:
    """Pitfall: the socket looks up, and is dead."""
    laptop = Laptop()
    settings = RealtimeSettings(clock=laptop, delays=lambda: itertools.repeat(0.01))
    emulator.realtime.settings.connection_timeout = 0.4
    emulator.realtime.settings.keep_alive = 0.02
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        laptop.slept = 12 * 3600
        gap = await following(results)
        assert isinstance(gap, Gap)
        assert "slept" in gap.reason
        publish(emulator, "after")
        assert name_of(await following(results)) == "after"


async def test_each_attempt_carries_a_fresh_token_and_a_new_id(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    """Pitfall: reconnecting with the token, and the id, of the first time."""
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.shift_clock(3700)  # the token is dead by now, for the server
        emulator.realtime.faults.drop_connections(3)
        emulator.realtime.drop_sockets()
        assert isinstance(await following(results), Gap)
        publish(emulator, "after")
        assert name_of(await following(results)) == "after"
    assert emulator.counters["refreshes"] >= 1


async def test_a_start_that_nobody_answers_is_tried_again(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.faults.ignore_starts()
    async with connected(emulator, settings) as session:
        results = session.subscribe(CREATED, gaps=True)
        first = asyncio.ensure_future(following(results))
        await until(lambda: emulator.counters["realtime.starts"] == 2)
        await until(lambda: emulator.realtime.registrations == 1)
        publish(emulator, "tea")
        assert name_of(await first) == "tea", "it never stood before: there is no gap"
        await results.aclose()


async def test_a_rate_limit_that_names_nobody_ends_nothing(
    emulator: Emulator, settings: RealtimeSettings, heard: Heard
) -> None:
    """Pitfall: one such frame closed the whole transport."""
    async with (
        connected(emulator, settings, heard) as session,
        subscribed(session, emulator) as (_, first),
    ):
        emulator.realtime.send_error()
        publish(emulator, "tea")
        assert name_of(await first) == "tea"
        await until(lambda: heard.of(events.RealtimeTrouble))
        assert heard.of(events.ConnectionLost) == 0


async def test_subscriptions_that_the_server_ends_are_taken_up_again(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.realtime.end_subscriptions()
        assert isinstance(await following(results), Gap)
        publish(emulator, "after")
        assert name_of(await following(results)) == "after"


async def test_an_endpoint_that_can_not_be_reached_is_told_after_some_attempts(
    settings: RealtimeSettings, emulator: Emulator
) -> None:
    async with connected(emulator, settings, realtime_url="ws://127.0.0.1:1/x") as session:
        with pytest.raises(TransportConnectionFailed, match="can't be reached"):
            await following(session.subscribe(CREATED))


# -- planned ends ---------------------------------------------------------------------


async def test_ahead_of_its_limit_a_connection_is_replaced_without_a_gap_or_a_double(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=0.3, delays=lambda: itertools.repeat(0.01))
    got: list[str] = []

    async def consume(session: AsyncClientSession) -> None:
        async for result in session.subscribe(CREATED, gaps=True):
            assert not isinstance(result, Gap)
            got.append(name_of(result))

    async with connected(emulator, settings) as session:
        consumer = asyncio.ensure_future(consume(session))
        await until(lambda: emulator.realtime.registrations)
        for number in range(300):
            publish(emulator, number)
            await asyncio.sleep(0.005)
        await until(lambda: consumer.done() or len(got) >= 300)
        assert got == [str(number) for number in range(300)]
        assert emulator.counters["realtime.connections"] > 3
        assert emulator.realtime.connections <= 2
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)


async def test_a_connection_that_ends_before_its_successor_stands_leaves_a_gap(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=0.3, ack_timeout=0.5, delays=lambda: itertools.repeat(0.01))
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.realtime.faults.ignore_connections()
        await until(lambda: emulator.counters["realtime.connections"] == 2)
        emulator.realtime.drop_sockets()
        assert isinstance(await following(results), Gap)
        publish(emulator, "after")
        assert name_of(await following(results)) == "after"


async def test_a_hand_over_that_fails_is_tried_again_while_the_old_connection_stands(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=0.3, delays=lambda: itertools.repeat(0.01))
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        limited = FrameError("LimitExceededError", "Rate limit exceeded")
        emulator.realtime.faults.refuse_starts(3, limited)
        await until(lambda: emulator.counters["realtime.starts"] >= 5)
        await until(lambda: emulator.realtime.connections == 1)
        publish(emulator, "after")
        assert name_of(await following(results)) == "after", "and there is no gap"


async def test_more_events_than_the_buffer_holds_during_a_hand_over_leave_a_gap_and_no_double(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=0.5, start_timeout=5, delays=lambda: itertools.repeat(0.01))
    numbers = iter(range(100_000))
    seen: list[int] = []
    gaps: list[Gap] = []

    async def consume(session: AsyncClientSession) -> None:
        async for result in session.subscribe(CREATED, on_gap=gaps.append):
            seen.append(int(name_of(result)))  # noqa: PERF401 - watched as it grows

    async with connected(emulator, settings) as session:
        consumer = asyncio.ensure_future(consume(session))
        await until(lambda: emulator.realtime.registrations)
        emulator.realtime.faults.delay_starts(seconds=3)
        await until(lambda: emulator.realtime.registrations == 2)
        publish(emulator, *itertools.islice(numbers, 1500))
        await until(lambda: gaps)
        await until(lambda: emulator.realtime.registrations == 1)
        publish(emulator, *itertools.islice(numbers, 10))
        await until(lambda: seen[-1:] == [1509])
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)
    assert seen == sorted(set(seen))
    assert "hand-over" in gaps[0].reason


@pytest.mark.slow
async def test_where_connections_end_with_their_tokens_they_are_replaced_ahead_of_it(
    settings: RealtimeSettings,
) -> None:
    """The first such end is a gap; then it is known."""
    gaps: list[Gap] = []

    async def consume(session: AsyncClientSession) -> None:
        async for result in session.subscribe(CREATED, on_gap=gaps.append):
            assert result

    async with (
        Emulator(token_lifetime=3, rotation=True) as emulator,
        connected(emulator, settings) as session,
    ):
        emulator.realtime.settings.closes_at_expiry = True
        consumer = asyncio.ensure_future(consume(session))
        # The first ends, the second is replaced, and so is the third: two tokens' lives and more.
        await until(lambda: emulator.counters["realtime.connections"] >= 4, seconds=60)
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)
    assert len(gaps) == 1


async def test_a_reconnecting_session_of_gqls_leaves_reconnecting_to_the_transport(
    emulator: Emulator, settings: RealtimeSettings, heard: Heard
) -> None:
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    store = TokenStore(provider, tokens=emulator.issue_tokens())
    transport = AppSyncTransport(
        emulator.graphql_url, auth=store, realtime=settings, on_event=heard
    )
    client = Client(transport=transport)
    session = await client.connect_async(reconnecting=True)  # type: ignore[no-untyped-call]
    try:
        async with subscribed(session, emulator, gaps=True) as (results, first):
            publish(emulator, "before")
            await first
            emulator.realtime.drop_sockets()
            assert isinstance(await following(results), Gap)
            publish(emulator, "after")
            assert name_of(await following(results)) == "after"
            assert emulator.counters["realtime.connections"] == 2
    finally:
        await client.close_async()  # type: ignore[no-untyped-call]
        await store.aclose()


async def test_subscriptions_of_several_authorization_modes_share_one_socket(
    settings: RealtimeSettings,
) -> None:
    async with (
        Emulator(api_keys=["da2-example"]) as emulator,
        connected(emulator, settings) as session,
    ):
        key = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-example")
        async with (
            subscribed(session, emulator) as (_, mine),
            subscribed(session, emulator, auth=key) as (_, by_key),
        ):
            assert emulator.realtime.connections == 1
            publish(emulator, "tea")
            assert [name_of(await f) for f in (mine, by_key)] == ["tea", "tea"]


async def test_an_authorization_that_is_refused_is_not_asked_for_other_subscriptions(
    settings: RealtimeSettings,
) -> None:
    async with (
        Emulator(api_keys=["da2-example"]) as emulator,
        connected(emulator, settings) as session,
    ):
        wrong = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-wrong")
        refused = asyncio.ensure_future(following(session.subscribe(CREATED, auth=wrong)))
        # This one finds a connection being made, by the other one's authorization.
        async with subscribed(session, emulator) as (_, first):
            with pytest.raises(Refused):
                await refused
            publish(emulator, "tea")
            assert name_of(await first) == "tea"


async def test_the_very_text_that_is_sent_is_what_is_signed(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    """As IAM authorization needs it."""
    signed: list[str | None] = []

    class Signing(AppSyncJWTAuthentication):
        def get_headers(
            self, data: str | None = None, headers: dict[str, Any] | None = None
        ) -> dict[str, Any]:
            signed.append(data)
            return dict(super().get_headers(data, headers))

    auth = Signing(host="127.0.0.1", jwt=str(emulator.issue_tokens().access_token))
    transport = AppSyncTransport(emulator.graphql_url, auth=auth, realtime=settings)
    async with (
        Client(transport=transport) as session,
        subscribed(session, emulator) as (_, first),
    ):
        publish(emulator, "tea")
        await first
    handshake, start = signed
    assert handshake is None
    assert start is not None
    assert json.loads(start)["query"].startswith("subscription")


async def test_no_token_is_logged_or_told(
    emulator: Emulator, settings: RealtimeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = emulator.issue_tokens()
    secret = str(tokens.access_token)
    hidden = [secret, base64.b64encode(secret.encode()).decode()[:40]]
    emulator.realtime.faults.refuse_starts(100)
    with caplog.at_level(logging.DEBUG):
        async with connected(emulator, settings, store={"tokens": tokens}) as session:
            with pytest.raises(Refused) as caught:
                await following(session.subscribe(CREATED))
        nowhere = f"{emulator.realtime_url}/nowhere"
        other = emulator.issue_tokens()
        hidden.append(str(other.access_token))
        async with connected(
            emulator, settings, store={"tokens": other}, realtime_url=nowhere
        ) as session:
            with pytest.raises(BadRequest, match="HTTP 404") as no_upgrade:
                await following(session.subscribe(CREATED))
    said = caplog.text + repr(caught.value) + repr(no_upgrade.value)
    said += "".join(traceback.format_exception(no_upgrade.value))
    assert not [text for text in hidden if text in said]


async def test_closing_the_session_ends_a_loop_that_still_runs(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        loop = asyncio.ensure_future(following(session.subscribe(CREATED)))
        await until(lambda: emulator.realtime.registrations)
    with pytest.raises(TransportClosed):
        await loop
    await until(lambda: emulator.realtime.connections == 0)
    assert not ours_under_way()


async def test_a_break_out_of_the_loop_unsubscribes(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:

        async def only_one() -> None:
            async for _ in session.subscribe(CREATED):
                break

        consumer = asyncio.ensure_future(only_one())
        await until(lambda: emulator.realtime.registrations)
        publish(emulator, "tea")
        await consumer
        await until(lambda: not emulator.realtime.connections)


async def test_who_leaves_while_there_is_no_connection_leaves_no_attempts_behind(
    emulator: Emulator, settings: RealtimeSettings, heard: Heard
) -> None:
    async with connected(emulator, settings, heard) as session:
        async with subscribed(session, emulator) as (_, first):
            publish(emulator, "before")
            await first
            emulator.realtime.faults.drop_connections(10_000)
            emulator.realtime.drop_sockets()
            await until(lambda: emulator.counters["realtime.connections"] > 3)
        await until(lambda: not ours_under_way())
        emulator.realtime.faults.clear()
        async with subscribed(session, emulator) as (_, first):
            publish(emulator, "after")
            assert name_of(await first) == "after"


async def test_a_gap_stays_one_where_gqls_client_parses_results(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        session.client.schema = build_schema(
            "type Query { x: ID } type Subscription { onCreateItem: Item } "
            "type Item { id: ID name: String }"
        )
        async with subscribed(session, emulator, gaps=True, parse_result=True) as (results, first):
            publish(emulator, "before")
            assert name_of(await first) == "before"
            emulator.realtime.drop_sockets()
            assert isinstance(await following(results), Gap)


# -- slow consumers ---------------------------------------------------------------------


async def test_a_slow_consumer_loses_the_oldest_and_sees_a_gap(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True, buffer=4) as (results, first),
        subscribed(session, emulator) as (_, sibling),
    ):
        publish(emulator, "first")
        await first
        assert name_of(await sibling) == "first"
        publish(emulator, *range(10))
        await until(lambda: emulator.counters["realtime.events"] == 22)
        await asyncio.sleep(0.05)
        got = [await following(results) for _ in range(4)]
        assert isinstance(got[0], Gap)
        assert [name_of(r) for r in got[1:]] == ["7", "8", "9"]


@pytest.mark.parametrize("buffer", [1, 3])
async def test_a_consumer_that_keeps_up_misses_nothing_of_a_burst_however_small_its_buffer(
    emulator: Emulator, settings: RealtimeSettings, buffer: int
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True, buffer=buffer) as (results, first),
    ):
        publish(emulator, "first")
        await first

        async def all_of_them() -> list[Any]:
            return [await anext(results) for _ in range(200)]

        consumer = asyncio.ensure_future(all_of_them())
        await asyncio.sleep(0)  # it waits from now on
        publish(emulator, *range(200))
        got = await asyncio.wait_for(consumer, SECONDS)
        assert [name_of(result) for result in got] == [str(number) for number in range(200)]


async def test_a_consumer_that_must_not_miss_anything_fails_when_it_is_too_slow(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, buffer=4, on_full="fail") as (results, first),
    ):
        publish(emulator, "first")
        await first
        publish(emulator, *range(10))
        await until(lambda: not emulator.realtime.registrations)
        assert [name_of(await following(results)) for _ in range(4)] == ["0", "1", "2", "3"]
        with pytest.raises(SubscriptionOverflow):
            await following(results)


async def test_a_consumer_that_makes_the_server_wait_has_a_socket_of_its_own_and_misses_nothing(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator) as (_, sibling),
        subscribed(session, emulator, gaps=True, buffer=2, on_full="wait") as (results, first),
    ):
        assert emulator.realtime.connections == 2
        publish(emulator, "first")
        await first
        publish(emulator, *range(50))
        assert name_of(await sibling) == "first"
        await asyncio.sleep(0.1)
        assert [name_of(await following(results)) for _ in range(50)] == [
            str(number) for number in range(50)
        ]


async def test_a_connection_that_waits_for_its_consumer_is_not_taken_for_dead(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.settings.connection_timeout = 0.2
    emulator.realtime.settings.keep_alive = 0.05
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True, buffer=1, on_full="wait") as (results, first),
    ):
        publish(emulator, *range(5))
        await first
        await asyncio.sleep(0.8)
        assert [name_of(await following(results)) for _ in range(4)] == ["1", "2", "3", "4"]
