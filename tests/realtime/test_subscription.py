"""A subscription outlives lost connections and passing faults."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest
from aiohttp import web
from gql.transport.exceptions import TransportConnectionFailed

from appsync_gql import (
    BadRequest,
    Denied,
    Gap,
    RealtimeSettings,
    RenewalFailed,
    events,
)
from appsync_gql.testing import Emulator
from support.realtime import (
    CREATED,
    Consumer,
    Reported,
    Server,
    User,
    connected,
    connected_by_key,
    name_of,
    next_result,
    publish,
    send_error,
    subscribed,
    wait_until,
)


@pytest.mark.parametrize("fault", ["drop_sockets", "close_sockets"])
async def test_after_a_loss_it_subscribes_again_with_a_gap_to_show_for_it(
    emulator: Emulator, settings: RealtimeSettings, reported: Reported, fault: str
) -> None:
    async with (
        connected(emulator, settings, reported) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        assert name_of(await first) == "before"
        getattr(emulator.realtime, fault)()
        gap = await next_result(results)
        assert isinstance(gap, Gap)
        await wait_until(lambda: emulator.realtime.registrations == 1)
        publish(emulator, "after")
        assert name_of(await next_result(results)) == "after"
        await wait_until(lambda: reported.count(events.Resubscribed))
    kinds = [type(event).__name__ for event in reported.events]
    assert kinds == ["Connected", "ConnectionLost", "Connected", "EventsMissed", "Resubscribed"]


async def test_a_silent_connection_is_closed_after_its_timeout(
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
        assert isinstance(await next_result(results), Gap)
        publish(emulator, "after")
        assert name_of(await next_result(results)) == "after"


class Laptop:
    """A machine whose monotonic clock stands still while it sleeps."""

    def __init__(self) -> None:
        self.slept = 0.0

    def wall(self) -> float:
        return time.time() + self.slept

    def monotonic(self) -> float:
        return time.monotonic() + self.slept


async def test_after_the_machine_slept_a_connection_is_replaced(
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
        gap = await next_result(results)
        assert isinstance(gap, Gap)
        assert "slept" in gap.reason
        publish(emulator, "after")
        assert name_of(await next_result(results)) == "after"


@pytest.mark.slow
async def test_a_start_that_is_not_answered_is_tried_again(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.faults.ignore_starts()
    async with connected(emulator, settings) as session:
        results = session.subscribe(CREATED, gaps=True)
        first = asyncio.ensure_future(next_result(results))
        await wait_until(lambda: emulator.counters["realtime.starts"] == 2)
        await wait_until(lambda: emulator.realtime.registrations == 1)
        publish(emulator, "tea")
        assert name_of(await first) == "tea", "it never stood before: there is no gap"
        await results.aclose()


async def test_a_rate_limit_without_id_ends_nothing(
    emulator: Emulator, settings: RealtimeSettings, reported: Reported
) -> None:
    """Pitfall: one such frame closed the whole transport."""
    async with (
        connected(emulator, settings, reported) as session,
        subscribed(session, emulator) as (_, first),
    ):
        emulator.realtime.send_error()
        publish(emulator, "tea")
        assert name_of(await first) == "tea"
        await wait_until(lambda: reported.count(events.RealtimeErrorReceived))
        assert reported.count(events.ConnectionLost) == 0


async def test_subscriptions_that_the_server_ends_with_an_error_are_started_again(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.realtime.end_subscriptions()
        assert isinstance(await next_result(results), Gap)
        publish(emulator, "after")
        assert name_of(await next_result(results)) == "after"


async def test_an_unreachable_endpoint_is_an_error_after_some_attempts(
    settings: RealtimeSettings, emulator: Emulator
) -> None:
    async with connected(emulator, settings, realtime_url="ws://127.0.0.1:1/x") as session:
        with pytest.raises(TransportConnectionFailed, match="can't be reached"):
            await next_result(session.subscribe(CREATED))


async def test_a_start_that_is_never_answered_is_an_error_after_some_attempts(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(start_timeout=0.1, delays=lambda: itertools.repeat(0.01))
    emulator.realtime.faults.ignore_starts(100)
    async with connected(emulator, settings) as session:
        with pytest.raises(TransportConnectionFailed, match="no start_ack"):
            await next_result(session.subscribe(CREATED))


async def test_a_provider_that_fails_for_a_while_ends_no_subscription(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.realtime.faults.refuse_starts()
        emulator.faults.cognito_error(1, "InternalErrorException", "try later", status=500)
        emulator.realtime.drop_sockets()
        assert isinstance(await next_result(results), Gap)
        publish(emulator, "after")
        assert name_of(await next_result(results)) == "after"


async def test_refusals_at_two_handshakes_with_losses_between_end_nothing(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        faults = emulator.realtime.faults
        faults.refuse_connections()
        faults.drop_connections(3)
        faults.refuse_connections()
        emulator.realtime.drop_sockets()
        assert isinstance(await next_result(results), Gap)


@pytest.mark.parametrize("status", [302, 403, 404, 408, 500])
async def test_an_http_status_at_a_reconnect_ends_nothing(
    server: Server, settings: RealtimeSettings, status: int
) -> None:
    async with connected_by_key(server, settings) as session:
        results = session.subscribe(CREATED, gaps=True)
        first = asyncio.ensure_future(next_result(results))
        await wait_until(lambda: server.count("start"))
        server.status = status
        await server.sockets[0].close()
        assert isinstance(await first, Gap)
        await results.aclose()


@pytest.mark.slow
async def test_a_start_on_a_silent_socket_is_tried_on_another_one(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(start_timeout=0.2, delays=lambda: itertools.repeat(0.01))
    async with connected(emulator, settings) as session, subscribed(session, emulator):
        emulator.realtime.silence_sockets()
        results = session.subscribe(CREATED)
        first = asyncio.ensure_future(next_result(results))
        await wait_until(lambda: emulator.realtime.registrations == 2)
        publish(emulator, "tea")
        assert name_of(await first) == "tea"
        await results.aclose()


PASSING = [
    {"message": "Internal server error"},
    {"errorType": "com.amazonaws.deepdish.graphql.auth#BadRequestException", "errorCode": 400},
]


@pytest.mark.parametrize("error", PASSING, ids=["internal error", "bad request"])
@pytest.mark.parametrize("where", ["connection_init", "start"])
async def test_a_passing_fault_at_a_restart_ends_no_subscription(
    server: Server, settings: RealtimeSettings, where: str, error: dict[str, Any]
) -> None:
    faults: list[dict[str, Any]] = []

    async def on_frame(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] != where or not faults:
            return False
        kind = "error" if where == "start" else "connection_error"
        payload = {"errors": [faults.pop()]}
        await socket.send_json({"type": kind, "id": frame.get("id"), "payload": payload})
        return True

    server.on_frame = on_frame
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        await server.send("before")
        await wait_until(lambda: consumer.names)
        faults.append(error)
        server.cut()
        await wait_until(lambda: not faults and server.registered)
        await server.send("after")
        await wait_until(lambda: consumer.names == ["before", "GAP", "after"])
        assert consumer.error is None
        await consumer.stop()


async def test_a_lasting_fault_at_a_restart_ends_the_subscription_in_the_end(
    server: Server, settings: RealtimeSettings
) -> None:
    async def on_frame(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        rejected = frame["type"] == "start" and len(server.sockets) > 1
        if rejected:
            await send_error(socket, frame["id"], "BadRequestException")
        return rejected

    server.on_frame = on_frame
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        await server.send("before")
        await wait_until(lambda: consumer.names)
        server.cut()
        await wait_until(lambda: consumer.error)
        assert isinstance(consumer.error, BadRequest)
        assert server.count("start") == 1 + 9
        assert len(server.sockets) == 2, "the connection is kept for the next attempts"


async def test_newer_headers_that_can_not_be_had_for_a_while_end_no_subscription(
    server: Server, settings: RealtimeSettings
) -> None:
    user = User()

    async def on_frame(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        authorization = frame.get("payload", {}).get("extensions", {}).get("authorization", {})
        refused = len(server.sockets) > 1 and authorization.get("Authorization") == "user 0"
        if refused:
            user.error = RenewalFailed("down")
            await send_error(socket, frame["id"], "UnauthorizedException")
            asyncio.get_running_loop().call_later(0.1, setattr, user, "error", None)
        return refused

    server.on_frame = on_frame
    async with connected_by_key(server, settings, auth=user) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        await server.send("before")
        await wait_until(lambda: consumer.names)
        server.cut()
        await wait_until(lambda: consumer.names == ["before", "GAP"])
        assert consumer.error is None
        await consumer.stop()


async def test_a_permission_that_is_missing_is_the_error_also_if_no_newer_token_is_to_be_had(
    server: Server, settings: RealtimeSettings
) -> None:
    user = User()

    async def on_frame(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start":
            user.error = RenewalFailed("down")
            await send_error(socket, frame["id"], "Unauthorized")
        return bool(frame["type"] == "start")

    server.on_frame = on_frame
    async with connected_by_key(server, settings, auth=user) as session:
        with pytest.raises(Denied) as caught:
            await next_result(session.subscribe(CREATED))
    assert isinstance(caught.value.__cause__, RenewalFailed)


async def test_the_connects_of_a_flapping_server_do_not_grow_with_the_subscriptions(
    server: Server,
) -> None:
    settings = RealtimeSettings(start_timeout=1, delays=lambda: itertools.repeat(0.05))

    async def on_frame(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start" and len(server.sockets) > 1:
            server.cut()
        return bool(frame["type"] == "start" and len(server.sockets) > 1)

    server.on_frame = on_frame
    async with connected_by_key(server, settings) as session:
        consumers = [Consumer(session) for _ in range(40)]
        await wait_until(lambda: len(server.registered) == 40)
        server.cut()
        await asyncio.sleep(0.5)
        assert 2 < len(server.sockets) <= 11
        for consumer in consumers:
            await consumer.stop()


@pytest.mark.parametrize("where", ["before the new start", "during the overlap"])
async def test_a_completion_during_a_hand_over_ends_the_subscription(
    server: Server, where: str
) -> None:
    settings = RealtimeSettings(max_age=0.2, overlap=5.0, delays=lambda: itertools.repeat(0.01))

    async def on_frame(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        kind = "connection_init" if where == "before the new start" else "start"
        if frame["type"] == kind and len(server.sockets) == 2:
            socket, id_ = server.registered.pop(0)
            await socket.send_json({"type": "complete", "id": id_})
        return False

    server.on_frame = on_frame
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: consumer.names == ["END"])
        await wait_until(lambda: not server.open_sockets)
        assert not server.registered


async def test_a_hand_over_that_is_refused_is_tried_again_with_newer_headers(
    server: Server,
) -> None:
    settings = RealtimeSettings(max_age=0.2, overlap=0.01, delays=lambda: itertools.repeat(0.01))

    async def on_frame(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        authorization = frame.get("payload", {}).get("extensions", {}).get("authorization", {})
        refused = len(server.sockets) > 1 and authorization.get("Authorization") == "user 0"
        if refused:
            await send_error(socket, frame["id"], "UnauthorizedException")
        return refused

    server.on_frame, user = on_frame, User()
    async with connected_by_key(server, settings, auth=user) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.count("stop", socket=1))
        assert user.renewals == 1
        await wait_until(lambda: server.registered)
        await server.send("tea")
        await wait_until(lambda: consumer.names == ["tea"])
        await consumer.stop()


async def test_a_hand_over_without_headers_is_tried_again_on_the_old_connection(
    server: Server,
) -> None:
    settings = RealtimeSettings(max_age=0.1, overlap=0.01, delays=lambda: itertools.repeat(0.01))
    user = User()
    async with connected_by_key(server, settings, auth=user) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        user.error = RenewalFailed("down")
        await asyncio.sleep(0.2)
        await server.send("tea")
        await wait_until(lambda: consumer.names == ["tea"])
        user.error = None
        await wait_until(lambda: server.count("stop", socket=1))
        assert consumer.names == ["tea"]
        assert consumer.error is None
        await consumer.stop()


async def test_a_hand_over_to_an_endpoint_that_fails_is_tried_again(server: Server) -> None:
    settings = RealtimeSettings(max_age=0.1, overlap=0.01, delays=lambda: itertools.repeat(0.01))
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        server.status, server.lasting = 503, True
        await asyncio.sleep(0.2)
        await server.send("tea")
        await wait_until(lambda: consumer.names == ["tea"])
        server.status = 0
        await wait_until(lambda: server.count("stop", socket=1))
        assert consumer.names == ["tea"]
        assert consumer.error is None
        await consumer.stop()
