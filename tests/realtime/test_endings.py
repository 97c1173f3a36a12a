"""What closing, leaving and cancelling leave behind: nothing."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication
from gql.transport.exceptions import TransportClosed

from appsync_gql import AppSyncTransport, RealtimeSettings
from appsync_gql.realtime.connect import Connector
from appsync_gql.testing import Emulator
from support.realtime import (
    CREATED,
    Consumer,
    Reported,
    Server,
    connected,
    connected_by_key,
    name_of,
    next_result,
    our_tasks,
    publish,
    serving,
    subscribed,
    wait_until,
)


async def test_closing_the_session_ends_a_consumer_that_waits(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        loop = asyncio.ensure_future(next_result(session.subscribe(CREATED)))
        await wait_until(lambda: emulator.realtime.registrations)
    with pytest.raises(TransportClosed, match="transport was closed"):
        await loop
    await wait_until(lambda: emulator.realtime.connections == 0)
    assert not our_tasks()


async def test_leaving_during_a_reconnect_ends_the_attempts(
    emulator: Emulator, settings: RealtimeSettings, reported: Reported
) -> None:
    async with connected(emulator, settings, reported) as session:
        async with subscribed(session, emulator) as (_, first):
            publish(emulator, "before")
            await first
            emulator.realtime.faults.drop_connections(10_000)
            emulator.realtime.drop_sockets()
            await wait_until(lambda: emulator.counters["realtime.connections"] > 3)
        await wait_until(lambda: not our_tasks())
        emulator.realtime.faults.clear()
        async with subscribed(session, emulator) as (_, first):
            publish(emulator, "after")
            assert name_of(await first) == "after"


async def test_leaving_during_a_hand_over_stops_both_registrations(
    server: Server,
) -> None:
    async def slow(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return frame["type"] == "stop" and socket is server.sockets[0]  # no completion

    server.on_frame = slow
    settings = RealtimeSettings(max_age=0.3, overlap=0.05, delays=lambda: itertools.repeat(0.01))
    async with connected_by_key(server, settings) as session:
        results = session.subscribe(CREATED)
        first = asyncio.ensure_future(next_result(results))
        await wait_until(lambda: server.count("stop", socket=1))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await results.aclose()
        await wait_until(lambda: server.count("stop", socket=2))
        await wait_until(lambda: all(socket.closed for socket in server.sockets))
        assert not our_tasks()


@pytest.mark.slow
async def test_no_subscription_starts_while_the_transport_is_being_closed(
    server: Server, settings: RealtimeSettings
) -> None:
    async def deaf(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return bool(frame["type"] == "stop")  # so that closing takes its time

    server.on_frame = deaf
    async with connected_by_key(server, settings) as session:
        waiting = asyncio.ensure_future(next_result(session.subscribe(CREATED)))
        await wait_until(lambda: server.count("start"))
        closing = asyncio.ensure_future(session.transport.close())
        await wait_until(lambda: server.count("stop"))
        with pytest.raises(TransportClosed):
            await next_result(session.subscribe(CREATED))
        await closing
        with pytest.raises(TransportClosed):
            await waiting
    assert not our_tasks()


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 2, 3])
async def test_a_cancelled_close_leaves_no_consumer_waiting(
    server: Server, settings: RealtimeSettings, steps: int
) -> None:
    async def deaf(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return bool(frame["type"] == "stop")

    server.on_frame = deaf
    async with connected_by_key(server, settings) as session:
        waiting = asyncio.ensure_future(next_result(session.subscribe(CREATED)))
        await wait_until(lambda: server.count("start"))
        closing = asyncio.ensure_future(session.transport.close())
        for _ in range(steps):
            await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        with pytest.raises(TransportClosed, match="transport was closed"):
            await waiting
    await wait_until(lambda: not our_tasks())


async def test_leaving_with_a_full_buffer_closes_the_connection_at_once(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        async with subscribed(session, emulator, buffer=2, on_full="wait") as (_, first):
            publish(emulator, *range(20))
            await first
        await wait_until(lambda: not emulator.realtime.connections, seconds=1.5)
        assert not emulator.realtime.registrations


async def test_a_consumer_gets_an_error_if_somebody_cancels_all_other_tasks(
    server: Server, settings: RealtimeSettings
) -> None:
    """It once waited for ever, because nobody was left who would end its subscription."""
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        for task in our_tasks():
            task.cancel()
        await wait_until(lambda: consumer.error)
        assert isinstance(consumer.error, TransportClosed)
        assert "cancelled" in str(consumer.error)
        await wait_until(lambda: not server.open_sockets)


async def test_a_reader_that_somebody_cancels_is_a_lost_connection(
    server: Server, settings: RealtimeSettings
) -> None:
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        for task in our_tasks():
            if task.get_name() == "appsync-gql-reader":
                task.cancel()
        await wait_until(lambda: consumer.names == ["GAP"])
        await wait_until(lambda: server.registered)
        assert consumer.error is None
        await consumer.stop()


async def test_an_exclusive_socket_is_closed_whenever_its_subscription_is_cancelled(
    server: Server, settings: RealtimeSettings
) -> None:
    async with connected_by_key(server, settings) as session:
        kept = Consumer(session)
        await wait_until(lambda: server.registered)
        for number in range(10):
            alone = Consumer(session, on_full="wait")
            await asyncio.sleep(number / 1000)
            await alone.stop()
        await wait_until(lambda: server.open_sockets == 1)
        assert kept.error is None
        await kept.stop()


async def test_the_socket_of_a_connection_error_is_closed(
    server: Server, settings: RealtimeSettings
) -> None:
    async with connected_by_key(server, settings) as session:
        consumer = Consumer(session)
        await wait_until(lambda: server.registered)
        payload = {"errors": [{"errorType": "UnauthorizedException", "errorCode": 401}]}
        await server.sockets[0].send_json({"type": "connection_error", "payload": payload})
        await wait_until(lambda: consumer.names == ["GAP"])
        await wait_until(lambda: server.sockets[0].closed)
        assert server.open_sockets == 1
        await consumer.stop()


async def test_the_last_subscription_takes_the_session_of_the_sockets_along(
    server: Server, settings: RealtimeSettings
) -> None:
    async with connected_by_key(server, settings) as session:
        for _ in range(2):
            consumer = Consumer(session)
            await wait_until(lambda: server.registered)
            await consumer.stop()
            await wait_until(lambda: not server.open_sockets)
            await wait_until(lambda: not our_tasks())
            gc.collect()
            assert not [o for o in gc.get_objects() if type(o) is Connector and o._session]


def test_one_transport_serves_one_event_loop_after_the_other() -> None:
    """Nothing of an event loop that has ended is used, or left behind, for the next one."""
    transports: list[AppSyncTransport] = []

    async def main() -> None:
        async with serving() as server:
            key = AppSyncApiKeyAuthentication(host="h", api_key="k")
            if not transports:
                url = "ws://127.0.0.1:1/"
                transports.append(AppSyncTransport(server.url, auth=key, realtime_url=url))
            subscriptions = transports[0]._subscriptions
            subscriptions._realtime_url = server.url.replace("http", "ws") + "/realtime"
            results = subscriptions.subscribe(CREATED, key, dict)
            first = asyncio.ensure_future(anext(results))
            await wait_until(lambda: server.registered)
            await server.send("tea")
            assert (await first).data == {"onCreateItem": {"id": "1", "name": "tea"}}
        # The program ends without closing anything: asyncio.run() cancels all tasks.

    for _ in range(2):
        asyncio.run(main())
        gc.collect()
    assert len(transports[0]._subscriptions._by_loop) == 1


@pytest.mark.slow
def test_a_loop_that_ends_in_the_middle_leaves_no_session_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """asyncio.run() cancels all tasks, and the consumer's end once interrupted the closing."""

    async def main(seconds: float) -> None:
        async with serving() as server:
            key = AppSyncApiKeyAuthentication(host="h", api_key="k")
            transport = AppSyncTransport(server.url, auth=key)
            results = transport._subscriptions.subscribe(CREATED, key, dict)
            first = asyncio.ensure_future(anext(results))
            await asyncio.sleep(seconds)
            for task in our_tasks():
                task.cancel()
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await wait_until(lambda: not our_tasks())

    for milliseconds in range(0, 30, 2):
        asyncio.run(main(milliseconds / 1000))
        gc.collect()
    assert "Unclosed" not in caplog.text


