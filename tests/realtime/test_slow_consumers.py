"""Consumers that are slower than their events."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appsync_gql import (
    Gap,
    RealtimeSettings,
    SubscriptionOverflow,
)
from appsync_gql.testing import Emulator
from support.realtime import (
    SECONDS,
    connected,
    name_of,
    next_result,
    publish,
    subscribed,
    wait_until,
)


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
        await wait_until(lambda: emulator.counters["realtime.events"] == 22)
        await asyncio.sleep(0.05)
        got = [await next_result(results) for _ in range(4)]
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


async def test_on_full_fail_raises_when_the_consumer_is_too_slow(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, buffer=4, on_full="fail") as (results, first),
    ):
        publish(emulator, "first")
        await first
        publish(emulator, *range(10))
        await wait_until(lambda: not emulator.realtime.registrations)
        assert [name_of(await next_result(results)) for _ in range(4)] == ["0", "1", "2", "3"]
        with pytest.raises(SubscriptionOverflow):
            await next_result(results)


async def test_on_full_wait_has_a_socket_of_its_own_and_misses_nothing(
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
        assert [name_of(await next_result(results)) for _ in range(50)] == [
            str(number) for number in range(50)
        ]


@pytest.mark.slow
async def test_a_connection_that_waits_for_its_consumer_is_not_closed_as_dead(
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
        assert [name_of(await next_result(results)) for _ in range(4)] == ["1", "2", "3", "4"]
