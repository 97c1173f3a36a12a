"""The connections that subscriptions share, over sockets without a network."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from gql.transport.exceptions import TransportClosed

from appsync_gql import RealtimeSettings, events
from appsync_gql.auth.adapters import authorizer_of
from appsync_gql.error_types import ErrorMeaning
from appsync_gql.realtime.authorization import Authorization
from appsync_gql.realtime.connect import Opened
from appsync_gql.realtime.connection import State
from appsync_gql.realtime.errors import Lost, ServerError, server_error_of_status
from appsync_gql.realtime.lease import Lease, NotConnected
from appsync_gql.realtime.pool import ConnectionPool
from appsync_gql.realtime.protocol import Protocol
from support.realtime import FakeSocket, Reported, User, our_tasks, wait_until
from support.store import jwt_of

REFUSED = ServerError(ErrorMeaning.REFUSED, "No.")


class FakeConnector:
    """Opens sockets without a network.

    Attributes:
        sockets: those that were opened.
        headers: the authorization of each attempt.
        outcomes: what the next attempts end with in place of a socket.
        may_connect: attempts wait until it is set.
        closed: how often the session was closed.
    """

    def __init__(self) -> None:
        self.sockets: list[FakeSocket] = []
        self.headers: list[str] = []
        self.outcomes: list[Lost | ServerError] = []
        self.may_connect = asyncio.Event()
        self.may_connect.set()
        self.closed = 0

    async def connect(self, authorization: Mapping[str, str]) -> Opened | Lost | ServerError:
        self.headers.append(str(authorization["Authorization"]))
        await self.may_connect.wait()
        if self.outcomes:
            return self.outcomes.pop(0)
        socket: Any = FakeSocket()
        self.sockets.append(socket)
        return Opened(socket, Protocol(), 300.0)

    async def close(self) -> None:
        self.closed += 1

    def abandon(self) -> None:
        self.closed += 100


class Fixture:
    """A pool with short pauses."""

    def __init__(self, reported: Reported, **settings: Any) -> None:
        self.waited: list[float] = []
        self.connector = FakeConnector()
        connector: Any = self.connector
        given: Any = {"delays": self._delays, **settings}
        self.pool = ConnectionPool(connector, RealtimeSettings(**given), reported)

    def _delays(self) -> Iterator[float]:
        while True:
            self.waited.append(0.001)
            yield 0.001

    async def acquire(self, user: User, **options: Any) -> Lease:
        authorization = Authorization(authorizer_of(user), "https://api.example.com/graphql")
        return await asyncio.wait_for(self.pool.acquire(authorization, **options), 5)

    def acquiring(self, user: User, **options: Any) -> asyncio.Task[Lease]:
        return asyncio.ensure_future(self.acquire(user, **options))


@pytest.fixture
async def fixture(reported: Reported) -> AsyncIterator[Fixture]:
    made = Fixture(reported)
    yield made
    await made.pool.close()
    assert not our_tasks()
    assert all(socket.closed for socket in made.connector.sockets)


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


# -- sharing ----------------------------------------------------------------------------


async def test_users_share_a_connection_until_the_last_lease_is_released(
    fixture: Fixture, reported: Reported
) -> None:
    one, other = await fixture.acquire(User("ada")), await fixture.acquire(User("bob"))
    assert one.connection is other.connection
    await one.release()
    assert not fixture.connector.sockets[0].closed
    await other.release()
    assert fixture.connector.sockets[0].closed
    assert not fixture.connector.closed
    await fixture.pool.close_if_idle()
    assert fixture.connector.closed == 1
    assert reported.events == [events.Connected(again=False)]


async def test_users_who_come_together_open_one_connection(fixture: Fixture) -> None:
    ada = User("ada")
    leases = await asyncio.gather(*(fixture.acquire(ada) for _ in range(50)))
    assert len(fixture.connector.sockets) == 1
    assert leases[0].connection.leases == 50


async def test_a_full_connection_is_followed_by_another_one(fixture: Fixture) -> None:
    ada = User("ada")
    first = await fixture.acquire(ada)
    first.connection.limit = 1
    second = await fixture.acquire(ada)
    assert second.connection is not first.connection
    await first.release()
    await second.release()


async def test_an_exclusive_connection_is_used_by_nobody_else(fixture: Fixture) -> None:
    ada = User("ada")
    alone = await fixture.acquire(ada, exclusive=True)
    other = await fixture.acquire(ada)
    assert alone.connection is not other.connection
    assert alone.connection.state is State.DRAINING
    await alone.release()
    assert fixture.connector.sockets[0].closed
    assert not fixture.connector.sockets[1].closed
    await fixture.pool.close_if_idle()
    assert not fixture.connector.closed, "the session is still in use"


@pytest.mark.parametrize("exclusive", [True, False])
async def test_who_is_cancelled_while_waiting_leaves_no_connection(
    fixture: Fixture, exclusive: Any
) -> None:
    for turns_before in range(8):
        task = fixture.acquiring(User("ada"), exclusive=exclusive)
        await turns(turns_before)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            await task.result().release()
        await wait_until(lambda: all(s.closed for s in fixture.connector.sockets))
        await wait_until(lambda: not our_tasks())
    assert 0 < len(fixture.connector.headers) <= 8


async def test_who_is_cancelled_does_not_end_the_attempt_for_others(fixture: Fixture) -> None:
    ada = User("ada")
    fixture.connector.may_connect.clear()
    one, other = fixture.acquiring(ada), fixture.acquiring(ada)
    await turns()
    one.cancel()
    await turns()
    fixture.connector.may_connect.set()
    assert isinstance(await other, Lease)
    assert len(fixture.connector.headers) == 1


# -- independence of users ----------------------------------------------------------------


async def test_an_authorization_that_hangs_delays_nobody_else(fixture: Fixture) -> None:
    ada, bob = User("ada"), User("bob")
    ada.hangs = True
    waiting = fixture.acquiring(ada)
    await turns()
    assert isinstance(await fixture.acquire(bob), Lease)
    assert fixture.connector.headers == ["bob 0"]
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_an_authorization_that_fails_is_an_error_for_its_user_alone(
    fixture: Fixture,
) -> None:
    ada = User("ada")
    ada.error = KeyError("vault")
    outcomes = await asyncio.gather(
        fixture.acquire(ada), fixture.acquire(User("bob")), return_exceptions=True
    )
    assert isinstance(outcomes[0], KeyError)
    assert isinstance(outcomes[1], Lease)


async def test_who_waited_for_his_own_headers_uses_a_connection_that_was_opened_meanwhile(
    fixture: Fixture,
) -> None:
    fixture.connector.may_connect.clear()
    tasks = [fixture.acquiring(User("ada")), fixture.acquiring(User("bob"))]
    await turns()
    fixture.connector.may_connect.set()
    one, other = await asyncio.gather(*tasks)
    assert one.connection is other.connection
    assert fixture.connector.headers == ["ada 0"]


async def test_a_refused_user_leaves_the_attempt_to_the_next_one(
    fixture: Fixture, reported: Reported
) -> None:
    fixture.connector.may_connect.clear()
    fixture.connector.outcomes = [REFUSED]
    tasks = [fixture.acquiring(User("ada")), fixture.acquiring(User("bob"))]
    await turns()
    fixture.connector.may_connect.set()
    refused, lease = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(refused, NotConnected)
    assert refused.end == REFUSED
    assert refused.sent is not None
    assert refused.sent.headers == {"Authorization": "ada 0"}
    assert isinstance(lease, Lease)
    assert fixture.connector.headers == ["ada 0", "bob 0"]
    assert reported.count(events.RealtimeErrorReceived) == 1


@pytest.mark.parametrize("end", [Lost("reset"), server_error_of_status(503)])
async def test_an_endpoint_that_fails_is_tried_once_for_all_who_wait(
    fixture: Fixture, end: Lost | ServerError
) -> None:
    fixture.connector.may_connect.clear()
    fixture.connector.outcomes = [end]
    tasks = [fixture.acquiring(User(str(number))) for number in range(20)]
    await turns()
    fixture.connector.may_connect.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(o, NotConnected) and o.end == end for o in outcomes)
    assert len(fixture.connector.headers) == 1


async def test_an_attempt_that_somebody_else_cancels_is_a_failed_one(fixture: Fixture) -> None:
    fixture.connector.may_connect.clear()
    waiting = fixture.acquiring(User("ada"))
    await turns()
    for task in fixture.pool._tasks:
        task.cancel()
    with pytest.raises(NotConnected, match="cancelled"):
        await waiting
    fixture.connector.may_connect.set()
    assert isinstance(await fixture.acquire(User("ada")), Lease)


# -- pauses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("subscriptions", [1, 30])
async def test_attempts_at_a_dead_endpoint_do_not_grow_with_the_number_of_subscriptions(
    fixture: Fixture, subscriptions: int
) -> None:
    fixture.connector.outcomes = [Lost("reset")] * 20
    ada = User("ada")

    async def one() -> None:
        lease = None
        while lease is None:
            with contextlib.suppress(NotConnected):
                lease = await fixture.acquire(ada)
        await lease.release()

    await asyncio.gather(*(one() for _ in range(subscriptions)))
    assert len(fixture.connector.headers) <= 22
    assert len(fixture.waited) == 20, "there is a pause after each failure"


@pytest.mark.parametrize("subscriptions", [1, 30])
async def test_connections_that_are_lost_at_once_do_not_grow_with_the_number_of_subscriptions(
    fixture: Fixture, subscriptions: int
) -> None:
    ada, rounds = User("ada"), 5

    async def one() -> None:
        for _ in range(rounds):
            lease = await fixture.acquire(ada)
            fixture.connector.sockets[-1].receives_end()
            await lease.connection.closed
            await lease.release()

    await asyncio.gather(*(one() for _ in range(subscriptions)))
    assert len(fixture.connector.sockets) == rounds
    assert len(fixture.waited) == rounds


async def test_a_connection_that_accepts_no_subscription_at_all_is_followed_by_a_pause(
    fixture: Fixture,
) -> None:
    lease = await fixture.acquire(User("ada"))
    lease.connection.limit = 0
    await lease.release()
    assert len(fixture.waited) == 1


# -- the ends of connections ------------------------------------------------------------------


async def test_a_lost_connection_is_closed_and_reported_if_there_were_subscriptions(
    fixture: Fixture, reported: Reported
) -> None:
    lease = await fixture.acquire(User("ada"))
    lease.connection._registrations["1"] = standing = _Standing()  # type: ignore[assignment]
    fixture.connector.sockets[0].receives_end()
    await lease.connection.closed
    await lease.release()
    assert standing.over
    assert fixture.connector.sockets[0].closed
    await fixture.acquire(User("ada"))
    assert reported.events == [
        events.Connected(again=False),
        events.ConnectionLost(reason="close code 1001"),
        events.Connected(again=True),
    ]


class _Standing:
    """A registration that was acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.acknowledged.set_result(None)
        self.over = False

    def end(self, _end: object) -> None:
        self.over = True


