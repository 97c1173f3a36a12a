"""Messages per second: this package, gql's own AppSync transport, and raw aiohttp with orjson.

One process serves, another receives: 20,000 events of some 230 bytes in one burst, framed
beforehand, so that the server only writes bytes. Rounds are interleaved; medians are printed.

    python benchmarks/subscriptions.py
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import statistics
import struct
import time
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from server import part_processors, pin

from appsync_gql import AppSyncTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SUBSCRIPTION = gql("subscription { onCreateItem { id name } }")
KEY = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-benchmark")


# -- the server -----------------------------------------------------------------


def frame(text: bytes) -> bytes:
    """Frame a text as a server does (RFC 6455, 5.2): not masked."""
    head = (
        struct.pack("!BBH", 0x81, 126, len(text)) if len(text) > 125 else bytes((0x81, len(text)))
    )
    return head + text


def burst(id_: str, count: int) -> bytes:
    """Make all events of one round."""
    item = {"id": "0123456789", "name": "x" * 130}
    event = {"id": id_, "type": "data", "payload": {"data": {"onCreateItem": item}}}
    return frame(json.dumps(event).encode()) * count


async def handle(request: web.Request) -> web.WebSocketResponse:
    """Speak just enough of the protocol."""
    socket = web.WebSocketResponse(protocols=["graphql-ws"])
    await socket.prepare(request)
    count = request.app["count"]
    async for message in socket:
        given = json.loads(message.data)
        if given["type"] == "connection_init":
            await socket.send_json(
                {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}
            )
        elif given["type"] == "start":
            await socket.send_json({"type": "start_ack", "id": given["id"]})
            request.transport.write(burst(given["id"], count))  # type: ignore[union-attr]
        elif given["type"] == "stop":
            await socket.send_json({"type": "complete", "id": given["id"]})
    return socket


def serve(line: Any, count: int, processor: int | None) -> None:
    """Run the server until the process is ended."""
    pin(processor)

    async def main() -> None:
        app = web.Application()
        app["count"] = count
        app.router.add_get("/graphql/realtime", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        line.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


# -- the contestants --------------------------------------------------------------


async def raw(port: int, count: int) -> float:
    """Receive with aiohttp and orjson, and look at nothing but the data."""
    import orjson  # noqa: PLC0415

    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"http://127.0.0.1:{port}/graphql/realtime", protocols=["graphql-ws"]
        ) as socket,
    ):
        await socket.send_str('{"type":"connection_init"}')
        await socket.receive()
        await socket.send_str('{"type":"start","id":"1","payload":{}}')
        await socket.receive()
        began, seen = 0.0, 0
        while seen < count:
            message = await socket.receive()
            began = began or time.perf_counter()
            seen += orjson.loads(message.data)["payload"]["data"] is not None
        return time.perf_counter() - began


async def through(transport: Any, count: int) -> float:
    """Receive in gql's session."""
    async with Client(transport=transport) as session:
        began, seen = 0.0, 0
        async for _ in session.subscribe(SUBSCRIPTION):
            began = began or time.perf_counter()
            seen += 1
            if seen == count:
                return time.perf_counter() - began
    raise AssertionError


async def theirs(port: int, count: int) -> float:
    """Receive with gql's own transport."""
    url = f"ws://127.0.0.1:{port}/graphql/realtime"
    return await through(AppSyncWebsocketsTransport(url, auth=KEY), count)


async def ours(port: int, count: int) -> float:
    """Receive with this package."""
    return await through(AppSyncTransport(f"http://127.0.0.1:{port}/graphql", auth=KEY), count)


THEIRS = "gql AppSyncWebsocketsTransport"


def measure(
    rounds: int, count: int, processors: tuple[int | None, int | None]
) -> dict[str, dict[str, float]]:
    """Run the rounds, on the first processor, and the server on the second; give medians."""
    mine, its = processors
    pin(mine)
    line, theirs_end = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs_end, count, its), daemon=True
    )
    server.start()
    port = line.recv()
    contestants: dict[str, Callable[[], Awaitable[float]]] = {
        "raw aiohttp + orjson": lambda: raw(port, count),
        THEIRS: lambda: theirs(port, count),
        "appsync-gql": lambda: ours(port, count),
    }
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    try:
        for number in range(rounds):
            for name, contestant in list(contestants.items())[:: -1 if number % 2 else 1]:
                gc.collect()  # what the one before has left
                rates[name].append(count / asyncio.run(contestant()))  # type: ignore[arg-type]
    finally:
        server.kill()
        server.join()
    base = rates["raw aiohttp + orjson"]
    # Rounds are compared with their neighbours: machines change their speed.
    return {
        name: {
            "per_second": statistics.median(found),
            "ratio": statistics.median(mine / its for mine, its in zip(found, base, strict=True)),
        }
        for name, found in rates.items()
    }


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--count", type=int, default=20_000)
    given = parser.parse_args()
    for name, found in measure(given.rounds, given.count, part_processors()).items():
        print(f"{name:30} {found['per_second']:10,.0f}/s  {found['ratio']:5.2f} of raw")


if __name__ == "__main__":
    main()
