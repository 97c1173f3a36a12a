"""Users on one transport are independent of each other."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from aiohttp import web

from appsync_gql import RealtimeSettings, RenewalFailed
from support.realtime import (
    Consumer,
    Server,
    User,
    connected_by_key,
    our_tasks,
    send_error,
    wait_until,
)

FAULTS = ["fails", "raises an odd error", "hangs"]


def break_down(user: User, fault: str) -> None:
    user.hangs = fault == "hangs"
    user.error = RenewalFailed("down") if fault == "fails" else KeyError("vault")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_user_without_headers_keeps_nobody_else_from_the_first_connection(
    server: Server, settings: RealtimeSettings, fault: str
) -> None:
    ada = User("ada")
    break_down(ada, fault)
    async with connected_by_key(server, settings) as session:
        first = Consumer(session, auth=ada)
        await asyncio.sleep(0)
        second = Consumer(session)
        await wait_until(lambda: len(server.registered) == 1, seconds=2)
        await server.send("tea")
        await wait_until(lambda: second.names == ["tea"], seconds=2)
        assert not first.names
        await first.stop()
        await second.stop()


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_user_without_headers_keeps_nobody_else_from_a_reconnect(
    server: Server, settings: RealtimeSettings, fault: str
) -> None:
    ada = User("ada")
    async with connected_by_key(server, settings) as session:
        first = Consumer(session, auth=ada)
        await wait_until(lambda: len(server.registered) == 1)
        second = Consumer(session)
        await wait_until(lambda: len(server.registered) == 2)
        break_down(ada, fault)
        for round_ in range(3):
            server.cut()
            await wait_until(lambda: not server.registered)
            await wait_until(lambda: len(server.registered) == 1, seconds=2)
            await server.send(round_)
            await wait_until(lambda r=round_: str(r) in second.names, seconds=2)  # type: ignore[misc]
        assert second.error is None
        await first.stop()
        await second.stop()


async def test_a_lasting_refusal_of_one_user_ends_nobody_else(
    server: Server, settings: RealtimeSettings
) -> None:
    async def on_frame(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        authorization = frame.get("payload", {}).get("extensions", {}).get("authorization", {})
        refused = "ada" in authorization.get("Authorization", "")
        if refused:
            await send_error(socket, frame["id"], "UnauthorizedException")
        return refused

    server.on_frame = on_frame
    async with connected_by_key(server, settings) as session:
        bob = Consumer(session)
        ada = Consumer(session, auth=User("ada"))
        await wait_until(lambda: ada.error)
        assert type(ada.error).__name__ == "Refused"
        assert server.count("start") == 3
        assert len(server.sockets) == 1
        await server.send("tea")
        await wait_until(lambda: bob.names == ["tea"])
        await bob.stop()


async def test_the_event_loop_goes_on_if_a_user_fails_without_waiting(
    server: Server, settings: RealtimeSettings
) -> None:
    """Two users, of whom one raised without waiting, once kept the loop busy for ever."""

    class Immediate(User):
        def headers_nowait(self) -> None:
            raise KeyError("vault")

    async with connected_by_key(server, settings) as session:
        first, second = Consumer(session, auth=Immediate("ada")), Consumer(session)
        await wait_until(lambda: first.error and server.registered, seconds=2)
        assert second.error is None
        await second.stop()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_to_others_a_healthy_user_misses_nothing_without_a_gap(
    server: Server, settings: RealtimeSettings, seed: int
) -> None:
    """Several users on one pool, whose providers fail at random, on a server that lags."""
    rand = random.Random(seed)  # noqa: S311 - no secret
    server.lag = 0.02
    users = [User(name) for name in ("ada", "bob", "eve")]
    settings = RealtimeSettings(
        start_timeout=1, ack_timeout=1, overlap=0.1, max_age=0.4, delays=settings.delays
    )
    async with connected_by_key(server, settings) as session:
        healthy = Consumer(session, buffer=10_000)
        others = [Consumer(session, auth=user) for user in users]
        await wait_until(lambda: len(server.registered) == 4)
        for number in range(150):
            await server.send(number)
            if rand.random() < 0.05:
                server.cut()
            if rand.random() < 0.2:
                break_down(rand.choice(users), rand.choice(["fails", "hangs"]))
            for user in users:
                if rand.random() < 0.1:
                    user.hangs, user.error = False, None
            await asyncio.sleep(0.01)
        await wait_until(lambda: any(socket for socket, _ in server.registered))
        await asyncio.sleep(0.3)
        await server.send("last")
        await wait_until(lambda: healthy.names[-1:] == ["last"])
        for consumer in (healthy, *others):
            await consumer.stop()
    check_no_loss_without_a_gap(healthy.names)
    assert not our_tasks()


def check_no_loss_without_a_gap(names: list[str]) -> None:
    last, gap = -1, True
    for name in names[: names.index("last")]:
        if name == "GAP":
            gap = True
            continue
        number = int(name)
        assert number > last, "nothing is doubled"
        assert gap or number == last + 1, "nothing is missed without a gap"
        last, gap = number, False