async def test_a_connection_retires_at_its_age(reported: Reported) -> None:
    fixture = Fixture(reported, max_age=0.01)
    lease = await fixture.acquire(User("ada"))
    await asyncio.wait_for(lease.connection.retiring, 2)
    assert lease.connection.state is State.RETIRING
    other = await fixture.acquire(User("ada"))
    assert other.connection is not lease.connection
    await fixture.pool.close()


class Token(User):
    """A user whose token expires in some seconds, by the clock of this machine."""

    def __init__(self, lifetime: float) -> None:
        super().__init__()
        self.lifetime, self.can_renew = lifetime, True

    async def headers(self) -> Mapping[str, str]:
        expires_at = time.time() + self.lifetime
        return {"Authorization": jwt_of(exp=expires_at, name=f"{self.renewals}")}

    async def renew(
        self, rejected: Mapping[str, str] | None = None, *, denied: bool = False
    ) -> Mapping[str, str]:
        if not self.can_renew:
            raise KeyError("vault")
        return await super().renew(rejected, denied=denied)


async def lose_a_connection(fixture: Fixture, user: User) -> Lease:
    """Lose the first connection; return a lease on the second one."""
    lease = await fixture.acquire(user)
    lease.connection._registrations["1"] = _Standing()  # type: ignore[assignment]
    fixture.connector.sockets[0].receives_end()
    await lease.connection.closed
    await lease.release()
    return await fixture.acquire(user)


