"""Events per second: this package, gql's own AppSync transport, and raw aiohttp with orjson.

One process serves, another receives: 20,000 events of about 230 bytes in one burst, framed
beforehand, so that the server only writes bytes. Turns alternate; medians are printed.

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
from byte_server import part_processors, pin
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport

from appsync_gql import AppSyncTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SUBSCRIPTION = gql("subscription { onCreateItem { id name } }")
KEY = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-benchmark")


# -- the server -----------------------------------------------------------------


def frame(text: bytes) -> bytes:
    """Return a WebSocket frame of a server (RFC 6455, 5.2): not masked."""
    head = (
        struct.pack("!BBH", 0x81, 126, len(text)) if len(text) > 125 else bytes((0x81, len(text)))
    )
    return head + text


def burst(id_: str, count: int) -> bytes:
    """Return the frames of all events of one round."""
    item = {"id": "0123456789", "name": "x" * 130}
    event = {"id": id_, "type": "data", "payload": {"data": {"onCreateItem": item}}}
    return frame(json.dumps(event).encode()) * count


async def handle(request: web.Request) -> web.WebSocketResponse:
    """Implement the part of the protocol that the clients use."""
    socket = web.WebSocketResponse(protocols=["graphql-ws"])
    await socket.prepare(request)
    count = request.app["count"]
    async for message in socket:
        received = json.loads(message.data)
        if received["type"] == "connection_init":
            await socket.send_json(
                {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}
            )
        elif received["type"] == "start":
            await socket.send_json({"type": "start_ack", "id": received["id"]})
            request.transport.write(burst(received["id"], count))  # type: ignore[union-attr]
        elif received["type"] == "stop":
            await socket.send_json({"type": "complete", "id": received["id"]})
    return socket


def serve(pipe: Any, count: int, processor: int | None) -> None:
    """Run the server until the process is ended."""
    pin(processor)

    async def main() -> None:
        app = web.Application()
        app["count"] = count
        app.router.add_get("/graphql/realtime", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


# -- the clients ------------------------------------------------------------------


async def raw(port: int, count: int) -> float:
    """Receive with aiohttp and orjson, and read nothing but the data."""
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
        began, received = 0.0, 0
        while received < count:
            message = await socket.receive()
            began = began or time.perf_counter()
            received += orjson.loads(message.data)["payload"]["data"] is not None
        return time.perf_counter() - began


async def through(transport: Any, count: int) -> float:
    """Receive in gql's session."""
    async with Client(transport=transport) as session:
        began, received = 0.0, 0
        async for _ in session.subscribe(SUBSCRIPTION):
            began = began or time.perf_counter()
            received += 1
            if received == count:
                return time.perf_counter() - began
    raise AssertionError


async def theirs(port: int, count: int) -> float:
    """Receive with gql's own transport."""
    url = f"ws://127.0.0.1:{port}/graphql/realtime"
    return await through(AppSyncWebsocketsTransport(url, auth=KEY), count)


async def ours(port: int, count: int) -> float:
    """Receive with this package."""
    return await through(AppSyncTransport(f"http://127.0.0.1:{port}/graphql", auth=KEY), count)


RAW, OURS = "raw aiohttp + orjson", "appsync-gql"
GQL = "gql AppSyncWebsocketsTransport"


def measure(
    rounds: int, count: int, processors: tuple[int | None, int | None]
) -> dict[str, dict[str, float]]:
    """Measure all clients and return medians by client name.

    Args:
        rounds: turns of each client.
        count: events of a turn.
        processors: the first for the clients, the second for the server; ``None`` for any.
    """
    pin(processors[0])
    pipe, theirs_end = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs_end, count, processors[1]), daemon=True
    )
    server.start()
    port = pipe.recv()
    clients: dict[str, Callable[[], Awaitable[float]]] = {
        RAW: lambda: raw(port, count),
        GQL: lambda: theirs(port, count),
        OURS: lambda: ours(port, count),
    }
    rates: dict[str, list[float]] = {name: [] for name in clients}
    try:
        for number in range(rounds):
            for name, receive in list(clients.items())[:: -1 if number % 2 else 1]:
                gc.collect()  # the garbage of the previous client
                rates[name].append(count / asyncio.run(receive()))  # type: ignore[arg-type]
    finally:
        server.kill()
        server.join()
    base = rates[RAW]
    # Only neighbouring turns are compared, because a machine's speed changes.
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
