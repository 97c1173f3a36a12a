"""What closing, leaving and cancelling leave behind: nothing."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from aiohttp import web
from gql.transport.exceptions import TransportClosed

from appsync_gql import (
    RealtimeSettings,
)
from appsync_gql.testing import Emulator
from support.realtime import (
    CREATED,
    Reported,
    Server,
    connected,
    connected_by_key,
    name_of,
    next_result,
    our_tasks,
    publish,
    subscribed,
    wait_until,
)


async def test_closing_the_session_ends_a_consumer_that_waits(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        loop = asyncio.ensure_future(next_result(session.subscribe(CREATED)))
        await wait_until(lambda: emulator.realtime.registrations)
    with pytest.raises(TransportClosed):
        await loop
    await wait_until(lambda: emulator.realtime.connections == 0)
    assert not our_tasks()


async def test_leaving_during_a_reconnect_ends_the_attempts(
    emulator: Emulator, settings: RealtimeSettings, reported: Reported
) -> None:
    async with connected(emulator, settings, reported) as session:
        async with subscribed(session, emulator) as (_, first):
            publish(emulator, "before")
            await first
            emulator.realtime.faults.drop_connections(10_000)
            emulator.realtime.drop_sockets()
            await wait_until(lambda: emulator.counters["realtime.connections"] > 3)
        await wait_until(lambda: not our_tasks())
        emulator.realtime.faults.clear()
        async with subscribed(session, emulator) as (_, first):
            publish(emulator, "after")
            assert name_of(await first) == "after"


async def test_leaving_during_a_hand_over_stops_both_registrations(
    server: Server,
) -> None:
    async def slow(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return frame["type"] == "stop" and socket is server.sockets[0]  # no completion

    server.on_frame = slow
    settings = RealtimeSettings(max_age=0.3, overlap=0.05, delays=lambda: itertools.repeat(0.01))
    async with connected_by_key(server, settings) as session:
        results = session.subscribe(CREATED)
        first = asyncio.ensure_future(next_result(results))
        await wait_until(lambda: server.count("stop", socket=1))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await results.aclose()
        await wait_until(lambda: server.count("stop", socket=2))
        await wait_until(lambda: all(socket.closed for socket in server.sockets))
        assert not our_tasks()


async def test_no_subscription_starts_while_the_transport_is_being_closed(
    server: Server, settings: RealtimeSettings
) -> None:
    async def deaf(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return bool(frame["type"] == "stop")  # so that closing takes its time

    server.on_frame = deaf
    async with connected_by_key(server, settings) as session:
        waiting = asyncio.ensure_future(next_result(session.subscribe(CREATED)))
        await wait_until(lambda: server.count("start"))
        closing = asyncio.ensure_future(session.transport.close())
        await wait_until(lambda: server.count("stop"))
        with pytest.raises(TransportClosed):
            await next_result(session.subscribe(CREATED))
        await closing
        with pytest.raises(TransportClosed):
            await waiting
    assert not our_tasks()


async def test_a_cancelled_close_leaves_no_consumer_waiting(
    server: Server, settings: RealtimeSettings
) -> None:
    async def deaf(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return bool(frame["type"] == "stop")

    server.on_frame = deaf
    async with connected_by_key(server, settings) as session:
        waiting = asyncio.ensure_future(next_result(session.subscribe(CREATED)))
        await wait_until(lambda: server.count("start"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(session.transport.close(), 0.1)
        with pytest.raises(TransportClosed):
            await waiting
    await wait_until(lambda: not our_tasks())


async def test_leaving_with_a_full_buffer_closes_the_connection_at_once(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        async with subscribed(session, emulator, buffer=2, on_full="wait") as (_, first):
            publish(emulator, *range(20))
            await first
        await wait_until(lambda: not emulator.realtime.connections, seconds=1.5)
        assert not emulator.realtime.registrations