async def test_where_a_connection_ended_with_its_token_the_next_one_retires_ahead_of_that(
    fixture: Fixture,
) -> None:
    user = Token(lifetime=0.1)
    second = await lose_a_connection(fixture, user)
    await asyncio.wait_for(second.connection.retiring, 2)
    assert user.renewals == 1, "its successor is opened with a newer token"


async def test_where_a_connection_ended_long_before_its_token_the_next_one_stays(
    fixture: Fixture,
) -> None:
    user = Token(lifetime=3600)
    second = await lose_a_connection(fixture, user)
    user.lifetime = 0.1
    await second.release()
    third = await fixture.acquire(user)
    await asyncio.sleep(0.15)
    assert not third.connection.retiring.done()
    assert user.renewals == 0


async def test_without_a_newer_token_a_connection_stays_until_the_server_ends_it(
    fixture: Fixture,
) -> None:
    user = Token(lifetime=0.1)
    user.can_renew = False
    second = await lose_a_connection(fixture, user)
    await asyncio.sleep(0.15)
    assert not second.connection.retiring.done()


async def test_a_closed_pool_opens_no_connections(reported: Reported) -> None:
    fixture = Fixture(reported)
    fixture.connector.may_connect.clear()
    waiting = fixture.acquiring(User("ada"))
    await turns()
    await fixture.pool.close()
    with pytest.raises((TransportClosed, NotConnected)):
        await waiting
    with pytest.raises(TransportClosed):
        await fixture.acquire(User("ada"))


