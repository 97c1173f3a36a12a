"""Host names are looked up on the package's own threads."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import pytest

from appsync_gql.http.connector import _on_worker_thread, new_connector
from support.programs import run_program, unclosed
from support.raw_server import raw_server


async def test_a_host_is_found_as_with_aiohttps_own_resolver() -> None:
    found = new_connector()
    own = aiohttp.ThreadedResolver()
    resolver: Any = found._resolver
    for family in (socket.AF_INET, socket.AF_UNSPEC):
        expected = await own.resolve("localhost", 80, family)
        assert await resolver.resolve("localhost", 80, family) == expected
    await found.close()


async def test_a_host_that_does_not_exist_is_aiohttps_error() -> None:
    async with aiohttp.ClientSession(connector=new_connector()) as session:
        with pytest.raises(aiohttp.ClientConnectorDNSError):
            await session.get("http://does-not-exist.invalid/")


async def test_a_full_executor_of_the_program_delays_no_connection() -> None:
    loop, release = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    blocking = loop.run_in_executor(None, release.wait)
    async with raw_server() as server:
        url = server.url.replace("127.0.0.1", "localhost")
        async with aiohttp.ClientSession(connector=new_connector()) as session:
            posting = session.post(url, data=b"{}")
            response = await asyncio.wait_for(posting, 5)
            assert response.status == 200
            response.release()
    release.set()
    await blocking


async def test_the_look_up_goes_on_if_its_caller_is_cancelled() -> None:
    release, done = threading.Event(), threading.Event()

    def work() -> None:
        release.wait(5)
        done.set()

    task = asyncio.ensure_future(_on_worker_thread(work))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()
    assert await asyncio.to_thread(done.wait, 5)


async def test_an_error_of_the_call_is_the_callers() -> None:
    def fail() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await _on_worker_thread(fail)


def test_a_loop_that_ends_before_the_look_up_does_not_matter() -> None:
    release, done = threading.Event(), threading.Event()

    def work() -> None:
        release.wait(5)
        done.set()

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(_on_worker_thread(work), 0.01)

    asyncio.run(main())
    release.set()
    assert done.wait(5)


AFTER_THE_MAIN_THREAD = """
from appsync_gql import BlockingAppSyncTransport
server = EchoServer()
url = server.url.replace("127.0.0.1", "localhost")
blocking = BlockingAppSyncTransport(url, auth=FixedAuth())
found = []

def work():
    threading.main_thread().join()
    found.append(blocking.execute(numbered(QUERY, 1)).data["a"])
    found.append(client(url).execute(numbered(QUERY, 2))["a"])
    print(json.dumps(found))

threading.Thread(target=work).start()
"""


@pytest.mark.skipif(
    (3, 12, 0) <= sys.version_info < (3, 12, 2), reason="Python 3.12.1 starts no thread then"
)
def test_threads_go_on_making_connections_after_the_end_of_the_main_thread() -> None:
    answers, stderr = run_program(AFTER_THE_MAIN_THREAD)
    assert answers == [1, 2]
    assert unclosed(stderr) == []