PROGRAM = """
import asyncio, os, sys, threading
from gql import Client
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication
from appsync_gql import AppSyncTransport
from support.realtime import CREATED, serving, wait_until

ready, servers = threading.Event(), []

async def serve():
    async with serving() as server:
        servers.extend([server, asyncio.get_running_loop()])
        ready.set()
        await asyncio.Event().wait()

async def subscribe():
    global results, first
    await client.connect_async()
    results = client.transport.subscribe(CREATED)
    first = asyncio.ensure_future(anext(results))
    await wait_until(lambda: server.registered)

async def receive():
    asyncio.run_coroutine_threadsafe(server.send("tea"), its_loop)
    print((await asyncio.wait_for(first, 5)).data)

threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
ready.wait()
server, its_loop = servers
key = AppSyncApiKeyAuthentication(host="h", api_key="k")
client = Client(transport=AppSyncTransport(server.url, auth=key))
loop = asyncio.new_event_loop()
loop.run_until_complete(subscribe())
child = os.fork()
if child == 0:
    sys.exit(0)  # Python collects everything
os.waitpid(child, 0)
loop.run_until_complete(receive())
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_that_exits_leaves_the_sockets_of_its_parent_alone() -> None:
    """Collecting them in the child once removed them from the selector that both share."""
    path = os.pathsep.join([*sys.path, str(Path(__file__).parents[1])])
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "tea" in done.stdout, done.stderr
