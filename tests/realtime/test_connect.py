"""Opening a WebSocket, up to the server's acknowledgement."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from appsync_gql.error_types import ErrorMeaning
from appsync_gql.http.json import loads
from appsync_gql.realtime.connect import Connector, Opened, _proxy_arguments
from appsync_gql.realtime.errors import Lost, ServerError
from support.realtime import wait_until

SECRET = "eyJsecret-token"
HEADERS = {"host": "api.example.com", "Authorization": SECRET}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def endpoint(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def connector(url: str, **more: Any) -> AsyncIterator[Connector]:
    given: dict[str, Any] = {
        "realtime_auth": "subprotocol",
        "session": dict,
        "ssl": True,
        "loads": loads,
        "ack_timeout": 2.0,
        **more,
    }
    made = Connector(url, **given)
    try:
        yield made
    finally:
        await made.close()


async def outcome_of(handler: Handler, **more: Any) -> Opened | Lost | ServerError:
    async with endpoint(handler) as url, connector(url, **more) as made:
        outcome = await made.connect(HEADERS)
        if isinstance(outcome, Opened):
            await outcome.socket.close()
        return outcome


def frames(*sent: dict[str, Any]) -> Handler:
    """A server that sends these frames and closes."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=["graphql-ws"])
        await socket.prepare(request)
        await socket.receive()
        for frame in sent:
            await socket.send_json(frame)
        await socket.close(code=4000)
        return socket

    return handle


ACK = {"type": "connection_ack", "payload": {"connectionTimeoutMs": 60_000}}


async def test_an_acknowledged_socket_says_after_how_many_seconds_it_is_dead() -> None:
    outcome = await outcome_of(frames({"type": "ka"}, ACK))
    assert isinstance(outcome, Opened)
    assert outcome.silence == 60.0


async def test_a_reader_of_text_gets_text() -> None:
    def reads_text(text: str) -> Any:
        assert isinstance(text, str)
        return json.loads(text)

    assert isinstance(await outcome_of(frames(ACK), loads=reads_text), Opened)


async def test_the_authorization_is_in_the_subprotocol_or_in_the_query() -> None:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers["Sec-WebSocket-Protocol"] + str(request.query.get("header")))
        return web.Response(status=503)

    for realtime_auth in ("subprotocol", "query"):
        await outcome_of(handle, realtime_auth=realtime_auth)
    urlsafe = base64.urlsafe_b64encode(json.dumps(HEADERS).encode()).decode().rstrip("=")
    standard = base64.b64encode(json.dumps(HEADERS).encode()).decode()
    assert seen == [f"graphql-ws,header-{urlsafe}None", f"graphql-ws{standard}"]


async def raises(_response: object) -> None:
    raise RuntimeError


@pytest.mark.parametrize("raise_for_status", [True, False, raises])
@pytest.mark.parametrize(
    ("status", "meaning"),
    [(200, "FAILED"), (401, "REFUSED"), (403, "BLOCKED"), (404, "INVALID"), (503, "FAILED")],
)
async def test_an_http_status_is_an_error_also_with_raise_for_status(
    status: int, meaning: str, raise_for_status: Any
) -> None:
    async def handle(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    outcome = await outcome_of(handle, session=lambda: {"raise_for_status": raise_for_status})
    assert isinstance(outcome, ServerError)
    assert (outcome.meaning, outcome.code) == (ErrorMeaning[meaning], status)


@pytest.mark.parametrize("realtime_auth", ["subprotocol", "query"])
async def test_a_redirect_takes_no_token_along(realtime_auth: str) -> None:
    visited: list[web.Request] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        visited.append(request)
        return web.Response(status=503)

    async with endpoint(elsewhere) as final:

        async def redirects(_request: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(final.replace("ws://", "http://"))

        outcome = await outcome_of(redirects, realtime_auth=realtime_auth)
    assert isinstance(outcome, ServerError)
    assert outcome.meaning is ErrorMeaning.INVALID
    assert "realtime_url" in outcome.message
    assert not visited


@pytest.mark.parametrize("kind", ["connection_error", "error"])
async def test_an_error_frame_at_the_handshake_is_the_outcome(kind: str) -> None:
    payload = {"errors": [{"errorType": "UnauthorizedException", "errorCode": 401}]}
    outcome = await outcome_of(frames({"type": kind, "payload": payload}))
    assert isinstance(outcome, ServerError)
    assert outcome.meaning is ErrorMeaning.REFUSED


async def test_a_socket_that_is_closed_before_the_ack_is_lost() -> None:
    assert await outcome_of(frames()) == Lost("closed at the handshake (close code 4000)")


async def test_a_server_that_does_not_answer_is_lost_in_time() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.receive()
        return socket

    assert await outcome_of(handle, ack_timeout=0.1) == Lost("no answer within 0.1 s")


async def test_a_machine_that_can_not_be_reached_is_lost() -> None:
    async with connector("ws://127.0.0.1:1/") as made:
        assert await made.connect(HEADERS) == Lost("ClientConnectorError")


async def test_what_aiohttp_does_not_send_is_invalid() -> None:
    async with connector("nonsense://x/") as made:
        outcome = await made.connect(HEADERS)
    assert isinstance(outcome, Lost | ServerError)


async def test_who_is_cancelled_during_the_handshake_leaves_no_socket() -> None:
    sockets: list[web.WebSocketResponse] = []
    arrived = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.append(socket)
        await socket.receive()
        arrived.set()
        await socket.receive()
        return socket

    async with endpoint(handle) as url, connector(url) as made:
        task = asyncio.ensure_future(made.connect(HEADERS))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await wait_until(lambda: sockets[0].closed)
    assert len(sockets) == 1


async def test_a_session_is_made_for_the_first_socket_after_a_close() -> None:
    async with endpoint(frames(ACK)) as url, connector(url) as made:
        for _ in range(2):
            outcome = await made.connect(HEADERS)
            assert isinstance(outcome, Opened)
            await outcome.socket.close()
            await made.close()


async def test_an_abandoned_session_is_not_closed() -> None:
    async with endpoint(frames(ACK)) as url:
        tcp = aiohttp.TCPConnector()
        async with connector(url, session=lambda: {"connector": tcp}) as made:
            outcome = await made.connect(HEADERS)
            made.abandon()
            made.abandon()
            assert not tcp.closed
            assert isinstance(outcome, Opened)
            await outcome.socket.close()
        await tcp.close()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"trust_env": True}, {"proxy": "http://proxy.example:3128"}),
        ({"trust_env": True, "proxy": "http://own:1"}, {}),
        ({"trust_env": False}, {}),
        ({}, {}),
    ],
)
def test_https_proxy_of_the_environment_is_used_if_the_session_trusts_it(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], expected: dict[str, str]
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "internal.example")
    monkeypatch.delenv("wss_proxy", raising=False)
    assert _proxy_arguments("wss://api.example.com/", arguments) == expected
    assert _proxy_arguments("wss://internal.example/", arguments) == {}


async def test_a_socket_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        writer.close()

    listening = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    async with connector(
        "wss://api.example.com/graphql", session=lambda: {"trust_env": True}
    ) as made:
        assert isinstance(await made.connect(HEADERS), Lost)
    listening.close()
    assert set(lines) == {b"CONNECT api.example.com:443 HTTP/1.1\r\n"}
