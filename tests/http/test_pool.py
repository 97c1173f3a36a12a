"""Sessions and connections by event loop, thread and process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from gql.transport.aiohttp import AIOHTTPTransport

from appsync_gql.http import pool as pool_module
from appsync_gql.http.loop_session import LoopSession
from appsync_gql.http.pool import SessionPool
from appsync_gql.http.session import session_arguments
from support.raw_server import RawServer, raw_server


def pool(*, keep_open: bool = True, **settings: Any) -> SessionPool:
    """Return a pool of sessions with these arguments of aiohttp's."""
    return SessionPool(lambda: dict(settings), keep_open=keep_open, ssl_close_timeout=1.0)


async def post(sessions: SessionPool, server: RawServer) -> int:
    """Send something on the running loop's session, and return the status."""
    found = sessions.current()
    assert found is not None
    assert found.session is not None
    async with found.session.post(server.url, data=b"{}") as response:
        await response.read()
        return response.status


# -- opening and closing -------------------------------------------------------------------


async def test_a_session_is_open_between_open_and_close() -> None:
    sessions = pool()
    assert sessions.current() is sessions.any_open() is None
    await sessions.open()
    assert sessions.current() is sessions.any_open() is not None
    await sessions.close()
    assert sessions.current() is sessions.any_open() is None


async def test_it_is_open_until_it_was_closed_as_often_as_opened() -> None:
    sessions = pool()
    await asyncio.gather(*(sessions.open() for _ in range(3)))
    found = sessions.current()
    for _ in range(2):
        await sessions.close()
        assert sessions.current() is found
    await sessions.close()
    assert sessions.current() is None


async def test_closing_more_often_than_opening_has_no_effect() -> None:
    sessions = pool()
    await sessions.close()
    await sessions.open()
    await sessions.close()
    await sessions.close()
    await sessions.open()
    assert sessions.current() is not None
    await sessions.close()


async def test_two_pools_share_nothing() -> None:
    one, other = pool(), pool()
    await one.open()
    assert other.current() is None
    await one.close()


async def test_sessions_in_a_row_use_the_same_connection() -> None:
    sessions = pool()
    async with raw_server() as server:
        for _ in range(3):
            await sessions.open()
            assert await post(sessions, server) == 200
            await sessions.close()
        assert server.opened == 1


async def test_without_keep_open_the_connections_are_closed_with_the_session() -> None:
    sessions = pool(keep_open=False)
    async with raw_server() as server:
        for number in range(1, 3):
            await sessions.open()
            await post(sessions, server)
            await sessions.close()
            await server.wait_until_empty()
            assert server.opened == number


async def test_an_open_session_stays_the_same_when_the_settings_change() -> None:
    settings: dict[str, Any] = {}
    sessions = SessionPool(lambda: dict(settings), keep_open=True, ssl_close_timeout=1.0)
    await sessions.open()
    found = sessions.current()
    assert found is not None
    session = found.session
    settings["headers"] = {"x-a": "1"}
    await sessions.open()
    assert found.session is session
    await sessions.close()
    await sessions.close()


async def test_changed_settings_count_from_the_next_session_on() -> None:
    transport = AIOHTTPTransport("http://localhost/")
    sessions = SessionPool(
        lambda: session_arguments(transport, shared_timeout=True),
        keep_open=True,
        ssl_close_timeout=1.0,
    )
    async with raw_server() as server:
        for value in (None, "1", "2", None):
            transport.headers = None if value is None else {"x-a": value}
            await sessions.open()
            await post(sessions, server)
            await sessions.close()
            assert server.header("x-a") == value
        assert server.opened == 1


async def test_cookies_of_one_session_are_not_sent_in_the_next() -> None:
    async with raw_server(more=b"set-cookie: a=1; Domain=127.0.0.1\r\n") as server:
        jar = aiohttp.CookieJar(unsafe=True)
        given = SessionPool(lambda: {"cookie_jar": jar}, keep_open=True, ssl_close_timeout=1.0)
        await given.open()
        await post(given, server)
        first = given.current()
        assert first is not None
        session = first.session
        await given.close()
        await given.open()
        assert first.session is not session
        await given.close()


async def test_a_cancelled_open_is_not_counted() -> None:
    sessions = pool()
    await sessions.open()
    await sessions.close()
    found = next(iter(sessions._opened))
    found.idle_since -= 60  # so that the next one waits a moment for the loop
    task = asyncio.ensure_future(sessions.open())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (found.uses, sessions.current()) == (0, None)


async def test_a_session_that_can_not_be_made_is_not_counted() -> None:
    sessions = pool(connector_owner="?", timeout="wrong")
    with pytest.raises((TypeError, ValueError, AttributeError)):
        await sessions.open()
    assert sessions.current() is None


async def test_sessions_of_a_pool_that_is_gone_are_closed() -> None:
    async with raw_server() as server:
        sessions = pool()
        await sessions.open()
        await post(sessions, server)
        await sessions.close()
        del sessions
        gc.collect()
        await server.wait_until_empty()


def drop(held: list[SessionPool]) -> None:
    held.clear()
    gc.collect()


