"""Small helpers."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import aiohttp
import pytest

from appsync_gql.realtime.websocket import first_done, how_it_ended, is_end, start_task


class Socket:
    close_code = 1001


def message(kind: aiohttp.WSMsgType, data: Any = None) -> aiohttp.WSMessage:
    return aiohttp.WSMessage(kind, data, None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (aiohttp.WSMsgType.TEXT, False),
        (aiohttp.WSMsgType.BINARY, False),
        (aiohttp.WSMsgType.CLOSE, True),
        (aiohttp.WSMsgType.CLOSED, True),
        (aiohttp.WSMsgType.CLOSING, True),
        (aiohttp.WSMsgType.ERROR, True),
    ],
)
def test_which_message_is_the_last(kind: aiohttp.WSMsgType, expected: Any) -> None:
    assert is_end(message(kind)) is expected


def test_how_a_socket_ended() -> None:
    socket: Any = Socket()
    assert how_it_ended(socket, message(aiohttp.WSMsgType.CLOSE)) == "close code 1001"
    assert how_it_ended(socket, message(aiohttp.WSMsgType.ERROR, OSError())) == "OSError"


async def test_a_task_belongs_to_its_set_until_it_is_done() -> None:
    tasks: set[asyncio.Task[Any]] = set()
    event = asyncio.Event()
    task = start_task(event.wait(), tasks)
    assert tasks == {task}
    event.set()
    await task
    await asyncio.sleep(0)
    assert not tasks


async def test_the_error_of_a_task_that_nobody_waits_for_is_not_logged() -> None:
    logged: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: logged.append(context))

    async def fails() -> None:
        raise KeyError

    tasks: set[asyncio.Task[Any]] = set()
    start_task(fails(), tasks)
    start_task(asyncio.sleep(10), tasks).cancel()
    while tasks:
        await asyncio.sleep(0)
    gc.collect()
    assert not logged


async def test_the_first_of_several_futures_ends_the_waiting() -> None:
    loop = asyncio.get_running_loop()
    one, other = loop.create_future(), loop.create_future()
    await first_done(one, seconds=0.001)
    assert not one.done()
    loop.call_soon(other.set_result, None)
    await first_done(one, other)
    assert other.done()
