"""Where the events of one registration go. No sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appsync_gql.realtime.buffer import Buffer, OnFull
from appsync_gql.realtime.receiver import TURN, Mode, Receiver


def buffer(size: int = 1000, on_full: OnFull = "drop_oldest") -> Buffer:
    return Buffer(size, on_full, on_gap=lambda _: None, on_overflow=lambda: None)


def event(number: int) -> dict[str, Any]:
    return {"data": number}


def receive(receiver: Receiver, *numbers: int) -> None:
    for number in numbers:
        receiver.receive(event(number))


def delivered(receiver: Receiver) -> list[int]:
    return [item["data"] for item in receiver.buffer.items]


async def test_events_are_held_until_they_are_delivered_in_order() -> None:
    receiver = Receiver(buffer())
    receive(receiver, 1, 2)
    assert (receiver.mode, delivered(receiver), receiver.received) == (Mode.HOLD, [], False)
    receiver.deliver()
    receive(receiver, 3)
    assert (receiver.mode, delivered(receiver)) == (Mode.DELIVER, [1, 2, 3])
    assert receiver.received


async def test_it_is_known_whether_an_event_ever_went_to_the_buffer() -> None:
    at_once, after_holding = Receiver(buffer()), Receiver(buffer())
    at_once.deliver()
    assert not at_once.received
    receive(at_once, 1)
    assert at_once.received
    receive(after_holding, 1)
    assert not after_holding.received
    after_holding.deliver()
    assert after_holding.received


async def test_the_server_waits_for_held_events_only_as_long_as_they_are_held() -> None:
    receiver = Receiver(buffer(3, "wait"), limit=3)
    await asyncio.wait_for(receiver.wait_for_space(), 1)
    receive(receiver, 1, 2)
    await asyncio.wait_for(receiver.wait_for_space(), 1)
    receiver.record()
    receive(receiver, 3)
    assert receiver.overflowed
    await asyncio.wait_for(receiver.wait_for_space(), 1)


async def test_an_earlier_change_does_not_end_the_wait_for_room() -> None:
    receiver = Receiver(buffer(1, "wait"), limit=1)
    receiver._switch(Mode.HOLD)
    receive(receiver, 1)
    waiting = asyncio.ensure_future(receiver.wait_for_space())
    await asyncio.sleep(0)
    assert not waiting.done()
    receiver.drop()
    await asyncio.wait_for(waiting, 1)


async def test_recorded_events_are_delivered_once_and_kept() -> None:
    receiver = Receiver(buffer())
    receiver.deliver()
    receiver.record()
    receive(receiver, 1, 2)
    assert delivered(receiver) == [1, 2]
    assert list(receiver.kept) == [event(1), event(2)]
    receiver.deliver()
    assert delivered(receiver) == [1, 2], "nothing is delivered twice"
    assert not receiver.kept


async def test_dropped_events_go_nowhere() -> None:
    receiver = Receiver(buffer())
    receive(receiver, 1)
    receiver.drop()
    receive(receiver, 2)
    assert not delivered(receiver)
    assert not receiver.kept


async def merged(old: list[int], held: list[int], later: list[int]) -> Receiver:
    both = buffer()
    first, second = Receiver(both), Receiver(both)
    first.deliver()
    first.record()
    receive(first, *old)
    receive(second, *held)
    second.merge(first)
    receive(second, *later)
    return second


@pytest.mark.parametrize(
    ("old", "held", "later", "expected", "mode"),
    [
        ([], [], [], [], Mode.DELIVER),
        ([], [1], [2], [1, 2], Mode.DELIVER),
        ([1, 2], [1, 2], [3], [1, 2, 3], Mode.DELIVER),
        ([1, 2], [2], [3], [1, 2, 3], Mode.DELIVER),
        ([1, 2], [2, 3], [4], [1, 2, 3, 4], Mode.DELIVER),
        ([1, 2], [], [2, 3], [1, 2, 3], Mode.DELIVER),
        ([1, 2], [1], [], [1, 2], Mode.MERGE),
        ([1, 2], [], [], [1, 2], Mode.MERGE),
    ],
)
async def test_what_two_connections_bring_is_delivered_once(
    old: list[int], held: list[int], later: list[int], expected: list[int], mode: Mode
) -> None:
    receiver = await merged(old, held, later)
    assert delivered(receiver) == expected
    assert receiver.mode is mode


async def test_after_merging_everything_is_delivered() -> None:
    receiver = await merged([1, 2], [], [1])
    receiver.finish_merging()
    assert receiver.mode is Mode.DELIVER
    receive(receiver, 2)
    assert delivered(receiver) == [1, 2, 1, 2]
    assert receiver.mode is Mode.DELIVER
    receiver.finish_merging()
    assert delivered(receiver) == [1, 2, 1, 2]


async def test_more_events_than_can_be_kept_are_noticed() -> None:
    receiver = Receiver(buffer(size=2), limit=2)
    receive(receiver, 1)
    assert not receiver.overflowed
    receive(receiver, 2)
    assert receiver.overflowed


async def test_as_many_events_as_the_buffer_holds_are_kept() -> None:
    receiver = Receiver(buffer(size=5), limit=2)
    receive(receiver, *range(4))
    assert len(receiver.kept) == 4
    assert not receiver.overflowed


async def test_the_server_waits_while_held_events_fill_the_receiver() -> None:
    receiver = Receiver(buffer(2, "wait"), limit=2)
    receive(receiver, 1, 2)
    waiting = asyncio.ensure_future(receiver.wait_for_space())
    await asyncio.sleep(0)
    assert not waiting.done()
    receiver.deliver()
    await asyncio.sleep(0)
    assert not waiting.done(), "now the buffer is full"
    await receiver.buffer.next()
    await waiting


async def test_the_server_does_not_wait_for_events_that_are_dropped() -> None:
    receiver = Receiver(buffer(1, "wait"), limit=1)
    receive(receiver, 1)
    waiting = asyncio.ensure_future(receiver.wait_for_space())
    await asyncio.sleep(0)
    assert not waiting.done()
    receiver.drop()
    await asyncio.wait_for(waiting, 5)
    receiver.buffer.put(event(2))
    await asyncio.wait_for(receiver.wait_for_space(), 5)


async def test_a_small_buffer_gets_its_turn_often() -> None:
    assert Receiver(buffer(size=3)).turn == 3
    assert Receiver(buffer(size=1000)).turn == TURN
