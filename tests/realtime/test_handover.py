"""Moving from one connection to the next, over sockets without a network."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appsync_gql import Gap
from appsync_gql.clock import SystemClock
from appsync_gql.realtime.buffer import Buffer, OnFull
from appsync_gql.realtime.connect import Opened
from appsync_gql.realtime.connection import Connection
from appsync_gql.realtime.errors import Completed, End, Lost
from appsync_gql.realtime.handover import Registered, end_merging, hand_over
from appsync_gql.realtime.lease import Lease
from appsync_gql.realtime.protocol import Protocol
from appsync_gql.realtime.receiver import Mode, Receiver
from support.realtime import FakeSocket, wait_until

SECONDS = 0.05


class Side:
    """One of the two connections, with the subscription started on it."""

    def __init__(self, buffer: Buffer, limit: int) -> None:
        self.socket = FakeSocket()
        socket: Any = self.socket
        opened = Opened(socket, Protocol(), 300.0)
        self.connection = Connection(opened, clock=SystemClock(), on_error=lambda _: None)
        self.receiver = Receiver(buffer, limit)

    async def start(self) -> Registered:
        registration = await self.connection.start("{}", {}, self.receiver, 5.0)
        return Registered(registration, Lease(self.connection, lambda _: None))

    def receives(self, *numbers: int) -> None:
        for number in numbers:
            self.socket.receives_event(self.socket.ids[0], number)

    @property
    def stopped(self) -> bool:
        return any(frame["type"] == "stop" for frame in self.socket.sent)


class HandOver:
    """A hand-over that runs in a task."""

    def __init__(self, *, on_full: OnFull = "drop_oldest", limit: int = 100) -> None:
        self.buffer = Buffer(50, on_full, on_gap=lambda _: None, on_overflow=lambda: None)
        self.old, self.new = Side(self.buffer, limit), Side(self.buffer, limit)

    async def begin(self, overlap: float = SECONDS) -> asyncio.Task[Registered | End]:
        self.first = await self.old.start()
        self.old.receiver.deliver()
        self.old.receiver.record()
        self.second = await self.new.start()
        return asyncio.ensure_future(hand_over(self.first, self.second, overlap))

    @property
    def delivered(self) -> list[Any]:
        return ["GAP" if isinstance(i, Gap) else i["data"] for i in self.buffer.items]

    async def close(self) -> None:
        await self.old.connection.close()
        await self.new.connection.close()


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_events_during_the_overlap_are_delivered_once_and_at_once() -> None:
    made = HandOver()
    task = await made.begin()
    made.old.receives(1, 2, 3)
    made.new.receives(2, 3)
    await turns()
    assert made.delivered == [1, 2, 3]
    assert not made.old.stopped
    assert await task is made.second
    made.new.receives(4)
    await turns()
    assert made.delivered == [1, 2, 3, 4]
    assert made.old.stopped
    await made.close()


async def test_events_before_the_new_registration_is_live_are_not_lost() -> None:
    """AppSync may deliver nothing for a moment after its start_ack."""
    made = HandOver()
    task = await made.begin(overlap=10 * SECONDS)
    for number in range(10):
        made.old.receives(number)
        if number >= 7:
            made.new.receives(number)
        await turns()
    await task
    made.new.receives(10)
    await turns()
    assert made.delivered == list(range(11))
    await made.close()


async def test_events_on_their_way_when_the_old_one_is_stopped_are_delivered() -> None:
    made = HandOver()
    made.old.socket.answers["stop"] = None
    task = await made.begin(overlap=0.0)
    await wait_until(lambda: made.old.stopped)
    made.old.receives(1)
    made.old.socket.receives(type="complete", id=made.old.socket.ids[0])
    made.new.receives(1, 2)
    await task
    await turns()
    assert made.delivered == [1, 2]
    await made.close()


async def test_an_equal_event_after_the_merging_is_delivered() -> None:
    made = HandOver()
    task = await made.begin()
    made.old.receives(1)
    await task
    assert made.new.receiver.mode is Mode.MERGE
    await end_merging(made.second.registration, seconds=0.01)
    made.new.receives(1)
    await turns()
    assert made.delivered == [1, 1]
    await made.close()


async def test_merging_lasts_while_the_server_waits_for_the_consumer() -> None:
    made = HandOver(on_full="wait")
    task = await made.begin()
    made.old.receives(0)
    await task
    for number in range(1, 50):
        made.buffer.put({"data": number})
    merging = asyncio.ensure_future(end_merging(made.second.registration, seconds=0.01))
    await asyncio.sleep(0.05)
    assert not merging.done()
    await made.buffer.next()
    await asyncio.wait_for(merging, 2)
    await made.close()


async def test_merging_ends_with_the_registration() -> None:
    made = HandOver()
    task = await made.begin()
    made.old.receives(1)
    await task
    made.new.socket.receives_end()
    await asyncio.wait_for(end_merging(made.second.registration, seconds=60.0), 2)
    assert made.new.receiver.mode is Mode.DELIVER
    await made.close()


@pytest.mark.parametrize("side", ["old", "new"])
async def test_a_completion_during_a_hand_over_ends_the_subscription(side: str) -> None:
    made = HandOver()
    task = await made.begin(overlap=60.0)
    completed: Side = getattr(made, side)
    completed.socket.receives(type="complete", id=completed.socket.ids[0])
    assert await asyncio.wait_for(task, 2) == Completed()
    assert made.new.stopped or side == "new"
    assert made.second.lease.connection.leases == 0
    await made.close()


async def test_if_the_new_connection_is_lost_the_old_one_goes_on() -> None:
    made = HandOver()
    task = await made.begin(overlap=60.0)
    made.new.socket.receives_end()
    assert await asyncio.wait_for(task, 2) is made.first
    made.old.receives(1)
    await turns()
    assert made.delivered == [1]
    assert made.old.receiver.mode is Mode.DELIVER
    await made.close()


async def test_if_the_old_connection_is_lost_there_is_a_gap() -> None:
    made = HandOver()
    task = await made.begin(overlap=60.0)
    made.old.receives(1)
    await turns()
    made.old.socket.receives_end()
    made.new.receives(2)
    assert await asyncio.wait_for(task, 2) is made.second
    await turns()
    assert made.delivered == [1, "GAP", 2]
    await made.close()


async def test_if_the_old_one_does_not_complete_there_is_a_gap() -> None:
    made = HandOver()
    made.old.socket.answers["stop"] = None
    task = await made.begin(overlap=0.0)
    await wait_until(lambda: made.old.stopped)
    made.old.socket.receives(type="error", id=made.old.socket.ids[0], payload={"errors": []})
    assert await task is made.second
    assert made.delivered == ["GAP"]
    await made.close()


@pytest.mark.parametrize("side", ["old", "new"])
async def test_more_events_than_can_be_kept_are_a_loss(side: str) -> None:
    made = HandOver(limit=60)
    task = await made.begin()
    getattr(made, side).receives(*range(60))
    outcome = await task
    assert isinstance(outcome, Lost)
    assert "hand-over" in outcome.reason
    assert made.new.stopped
    await made.close()


async def test_who_is_cancelled_during_a_hand_over_leaves_the_new_connection() -> None:
    made = HandOver()
    task = await made.begin(overlap=60.0)
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert made.new.stopped
    assert made.new.receiver.mode is Mode.DROP
    assert (made.first.lease.connection.leases, made.second.lease.connection.leases) == (1, 0)
    await made.close()
