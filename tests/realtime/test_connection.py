"""One connection and the subscriptions on it, over a socket without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from appsync_gql.clock import SystemClock
from appsync_gql.error_types import ErrorMeaning
from appsync_gql.realtime.buffer import Buffer, OnFull
from appsync_gql.realtime.connect import Opened
from appsync_gql.realtime.connection import Connection, State
from appsync_gql.realtime.errors import Completed, End, Lost, NotStarted, ServerError, Unanswered
from appsync_gql.realtime.protocol import Protocol
from appsync_gql.realtime.receiver import Mode, Receiver
from appsync_gql.realtime.registration import Registration
from support.realtime import FakeSocket

UNAUTHORIZED = {"errors": [{"errorType": "UnauthorizedException", "message": "No"}]}
LIMITED = {"errors": {"errorType": "LimitExceededError", "message": "Rate limit exceeded"}}


class Fixture:
    """A connection over a fake socket."""

    def __init__(self, silence: float = 60.0) -> None:
        self.socket = FakeSocket()
        socket: Any = self.socket
        self.protocol = Protocol()
        self.errors: list[ServerError] = []
        opened = Opened(socket, self.protocol, silence)
        self.connection = Connection(opened, clock=SystemClock(), on_error=self.errors.append)

    def receiver(self, size: int = 1000, on_full: OnFull = "drop_oldest") -> Receiver:
        return Receiver(Buffer(size, on_full, on_gap=lambda _: None, on_overflow=lambda: None))

    async def start(self, receiver: Receiver | None = None, seconds: float = 5.0) -> Registration:
        made = receiver or self.receiver()
        return await self.connection.start("{}", {"host": "h"}, made, seconds)

    def starting(self) -> asyncio.Task[Registration]:
        return asyncio.ensure_future(self.start())

    async def refusal(self, starting: asyncio.Task[Registration]) -> End:
        with pytest.raises(NotStarted) as caught:
            await asyncio.wait_for(starting, 2)
        return caught.value.end


@pytest.fixture
async def fixture() -> AsyncIterator[Fixture]:
    made = Fixture()
    yield made
    await made.connection.close()
    assert made.socket.closed


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_subscription_starts_receives_and_stops(fixture: Fixture) -> None:
    registration = await fixture.start()
    fixture.socket.receives_event(registration.id, 1)
    await turns()
    assert list(registration.receiver.kept) == [{"data": 1}]
    assert await fixture.connection.stop(registration, 2.0)
    assert [frame["type"] for frame in fixture.socket.sent] == ["start", "stop"]
    assert fixture.protocol.ids == frozenset()


async def test_a_stop_that_is_never_answered_leaves_no_id_behind(fixture: Fixture) -> None:
    fixture.socket.answers["stop"] = None
    registration = await fixture.start()
    assert not await fixture.connection.stop(registration, 0.01)
    assert fixture.protocol.ids == frozenset()
    assert registration.ended.done()


async def test_a_socket_that_can_not_send_ends_the_stop(fixture: Fixture) -> None:
    registration = await fixture.start()
    fixture.socket.error = ConnectionResetError()
    assert not await fixture.connection.stop(registration, 2.0)


async def test_a_start_that_is_refused_says_why(fixture: Fixture) -> None:
    fixture.socket.answers["start"] = None
    starting = fixture.starting()
    await turns()
    fixture.socket.receives(type="error", id=fixture.socket.ids[0], payload=UNAUTHORIZED)
    end = await fixture.refusal(starting)
    assert isinstance(end, ServerError)
    assert end.meaning is ErrorMeaning.REFUSED


async def test_a_start_that_is_not_answered_is_stopped_and_the_connection_takes_no_more(
    fixture: Fixture,
) -> None:
    fixture.socket.answers["start"] = None
    with pytest.raises(NotStarted) as caught:
        await fixture.start(seconds=0.01)
    assert caught.value.end == Unanswered("no start_ack within 0.01 s")
    assert [frame["type"] for frame in fixture.socket.sent] == ["start", "stop"]
    assert fixture.connection.state is State.DRAINING


async def test_a_connection_that_is_alive_takes_more_after_an_unanswered_start(
    fixture: Fixture,
) -> None:
    fixture.socket.answers["start"] = None
    starting = asyncio.ensure_future(fixture.start(seconds=0.05))
    await turns()
    fixture.socket.receives(type="ka")
    assert isinstance(await fixture.refusal(starting), Unanswered)
    assert fixture.connection.state is State.OPEN


async def test_a_start_that_can_not_be_sent_says_so(fixture: Fixture) -> None:
    fixture.socket.error = ConnectionResetError()
    assert await fixture.refusal(fixture.starting()) == Lost("ConnectionResetError")


async def test_a_start_on_a_closed_connection_says_why_it_was_closed(fixture: Fixture) -> None:
    await fixture.connection.close()
    assert await fixture.refusal(fixture.starting()) == Lost("closed by this side")
    assert not fixture.socket.sent


async def test_a_start_that_is_cancelled_is_stopped(fixture: Fixture) -> None:
    fixture.socket.answers["start"] = None
    starting = fixture.starting()
    await turns()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    assert [frame["type"] for frame in fixture.socket.sent] == ["start", "stop"]
    assert fixture.protocol.ids == frozenset()


async def test_a_completion_in_place_of_the_acknowledgement_is_an_end(fixture: Fixture) -> None:
    fixture.socket.answers["start"] = "complete"
    assert await fixture.refusal(fixture.starting()) == Completed()


async def test_the_limit_of_a_full_connection_is_learned(fixture: Fixture) -> None:
    await fixture.start()
    fixture.socket.answers["start"] = None
    for _ in range(2):
        starting = fixture.starting()
        await turns()
        payload = {"errors": {"errorType": "MaxSubscriptionsReachedError"}}
        fixture.socket.receives(type="error", id=fixture.socket.ids[-1], payload=payload)
        assert isinstance(await fixture.refusal(starting), ServerError)
        assert fixture.connection.limit == 1
    fixture.connection.leases = 1
    assert not fixture.connection.accepts_starts
    assert fixture.connection.usable


# -- errors without an owner ------------------------------------------------------------


async def test_an_error_without_id_is_for_the_only_start_that_waits(fixture: Fixture) -> None:
    await fixture.start()
    fixture.socket.answers["start"] = None
    starting = fixture.starting()
    await turns()
    fixture.socket.receives(type="error", id="", payload=UNAUTHORIZED)
    assert isinstance(await fixture.refusal(starting), ServerError)


async def test_an_error_without_id_is_for_none_of_several_starts(fixture: Fixture) -> None:
    fixture.socket.answers["start"] = None
    starting = [fixture.starting() for _ in range(2)]
    await turns()
    fixture.socket.receives(type="error", payload=UNAUTHORIZED)
    await turns()
    assert not any(task.done() for task in starting)
    for id_ in fixture.socket.ids:
        fixture.socket.receives(type="start_ack", id=id_)
    await asyncio.gather(*starting)
    assert [error.meaning for error in fixture.errors] == [ErrorMeaning.REFUSED]


async def test_a_rate_limit_without_id_is_for_all_starts_that_wait_and_no_others(
    fixture: Fixture,
) -> None:
    registered = await fixture.start()
    fixture.socket.answers["start"] = None
    starting = [fixture.starting() for _ in range(2)]
    await turns()
    fixture.socket.receives(type="error", payload=LIMITED)
    for task in starting:
        end = await fixture.refusal(task)
        assert isinstance(end, ServerError)
        assert end.meaning is ErrorMeaning.THROTTLED
    assert not registered.ended.done()


@pytest.mark.parametrize("payload", [UNAUTHORIZED, LIMITED])
async def test_an_error_for_a_finished_id_ends_nobody_else(fixture: Fixture, payload: Any) -> None:
    """It once ended the only subscription that was starting."""
    finished = await fixture.start()
    await fixture.connection.stop(finished, 2.0)
    fixture.socket.answers["start"] = None
    starting = fixture.starting()
    await turns()
    fixture.socket.receives(type="error", id=finished.id, payload=payload)
    fixture.socket.receives(type="start_ack", id=fixture.socket.ids[-1])
    registration = await asyncio.wait_for(starting, 2)
    assert not registration.ended.done()
    assert len(fixture.errors) == 1


async def test_a_frame_that_is_not_understood_is_reported(fixture: Fixture) -> None:
    fixture.socket.receives(type="unknown")
    await turns()
    assert "not understood" in fixture.errors[0].message


# -- the end ------------------------------------------------------------------------------


async def test_a_connection_error_closes_the_socket_and_the_reader(fixture: Fixture) -> None:
    registration = await fixture.start()
    fixture.socket.receives(type="connection_error", payload=UNAUTHORIZED)
    assert await registration.ended == Lost("No")
    await asyncio.gather(fixture.connection._reader)
    assert fixture.socket.closed
    assert fixture.connection.state is State.CLOSED


@pytest.mark.parametrize("standing", [0, 2])
async def test_the_end_of_the_socket_is_the_end_of_its_subscriptions(
    fixture: Fixture, standing: int
) -> None:
    registrations = [await fixture.start() for _ in range(standing)]
    fixture.socket.receives_end()
    assert await fixture.connection.closed == "close code 1001"
    assert [await r.ended for r in registrations] == [Lost("close code 1001")] * standing
    assert fixture.connection.interrupted == standing
    assert not fixture.connection.accepts_starts
    assert not fixture.connection.usable


async def test_an_error_while_reading_is_an_end_like_any_other(fixture: Fixture) -> None:
    fixture.socket.fails(MemoryError())
    assert await fixture.connection.closed == "the connection broke (MemoryError)"
    assert fixture.connection.interrupted == 0


async def test_a_reader_that_somebody_cancels_ends_the_connection(fixture: Fixture) -> None:
    registration = await fixture.start()
    fixture.connection._reader.cancel()
    assert await registration.ended == Lost("the connection broke")


async def test_a_silent_connection_is_closed() -> None:
    fixture = Fixture(silence=0.02)
    assert await asyncio.wait_for(fixture.connection.closed, 30) == (
        "nothing was received for 0.02 s"
    )
    await fixture.connection.close()
    assert fixture.socket.closed


async def test_a_retiring_connection_says_so_and_takes_no_more(fixture: Fixture) -> None:
    fixture.connection.retire()
    assert fixture.connection.retiring.done()
    assert not fixture.connection.accepts_starts
    assert not fixture.connection.closed.done()
    fixture.connection.drain()
    states = [fixture.connection.state]
    await fixture.connection.close()
    fixture.connection.retire()
    assert [*states, fixture.connection.state] == [State.RETIRING, State.CLOSED]


async def test_an_abandoned_connection_never_touches_its_socket_again() -> None:
    """It belongs to the process that forked this one."""
    fixture = Fixture()
    registration = await fixture.start()
    fixture.connection.abandon()
    assert not await fixture.connection.stop(registration, 2.0)
    await fixture.connection.close()
    assert [frame["type"] for frame in fixture.socket.sent] == ["start"]
    assert not fixture.socket.closed


async def test_events_of_a_subscription_that_was_stopped_go_nowhere(fixture: Fixture) -> None:
    registration = await fixture.start()
    await fixture.connection.stop(registration)
    fixture.socket.receives_event(registration.id, 1)
    fixture.socket.receives(type="start_ack", id="unknown")
    await turns()
    assert not registration.receiver.kept


async def test_nothing_is_read_while_the_consumer_has_no_room(fixture: Fixture) -> None:
    receiver = fixture.receiver(1, "wait")
    registration = await fixture.start(receiver)
    receiver.deliver()
    for number in range(3):
        fixture.socket.receives_event(registration.id, number)
    await turns(20)
    assert len(receiver.buffer.items) == 1
    assert [await receiver.buffer.next() for _ in range(3)] == [{"data": n} for n in range(3)]
    assert receiver.mode is Mode.DELIVER
