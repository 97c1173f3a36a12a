"""Subscribing in tests: to the emulator, or to a server that is told what to say."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication

from appsync_gql import AppSyncTransport, CognitoProvider, RealtimeSettings, TokenStore, events

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from gql.client import AsyncClientSession

    from appsync_gql.testing import Emulator

CREATED = gql("subscription { onCreateItem { id name } }")
SECONDS = 10.0


class Heard:
    """What a transport told."""

    def __init__(self) -> None:
        self.events: list[events.RealtimeEvent] = []

    def __call__(self, event: events.RealtimeEvent) -> None:
        self.events.append(event)

    def of(self, kind: type[events.RealtimeEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


@asynccontextmanager
async def connected(
    emulator: Emulator, settings: RealtimeSettings, heard: Heard | None = None, **more: Any
) -> AsyncIterator[AsyncClientSession]:
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    given = {"tokens": emulator.issue_tokens(), **more.pop("store", {})}
    store = TokenStore(provider, **given)
    transport = AppSyncTransport(
        emulator.graphql_url, auth=store, realtime=settings, on_event=heard, **more
    )
    async with store, Client(transport=transport) as session:
        yield session


async def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait for what nobody tells of."""

    async def look() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), seconds)


async def following(generator: AsyncGenerator[Any, None]) -> Any:
    return await asyncio.wait_for(anext(generator), SECONDS)


def name_of(result: dict[str, Any]) -> str:
    return str(result["onCreateItem"]["name"])


def ours_under_way() -> list[asyncio.Task[Any]]:
    return [t for t in asyncio.all_tasks() if "appsync-gql" in t.get_name()]


def publish(emulator: Emulator, *names: object) -> None:
    for name in names:
        emulator.realtime.publish("onCreateItem", {"id": "1", "name": str(name)})


@asynccontextmanager
async def subscribed(
    session: AsyncClientSession, emulator: Emulator, **options: Any
) -> AsyncIterator[tuple[AsyncGenerator[Any, None], asyncio.Task[Any]]]:
    """Subscribe, and have the first result on its way."""
    before = emulator.realtime.registrations
    generator = session.subscribe(CREATED, **options)
    first = asyncio.ensure_future(following(generator))
    await until(lambda: emulator.realtime.registrations > before or first.done())
    try:
        yield generator, first
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await generator.aclose()


class Server:
    """A real-time endpoint that does as a test tells it.

    Attributes:
        url: the GraphQL endpoint that goes with it.
        sockets: those that were opened, in order.
        frames: what came, as (number of the socket from 1 on, type, id).
        heard: called with each frame; answers as AppSync would in place of itself if it gives True.
        status: an HTTP status to answer the next handshake with; 0 for none.
    """

    def __init__(self) -> None:
        self.url = ""
        self.sockets: list[web.WebSocketResponse] = []
        self.frames: list[tuple[int, str, str]] = []
        self.heard: Callable[[web.WebSocketResponse, dict[str, Any]], Awaitable[bool]] = _nothing
        self.status = 0

    def count(self, kind: str, socket: int | None = None) -> int:
        return sum(k == kind and socket in {None, n} for n, k, _ in self.frames)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.status:
            status, self.status = self.status, 0
            return web.Response(status=status)
        socket = web.WebSocketResponse(protocols=["graphql-ws"])
        await socket.prepare(request)
        self.sockets.append(socket)
        number = len(self.sockets)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                frame = json.loads(message.data)
                self.frames.append((number, frame["type"], frame.get("id", "")))
                if not await self.heard(socket, frame):
                    await answer(socket, frame)
        return socket


async def _nothing(_socket: web.WebSocketResponse, _frame: dict[str, Any]) -> bool:
    return False


async def answer(socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
    """Answer as AppSync does."""
    kind, name = frame["type"], frame.get("id")
    if kind == "connection_init":
        ack = {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}
        await socket.send_json(ack)
    else:
        await socket.send_json({"type": {"start": "start_ack"}.get(kind, "complete"), "id": name})


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_get("/graphql/realtime", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/graphql"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def by_key(
    server: Server, settings: RealtimeSettings, **more: Any
) -> AsyncIterator[AsyncClientSession]:
    key = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-example")
    given = {"auth": key, "realtime": settings, **more}
    async with Client(transport=AppSyncTransport(server.url, **given)) as session:
        yield session
