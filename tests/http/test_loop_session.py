from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from appsync_gql.http.loop_session import LoopSession, close_later
from appsync_gql.testing import FakeClock
from support.raw_server import RawServer, raw_server


def new(loop: asyncio.AbstractEventLoop | None = None) -> LoopSession:
    return LoopSession(asyncio.get_running_loop() if loop is None else loop, 1.0)


async def used(found: LoopSession, server: RawServer | None = None) -> None:
    """Open the session on kept connections, and use one if there is a server."""
    found.prepare_session({}, await found.keep_connections())
    found.uses += 1
    assert found.session is not None
    if server is not None:
        async with found.session.post(server.url, data=b"{}") as response:
            await response.read()


async def test_a_session_is_open_while_it_is_used_and_not_closed() -> None:
    found = new()
    assert not found.is_open
    await used(found)
    assert found.is_open
    assert found.session is not None
    await found.session.close()
    assert not found.is_open
    await found.close()


async def test_a_session_is_used_again_with_equal_settings_only() -> None:
    found = new()
    connector = await found.keep_connections()
    found.prepare_session({"cookies": None}, connector)
    first = found.session
    found.prepare_session({"cookies": None}, connector)
    assert found.session is first
    found.prepare_session({"cookies": {}}, connector)
    assert found.session is not first
    assert first is not None
    assert first.closed, "nothing complains of it"
    await found.close()


async def test_a_closed_connector_is_replaced() -> None:
    found = new()
    first = await found.keep_connections()
    await first.close()
    assert await found.keep_connections() is not first
    await found.close()


async def test_a_connection_that_the_server_closed_while_the_loop_did_not_run_is_not_used() -> None:
    async with raw_server() as server:
        found = new()
        await used(found, server)
        await server.close_connections()
        found.idle_since -= 60
        await used(found, server)
        assert server.opened == 2
        await found.close()


async def test_closing_closes_all_connections_and_may_be_repeated() -> None:
    async with raw_server() as server:
        found = new()
        await used(found, server)
        await found.close()
        await server.wait_until_empty()
        await found.close()
        assert (found.session, found.connector, found.uses) == (None, None, 0)


async def test_close_later_closes_in_a_task_of_the_loop() -> None:
    async with raw_server() as server:
        found = new()
        await used(found, server)
        close_later(found)
        assert found.session is not None
        await server.wait_until_empty()


async def test_closing_from_the_thread_of_a_running_loop_uses_that_loop() -> None:
    async with raw_server() as server:
        found = new()
        await used(found, server)
        found.close_from_its_thread()
        await server.wait_until_empty()


def test_closing_from_the_thread_of_a_loop_that_does_not_run_runs_it() -> None:
    loop = asyncio.new_event_loop()
    found = new(loop)
    loop.run_until_complete(used(found))
    connector = found.connector
    found.close_from_its_thread()
    assert connector is not None
    assert connector.closed
    loop.close()


def test_the_connections_are_closed_with_the_loops_generators() -> None:
    loop = asyncio.new_event_loop()
    found = new(loop)
    loop.run_until_complete(used(found))
    connector = found.connector
    loop.run_until_complete(loop.shutdown_asyncgens())
    assert connector is not None
    assert connector.closed
    assert not found.is_open
    loop.close()


def test_while_another_loop_runs_in_the_thread_everything_is_closed_without_the_own_one() -> None:
    loop = asyncio.new_event_loop()
    found = new(loop)
    transports: list[Any] = []

    async def other() -> None:
        found.close_from_its_thread()
        gc.collect()

    async def main() -> None:
        async with raw_server() as server:
            await used(found, server)
            assert found.connector is not None
            for entries in found.connector._conns.values():
                transports.extend(entry[0].transport for entry in entries)

    loop.run_until_complete(main())
    generator: Any = found._at_loop_end
    asyncio.run(other())
    assert (found.session, found.connector) == (None, None)
    assert generator is not None
    assert generator.ag_frame is None, "it has ended, and nothing is left for the loop to do"
    assert all(transport.is_closing() for transport in transports)
    loop.close()


@pytest.mark.parametrize("method", ["close_without_loop", "detach"])
async def test_dropping_everything_may_be_repeated(method: str) -> None:
    found = new()
    await used(found)
    for _ in range(2):
        getattr(found, method)()
    assert (found.session, found.connector) == (None, None)


@pytest.mark.parametrize("frozen", [False, True])
async def test_idle_seconds_are_counted_by_whichever_clock_counted_more(
    clock: FakeClock, *, frozen: bool
) -> None:
    found = LoopSession(asyncio.get_running_loop(), 1.0, clock)
    clock.advance(1)
    assert found.idle_seconds() == pytest.approx(1)
    assert found.idle_seconds() == 0
    if frozen:
        clock.jump_wall(20)
    else:
        clock.advance(20)
    assert found.idle_seconds() == pytest.approx(20)


@pytest.mark.parametrize(("idle", "opened"), [(14.0, 1), (16.0, 2)])
async def test_after_15_s_idle_connections_are_not_used(
    clock: FakeClock, idle: float, opened: int
) -> None:
    async with raw_server() as server:
        found = LoopSession(asyncio.get_running_loop(), 1.0, clock)
        await used(found, server)
        await found.check_connections(idle)
        await used(found, server)
        assert server.opened == opened
        await found.close()


async def test_connections_of_a_connector_of_the_users_own_are_left_alone(
    clock: FakeClock,
) -> None:
    async with raw_server() as server:
        found = LoopSession(asyncio.get_running_loop(), 1.0, clock)
        found.prepare_session({}, None)
        assert found.session is not None
        for _ in range(2):
            async with found.session.post(server.url, data=b"{}") as response:
                await response.read()
            await found.check_connections(100.0)
        assert server.opened == 1
        await found.close()
