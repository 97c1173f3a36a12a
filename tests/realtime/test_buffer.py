"""The events that wait for a consumer. No sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appsync_gql import Gap, SubscriptionOverflow
from appsync_gql.realtime.buffer import Buffer, OnFull


class Calls:
    """What a buffer reported."""

    def __init__(self) -> None:
        self.gaps: list[str] = []
        self.overflows = 0

    def gap(self, gap: Gap) -> None:
        self.gaps.append(gap.reason)

    def overflow(self) -> None:
        self.overflows += 1


@pytest.fixture
def calls() -> Calls:
    return Calls()


def buffer(calls: Calls, size: int, on_full: OnFull = "drop_oldest") -> Buffer:
    return Buffer(size, on_full, on_gap=calls.gap, on_overflow=calls.overflow)


def event(number: int) -> dict[str, Any]:
    return {"data": number}


async def test_gaps_in_a_row_are_one_for_the_consumer_and_all_are_reported(calls: Calls) -> None:
    made = buffer(calls, 2)
    for _ in range(40):
        made.gap("lost")
    assert len(made.items) == 1
    assert len(calls.gaps) == 40


async def test_a_gap_is_no_event_if_too_many_events_are_an_error(calls: Calls) -> None:
    made = buffer(calls, 1, "fail")
    made.gap("lost")
    overflows = []
    for number in (1, 2, 3):
        made.put(event(number))
        overflows.append(calls.overflows)
    assert overflows == [0, 1, 1]
    assert len(made.items) == 3, "a gap, an event and the error"
    assert isinstance(await made.next(), Gap)
    assert await made.next() == event(1)
    with pytest.raises(SubscriptionOverflow):
        await made.next()


@pytest.mark.parametrize("size", [1, 2, 3, 10])
async def test_a_buffer_holds_no_more_than_its_size_and_a_gap(calls: Calls, size: int) -> None:
    made = buffer(calls, size)
    for number in range(100):
        made.put(event(number))
        assert len(made.items) <= max(size, 2)
    assert isinstance(await made.next(), Gap)
    assert (await made.next()) == event(100 - max(size - 1, 1))


async def test_a_consumer_that_waits_gets_the_next_event(calls: Calls) -> None:
    made = buffer(calls, 2)
    waiting = asyncio.ensure_future(made.next())
    await asyncio.sleep(0)
    made.put(event(1))
    assert await waiting == event(1)


async def test_a_consumer_that_waits_again_gets_the_event_after_that(calls: Calls) -> None:
    made = buffer(calls, 2)
    for number in (1, 2):
        waiting = asyncio.ensure_future(made.next())
        await asyncio.sleep(0)
        made.put(event(number))
        assert await asyncio.wait_for(waiting, 2) == event(number)


async def test_a_consumer_that_waits_gets_a_gap_and_the_end(calls: Calls) -> None:
    made = buffer(calls, 2)
    waiting = asyncio.ensure_future(made.next())
    await asyncio.sleep(0)
    made.gap("lost")
    assert isinstance(await asyncio.wait_for(waiting, 2), Gap)
    waiting = asyncio.ensure_future(made.next())
    await asyncio.sleep(0)
    made.end(None)
    assert await asyncio.wait_for(waiting, 2) is None


async def test_gaps_stand_where_events_may_be_missing(calls: Calls) -> None:
    made = buffer(calls, 10)
    made.gap("first")
    made.put(event(1))
    made.gap("second")
    made.put(event(2))
    assert [type(item) for item in made.items] == [Gap, dict, Gap, dict]


async def test_only_the_first_end_counts_and_it_comes_last(calls: Calls) -> None:
    made = buffer(calls, 2)
    made.put(event(1))
    made.end(None)
    made.end(ValueError())
    assert await made.next() == event(1)
    assert [await made.next() for _ in range(2)] == [None, None]


async def test_an_error_is_raised_each_time(calls: Calls) -> None:
    made = buffer(calls, 2)
    made.end(ValueError("over"))
    for _ in range(2):
        with pytest.raises(ValueError, match="over"):
            await made.next()


async def test_with_on_full_wait_the_server_waits_for_room(calls: Calls) -> None:
    made = buffer(calls, 2, "wait")
    made.put(event(1))
    await made.wait_for_space()
    made.put(event(2))
    waiting = asyncio.ensure_future(made.wait_for_space())
    await asyncio.sleep(0)
    assert made.full
    assert not waiting.done()
    await made.next()
    await waiting


async def test_when_the_consumer_has_left_nothing_waits_for_space(calls: Calls) -> None:
    made = buffer(calls, 1, "wait")
    made.put(event(1))
    waiting = asyncio.ensure_future(made.wait_for_space())
    await asyncio.sleep(0)
    assert not waiting.done()
    made.leave()
    await asyncio.wait_for(waiting, 5)


def test_a_gap_shows_its_reason() -> None:
    assert repr(Gap("lost")) == "Gap('lost')"