async def test_a_pool_that_is_collected_in_another_thread_is_closed_in_its_own() -> None:
    async with raw_server() as server:
        held = [pool()]
        await held[0].open()
        await post(held[0], server)
        await held[0].close()
        found = next(iter(held[0]._opened))
        closed_in: list[int] = []
        close = found.close

        async def recorded() -> None:
            closed_in.append(threading.get_ident())
            await close()

        found.close = recorded  # type: ignore[method-assign]
        await asyncio.to_thread(drop, held)
        await server.wait_until_empty()
        assert closed_in == [threading.get_ident()]


# -- several loops in one thread -------------------------------------------------------------


@contextlib.contextmanager
def loops(count: int) -> Iterator[list[asyncio.AbstractEventLoop]]:
    """Make event loops, and close them as ``asyncio.run`` does."""
    found = [asyncio.new_event_loop() for _ in range(count)]
    try:
        yield found
    finally:
        for loop in found:
            if not loop.is_closed():
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()


def test_any_open_session_is_found_from_outside_of_its_loop() -> None:
    sessions = pool()
    with loops(1) as (loop,):
        loop.run_until_complete(sessions.open())
        assert sessions.any_open() is not None
        loop.run_until_complete(sessions.close())
        assert sessions.any_open() is None


def test_each_loop_has_a_session_of_its_own() -> None:
    sessions = pool()
    with loops(2) as (one, other):
        one.run_until_complete(sessions.open())

        async def current() -> object:
            return sessions.current()

        assert other.run_until_complete(current()) is None
        assert one.run_until_complete(current()) is not None


def test_what_a_closed_loop_left_open_is_closed_at_the_next_use() -> None:
    sessions = pool()
    with loops(2) as (one, other):
        one.run_until_complete(sessions.open())
        found = next(iter(sessions._opened))
        one.close()
        other.run_until_complete(sessions.open())
        assert (found.session, found.connector) == (None, None)


def test_a_pool_that_is_gone_is_closed_at_the_threads_next_use_of_another() -> None:
    sessions, others = pool(), pool()
    with loops(2) as (one, other):
        one.run_until_complete(sessions.open())
        one.run_until_complete(sessions.close())
        found = next(iter(sessions._opened))
        del sessions
        gc.collect()
        assert found.connector is not None
        of_pools = pool_module._process.local.sessions.of_pools
        before = len(of_pools)
        other.run_until_complete(others.open())
        assert found.connector is None
        assert len(of_pools) == before, "one pool came and one went"
        other.run_until_complete(others.close())


def test_at_the_end_of_the_process_connections_are_closed() -> None:
    sessions = pool()
    with loops(1) as (loop,):
        loop.run_until_complete(sessions.open())
        found = next(iter(sessions._opened))
        pool_module._process._at_exit()
        assert (found.session, found.connector) == (None, None)
        assert pool_module._process.local.sessions.all() == []


def test_at_the_end_of_a_thread_its_connections_are_closed() -> None:
    sessions, opened = pool(), list[object]()

    def use() -> None:
        loop.run_until_complete(sessions.open())
        opened.append(sessions.any_open())

    with loops(1) as (loop,):
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        (found,) = opened
        assert isinstance(found, LoopSession)
        assert (found.session, found.connector) == (None, None)


async def test_the_time_of_closing_is_noted() -> None:
    sessions = pool()
    await sessions.open()
    found = sessions.current()
    assert found is not None
    before = asyncio.get_running_loop().time()
    await sessions.close()
    assert before <= found.idle_since <= asyncio.get_running_loop().time()


def test_at_most_eight_loops_that_do_not_run_keep_connections() -> None:
    sessions = pool()
    with loops(12) as made:
        for loop in made:
            loop.run_until_complete(sessions.open())
            loop.run_until_complete(sessions.close())
        kept = [found for found in sessions._opened if found.connector is not None]
        assert len(kept) == 9  # and the one that ran last


def test_the_loop_that_runs_keeps_its_connections_however_many_others_there_are() -> None:
    sessions = pool()
    with loops(9) as made:
        for loop in made:
            loop.run_until_complete(sessions.open())
            loop.run_until_complete(sessions.close())
        first = next(found for found in sessions._opened if found.loop is made[0])
        connector = first.connector
        made[0].run_until_complete(sessions.open())
        assert first.connector is connector is not None
        made[0].run_until_complete(sessions.close())


def test_a_session_that_is_open_on_a_loop_that_does_not_run_stays_open() -> None:
    sessions = pool()
    with loops(12) as made:
        for loop in made:
            loop.run_until_complete(sessions.open())
        assert all(found.is_open for found in sessions._opened)
        assert len(sessions._opened) == 12


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_begins_without_sessions() -> None:
    sessions = pool()
    with loops(1) as (loop,):
        loop.run_until_complete(sessions.open())
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            found = pool_module._process.local.sessions.all()
            os._exit(len(found) or sessions.any_open() is not None)
        assert os.waitpid(child, 0)[1] == 0
        assert sessions.any_open() is not None
        loop.run_until_complete(sessions.close())
