"""How many subscriptions and sockets there may be."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from appsync_gql import (
    Gap,
    RealtimeSettings,
)
from appsync_gql.testing import Emulator
from support.realtime import (
    CREATED,
    Server,
    connected,
    connected_by_key,
    name_of,
    next_result,
    publish,
    subscribed,
    wait_until,
)


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


async def test_if_no_connection_has_room_there_are_pauses_between_attempts(
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
        first = asyncio.ensure_future(next_result(results))
        await wait_until(lambda: emulator.counters["realtime.starts"] == 4)
        assert emulator.counters["realtime.connections"] <= len(waits) + 1
        assert emulator.realtime.connections <= 2, "the full ones are closed"
        emulator.realtime.settings.subscriptions = 1
        await wait_until(lambda: emulator.realtime.registrations)
        publish(emulator, "tea")
        assert name_of(await first) == "tea"
        await results.aclose()


async def test_a_full_connection_is_used_again_when_a_subscription_has_ended(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.settings.subscriptions = 2
    async with connected(emulator, settings) as session, subscribed(session, emulator):
        async with subscribed(session, emulator), subscribed(session, emulator):
            assert emulator.realtime.connections == 2
        await wait_until(lambda: emulator.realtime.registrations == 1)
        async with subscribed(session, emulator):
            assert emulator.counters["realtime.connections"] == 2


async def test_sockets_do_not_use_up_the_connections_of_requests(
    server: Server, settings: RealtimeSettings
) -> None:
    limited = {"client_session_args": {"timeout": None}}
    async with connected_by_key(server, settings, **limited) as session:
        alone = [session.subscribe(CREATED, on_full="wait") for _ in range(102)]
        waiting = [asyncio.ensure_future(anext(results)) for results in alone]
        await wait_until(lambda: server.count("start") == 102, seconds=30)
        assert len(server.sockets) == 102
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.slow
async def test_a_hand_over_to_a_full_connection_uses_another_one(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=1.0, overlap=0.05, delays=lambda: itertools.repeat(0.01))
    emulator.realtime.settings.subscriptions = 2
    emulator.realtime.settings.connection_lifetime = 2.0
    gaps: list[Gap] = []

    async def consume(session: Any) -> None:
        async for _ in session.subscribe(CREATED, on_gap=gaps.append):
            pass

    async with connected(emulator, settings) as session:
        consumers = []
        for number in range(3):
            consumers.append(asyncio.ensure_future(consume(session)))
            await _registered(emulator, number + 1)
        await wait_until(lambda: emulator.counters["realtime.connections"] >= 6)
        for consumer in consumers:
            consumer.cancel()
        await asyncio.gather(*consumers, return_exceptions=True)
    assert not gaps


async def _registered(emulator: Emulator, count: int) -> None:
    await wait_until(lambda: emulator.realtime.registrations == count)
