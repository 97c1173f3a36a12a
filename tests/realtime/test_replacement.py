"""Connections that are replaced ahead of their end."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from aiohttp import web
from gql.client import AsyncClientSession

from appsync_gql import (
    Gap,
    RealtimeSettings,
)
from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.realtime_faults import FrameError
from support.realtime import (
    CREATED,
    Consumer,
    Server,
    connected,
    connected_by_key,
    name_of,
    next_result,
    publish,
    subscribed,
    wait_until,
)


async def test_ahead_of_its_limit_a_connection_is_replaced_without_a_gap_or_a_double(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=0.15, overlap=0.05, delays=lambda: itertools.repeat(0.01))
    got: list[str] = []

    async def consume(session: AsyncClientSession) -> None:
        async for result in session.subscribe(CREATED, gaps=True):
            assert not isinstance(result, Gap)
            got.append(name_of(result))

    async with connected(emulator, settings) as session:
        consumer = asyncio.ensure_future(consume(session))
        await wait_until(lambda: emulator.realtime.registrations)
        for number in range(120):
            publish(emulator, number)
            await asyncio.sleep(0.005)
        await wait_until(lambda: consumer.done() or len(got) >= 120)
        assert got == [str(number) for number in range(120)]
        assert emulator.counters["realtime.connections"] > 2
        assert emulator.realtime.connections <= 2
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)


async def test_a_connection_that_ends_before_its_successor_is_ready_leaves_a_gap(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(
        max_age=0.3, overlap=0.05, ack_timeout=0.5, delays=lambda: itertools.repeat(0.01)
    )
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.realtime.faults.ignore_connections()
        await wait_until(lambda: emulator.counters["realtime.connections"] == 2)
        emulator.realtime.drop_sockets()
        assert isinstance(await next_result(results), Gap)
        publish(emulator, "after")
        assert name_of(await next_result(results)) == "after"


async def test_a_failed_hand_over_is_tried_again_while_the_old_connection_lasts(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=0.3, overlap=0.05, delays=lambda: itertools.repeat(0.01))
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        limited = FrameError("LimitExceededError", "Rate limit exceeded")
        emulator.realtime.faults.refuse_starts(3, limited)
        await wait_until(lambda: emulator.counters["realtime.starts"] >= 5)
        await wait_until(lambda: emulator.realtime.connections == 1)
        publish(emulator, "after")
        assert name_of(await next_result(results)) == "after", "and there is no gap"


@pytest.mark.slow
async def test_connections_that_end_with_their_tokens_are_replaced_ahead_of_that(
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
        await wait_until(lambda: emulator.counters["realtime.connections"] >= 4, seconds=60)
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)
    assert len(gaps) == 1


async def test_a_consumer_with_on_full_wait_misses_nothing_at_a_hand_over(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=0.5, overlap=0.05, delays=lambda: itertools.repeat(0.01))
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True, buffer=2, on_full="wait") as (results, first),
    ):
        publish(emulator, *range(20))
        got = [await first]
        await wait_until(lambda: emulator.counters["realtime.connections"] == 2)
        got += [await next_result(results) for _ in range(19)]
        publish(emulator, "last")
        got.append(await next_result(results))
        assert [name_of(result) for result in got] == [*map(str, range(20)), "last"]


@pytest.mark.slow
async def test_events_before_a_new_registration_is_live_are_not_lost(
    emulator: Emulator,
) -> None:
    """AppSync may deliver nothing for a moment after its start_ack."""
    emulator.realtime.settings.registration_lag = 0.1
    settings = RealtimeSettings(max_age=0.3, overlap=0.2, delays=lambda: itertools.repeat(0.01))
    async with connected(emulator, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: emulator.realtime.registrations)
        await asyncio.sleep(0.1)
        for number in range(100):
            publish(emulator, number)
            await asyncio.sleep(0.01)
        await wait_until(lambda: consumer.names[-1:] == ["99"])
        assert consumer.names == [str(number) for number in range(100)]
        assert emulator.counters["realtime.connections"] > 2
        await consumer.stop()


@pytest.mark.slow
async def test_some_seconds_after_a_hand_over_equal_events_are_delivered(
    server: Server,
) -> None:
    """What the old connection alone brought once swallowed an equal event minutes later."""
    settings = RealtimeSettings(max_age=3, overlap=0.05, delays=lambda: itertools.repeat(0.01))

    async def on_frame(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start" and len(server.sockets) == 2:
            await server.send("on")
        return False

    server.on_frame = on_frame
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.count("stop", socket=1))
        await asyncio.sleep(2.5)
        await server.send("on")
        await wait_until(lambda: len(consumer.names) == 2)
        assert consumer.names == ["on", "on"]
        await consumer.stop()
