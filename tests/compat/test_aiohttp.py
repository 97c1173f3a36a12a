"""Fails when an undocumented part of aiohttp, or of asyncio's transports, changes."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from appsync_gql.compat import aiohttp as compat
from appsync_gql.compat.aiohttp import abort_idle, close_connections
from support.idle_connection import Connected


def test_asyncio_has_the_class_of_its_transports() -> None:
    assert isinstance(compat._SELECTOR_TRANSPORT, type)


async def test_a_connection_is_closed_at_once_and_its_descriptor_is_free(
    folder: Path | None,
) -> None:
    async with Connected(folder) as connected:
        (transport,) = connected.transports
        found = transport.get_extra_info("socket")
        descriptor = found.fileno()
        close_connections(connected.connector)
        assert found.fileno() == -1
        assert transport.is_closing()
        assert (connected.transports, connected.connector._acquired) == ([], set())
        await connected.server.wait_until_empty()
        pair = socket.socketpair()  # which takes the same descriptor
        assert descriptor in {end.fileno() for end in pair}
        loop = asyncio.get_running_loop()
        for end in pair:
            loop.add_reader(end, int)
            loop.remove_reader(end)
            end.close()


async def test_idle_connections_are_given_up_and_those_in_use_stay(folder: Path | None) -> None:
    async with Connected(folder) as connected:
        (idle,) = connected.transports
        abort_idle(connected.connector)
        assert idle.is_closing()
        assert connected.transports == []
        await connected.server.wait_until_empty()
        connected.server.silent = True
        connected.server.requested.clear()
        waiting = asyncio.ensure_future(connected.session.post(connected.url, data=b"{}"))
        await connected.server.requested.wait()
        abort_idle(connected.connector)
        await asyncio.sleep(0.01)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_request_under_way_fails_when_its_connection_is_closed() -> None:
    async with Connected(None) as connected:
        connected.server.silent = True
        port = connected.listener.sockets[0].getsockname()[1]

        async def post() -> None:
            await connected.session.post(f"http://127.0.0.1:{port}/", data=b"{}")

        connected.server.requested.clear()
        task = asyncio.ensure_future(post())
        await connected.server.requested.wait()
        close_connections(connected.connector)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await task
