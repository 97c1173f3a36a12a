"""Subscribing in tests: to the emulator, or to a server whose responses a test sets."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import WSMessage, WSMsgType, web
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication

from appsync_gql import AppSyncTransport, CognitoProvider, RealtimeSettings, TokenStore, events

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping

    from gql.client import AsyncClientSession

    from appsync_gql.testing import Emulator

CREATED = gql("subscription { onCreateItem { id name } }")
SECONDS = 10.0


class Reported:
    """A listener that keeps the events of a transport."""

    def __init__(self) -> None:
        self.events: list[events.RealtimeEvent] = []

    def __call__(self, event: events.RealtimeEvent) -> None:
        self.events.append(event)

    def count(self, kind: type[events.RealtimeEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


class User:
    """An authorization of one's own.

    Attributes:
        error: what its next calls raise; ``None`` for nothing.
        hangs: whether its calls never return.
        renewals: how many newer tokens it returned.
    """

    def __init__(self, name: str = "user") -> None:
        self.name, self.renewals = name, 0
        self.error: Exception | None = None
        self.hangs = False

    async def headers(self) -> Mapping[str, str]:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return {"Authorization": f"{self.name} {self.renewals}"}

    async def renew(
        self, rejected: Mapping[str, str] | None = None, *, denied: bool = False
    ) -> Mapping[str, str]:
        del rejected, denied
        self.renewals += 1
        return await self.headers()


@asynccontextmanager
async def connected(
    emulator: Emulator, settings: RealtimeSettings, listener: Reported | None = None, **more: Any
) -> AsyncIterator[AsyncClientSession]:
    """A session with a signed-in user of the emulator."""
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    given = {"tokens": emulator.issue_tokens(), **more.pop("store", {})}
    store = TokenStore(provider, **given)
    transport = AppSyncTransport(
        emulator.graphql_url, auth=store, realtime=settings, on_event=listener, **more
    )
    async with store, Client(transport=transport) as session:
        yield session


async def wait_until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait for a condition that nothing announces."""

    async def check() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(check(), seconds)


async def next_result(generator: AsyncGenerator[Any, None]) -> Any:
    """The next result, which must come soon."""
    return await asyncio.wait_for(anext(generator), SECONDS)


def name_of(result: dict[str, Any]) -> str:
    """The name of the item in an event."""
    return str(result["onCreateItem"]["name"])


def our_tasks() -> list[asyncio.Task[Any]]:
    """The tasks of this package that are not done."""
    return [t for t in asyncio.all_tasks() if "appsync-gql" in t.get_name()]


def publish(emulator: Emulator, *names: object) -> None:
    """Publish one event for each name."""
    for name in names:
        emulator.realtime.publish("onCreateItem", {"id": "1", "name": str(name)})


@asynccontextmanager
async def subscribed(
    session: AsyncClientSession, emulator: Emulator, **options: Any
) -> AsyncIterator[tuple[AsyncGenerator[Any, None], asyncio.Task[Any]]]:
    """A subscription that the emulator registered, and a task that waits for its first result."""
    before = emulator.realtime.registrations
    generator = session.subscribe(CREATED, **options)
    first = asyncio.ensure_future(next_result(generator))
    await wait_until(lambda: emulator.realtime.registrations > before or first.done())
    try:
        yield generator, first
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await generator.aclose()