async def test_closing_the_pool_closes_the_session_of_the_sockets(reported: Reported) -> None:
    fixture = Fixture(reported)
    await fixture.acquire(User("ada"))
    await fixture.pool.close()
    assert fixture.connector.closed == 1


async def test_the_session_of_the_sockets_stays_while_a_connection_is_being_closed(
    fixture: Fixture,
) -> None:
    lease = await fixture.acquire(User("ada"))
    closing = asyncio.ensure_future(lease.release())
    await asyncio.sleep(0)
    assert fixture.pool._closings
    counts = []
    for work in (fixture.pool.close_if_idle(), closing, fixture.pool.close_if_idle()):
        await work
        counts.append(fixture.connector.closed)
    assert counts == [0, 0, 1]


async def test_a_forked_child_leaves_the_connections_of_its_parent_alone(
    reported: Reported,
) -> None:
    fixture = Fixture(reported)
    lease = await fixture.acquire(User("ada"))
    fixture.pool.abandon()
    assert fixture.connector.closed == 100
    with pytest.raises(TransportClosed):
        await fixture.acquire(User("ada"))
    await lease.release()
    await fixture.pool.close()
    assert not fixture.connector.sockets[0].closed
    assert not fixture.connector.sockets[0].sent


async def test_an_attempt_that_nobody_waits_for_any_more_is_ended(fixture: Fixture) -> None:
    ada = User("ada")
    ada.hangs = True
    waiting = fixture.acquiring(ada)
    await turns()
    assert our_tasks()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not our_tasks()
    await fixture.pool.close_if_idle()
    assert fixture.connector.closed == 1


async def test_the_next_attempt_waits_for_the_end_of_the_pause(reported: Reported) -> None:
    fixture = Fixture(reported, delays=lambda: itertools.repeat(0.05))
    fixture.connector.outcomes = [Lost("reset")]
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(NotConnected):
        await fixture.acquire(User("ada"))
    assert loop.time() - began < 0.05
    await fixture.acquire(User("bob"))
    assert loop.time() - began >= 0.05
    await fixture.pool.close()


async def test_errors_that_are_for_no_subscription_are_reported(
    fixture: Fixture, reported: Reported
) -> None:
    await fixture.acquire(User("ada"))
    fixture.connector.sockets[0].receives(type="unknown")
    await wait_until(lambda: reported.count(events.RealtimeErrorReceived))
    assert not fixture.connector.sockets[0].closed


def test_pauses_are_made_of_the_settings() -> None:
    assert next(RealtimeSettings(delays=lambda: itertools.repeat(7.0)).delays()) == 7.0