class Server:
    """A real-time endpoint whose responses a test sets.

    Attributes:
        url: the GraphQL endpoint that goes with it.
        sockets: those that were opened, in order.
        frames: what arrived, as (number of the socket from 1 on, type, id).
        authorizations: the authorization objects of all starts.
        registered: the subscriptions that were started and not stopped, as (socket, id).
        on_frame: called with each frame; the server does not answer it if this returns true.
        status: an HTTP status to answer the next handshake with; 0 for none.
        lasting: whether it is the answer to all handshakes.
        lag: seconds after a ``start_ack`` for which a subscription gets no events yet.
    """

    def __init__(self) -> None:
        self.url = ""
        self.lasting, self.lag = False, 0.0
        self.sockets: list[web.WebSocketResponse] = []
        self.transports: list[asyncio.Transport] = []
        self.frames: list[tuple[int, str, str]] = []
        self.authorizations: list[dict[str, str]] = []
        self.registered: list[tuple[web.WebSocketResponse, str]] = []
        self.on_frame: Callable[[web.WebSocketResponse, dict[str, Any]], Awaitable[bool]] = _no
        self.status = 0

    def count(self, kind: str, socket: int | None = None) -> int:
        """How many frames of a type arrived, on one socket or on all."""
        return sum(k == kind and socket in {None, n} for n, k, _ in self.frames)

    @property
    def open_sockets(self) -> int:
        """How many sockets are open."""
        return sum(not socket.closed for socket in self.sockets)

    def cut(self) -> None:
        """End all connections without closing them."""
        for transport in self.transports:
            transport.abort()

    async def send(self, name: object) -> None:
        """Send one event to all registered subscriptions."""
        for socket, id_ in list(self.registered):
            await send_event(socket, id_, name)

    async def answer(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        """Answer a frame as AppSync does."""
        kind, id_ = frame["type"], frame.get("id", "")
        if kind == "connection_init":
            payload = {"connectionTimeoutMs": 300_000}
            await socket.send_json({"type": "connection_ack", "payload": payload})
        elif kind == "start":
            await socket.send_json({"type": "start_ack", "id": id_})
            if self.lag:
                loop = asyncio.get_running_loop()
                loop.call_later(self.lag, self.registered.append, (socket, id_))
            else:
                self.registered.append((socket, id_))
        elif (socket, id_) in self.registered:
            self.registered.remove((socket, id_))
            await socket.send_json({"type": "complete", "id": id_})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it ends."""
        if self.status:
            status, self.status = self.status, self.status if self.lasting else 0
            return web.Response(status=status, headers={"Location": "http://127.0.0.1:1/"})
        socket = web.WebSocketResponse(protocols=["graphql-ws"])
        await socket.prepare(request)
        self.sockets.append(socket)
        assert request.transport is not None
        self.transports.append(request.transport)
        number = len(self.sockets)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                frame = json.loads(message.data)
                self.frames.append((number, frame["type"], frame.get("id", "")))
                if frame["type"] == "start":
                    extensions = frame["payload"]["extensions"]
                    self.authorizations.append(extensions["authorization"])
                if not await self.on_frame(socket, frame):
                    await self.answer(socket, frame)
        self.registered = [(s, id_) for s, id_ in self.registered if s is not socket]
        return socket


async def _no(_socket: web.WebSocketResponse, _frame: dict[str, Any]) -> bool:
    return False


async def send_event(socket: web.WebSocketResponse, id_: str, name: object) -> None:
    """Send one event."""
    payload = {"data": {"onCreateItem": {"id": "1", "name": str(name)}}}
    await socket.send_json({"type": "data", "id": id_, "payload": payload})


async def send_error(
    socket: web.WebSocketResponse, id_: str | None, error_type: str, message: str = "No"
) -> None:
    """Send an error frame; without an id if that is ``None``."""
    frame: dict[str, Any] = {"type": "error"}
    if id_ is not None:
        frame["id"] = id_
    frame["payload"] = {"errors": [{"errorType": error_type, "message": message}]}
    await socket.send_json(frame)


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    """A server in this event loop."""
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
        server.cut()
        await runner.cleanup()


@asynccontextmanager
async def connected_by_key(
    server: Server, settings: RealtimeSettings, **more: Any
) -> AsyncIterator[AsyncClientSession]:
    """A session with an API key."""
    key = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-example")
    given = {"auth": key, "realtime": settings, **more}
    async with Client(transport=AppSyncTransport(server.url, **given)) as session:
        yield session


class FakeSocket:
    """A WebSocket without a network, which responds as AppSync does unless a test sets otherwise.

    Attributes:
        sent: the frames that were sent.
        answers: what is answered to frames of a type; ``None`` for nothing.
        error: what sending raises; ``None`` for nothing.
        closed: whether it was closed by this side.
        close_code: as of aiohttp's sockets.
    """

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answers: dict[str, str | None] = {"start": "start_ack", "stop": "complete"}
        self.error: Exception | None = None
        self.closed = False
        self.close_code: int | None = None
        self._arrived: asyncio.Queue[Any] = asyncio.Queue()

    async def send_str(self, text: str) -> None:
        if self.error is not None:
            raise self.error
        frame = json.loads(text)
        self.sent.append(frame)
        answer = self.answers.get(frame["type"])
        if answer is not None:
            self.receives(type=answer, id=frame["id"])

    async def receive(self) -> Any:
        found = await self._arrived.get()
        if isinstance(found, Exception):
            raise found
        return found

    async def close(self) -> None:
        self.closed = True

    def receives(self, **frame: Any) -> None:
        """Let a frame arrive."""
        self._arrived.put_nowait(WSMessage(WSMsgType.TEXT, json.dumps(frame), None))

    def receives_event(self, id_: str, number: int) -> None:
        """Let an event arrive."""
        self.receives(type="data", id=id_, payload={"data": number})

    def receives_end(self, code: int = 1001) -> None:
        """Let the other side close the socket."""
        self.close_code = code
        self._arrived.put_nowait(WSMessage(WSMsgType.CLOSE, code, None))

    def fails(self, error: Exception) -> None:
        """Let reading raise an error."""
        self._arrived.put_nowait(error)

    @property
    def ids(self) -> list[str]:
        """The ids of all starts."""
        return [frame["id"] for frame in self.sent if frame["type"] == "start"]


class Consumer:
    """A task that takes the results of a subscription.

    Attributes:
        names: the names of the events that came; ``"GAP"`` for a gap, ``"END"`` for the end.
        error: what the subscription raised; ``None`` for nothing.
        task: the task.
    """

    def __init__(self, session: AsyncClientSession, **options: Any) -> None:
        self.names: list[str] = []
        self.error: BaseException | None = None
        self.task = asyncio.ensure_future(self._run(session, {"gaps": True, **options}))

    async def _run(self, session: AsyncClientSession, options: dict[str, Any]) -> None:
        try:
            async for result in session.subscribe(CREATED, **options):
                self.names.append(name_of(result) if result else "GAP")
            self.names.append("END")
        except Exception as error:  # noqa: BLE001 - it is what the test looks at
            self.error = error

    async def stop(self) -> None:
        """Leave the subscription."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
