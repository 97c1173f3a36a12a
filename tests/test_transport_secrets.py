"""No frame that an error of the transport leads to shows a token."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication, AppSyncJWTAuthentication

from appsync_gql import AppSyncError, AppSyncTransport
from support.http import MUTATION, QUERY, TOKEN, FixedAuth, frames_of
from support.raw_server import RawServer, raw_server

PACKAGES = ("appsync_gql", "aiohttp", "multidict")


class Ready(FixedAuth):
    """Has headers at once, in plain text."""

    def headers_nowait(self) -> dict[str, str]:
        return {"Authorization": TOKEN}


AUTHS: dict[str, Callable[[], Any]] = {
    "two methods": FixedAuth,
    "headers_nowait": Ready,
    "gql's JWT": lambda: AppSyncJWTAuthentication("localhost", TOKEN),
    "gql's key": lambda: AppSyncApiKeyAuthentication("localhost", TOKEN),
}


def refused(server: RawServer) -> None:
    server.status, server.answer = "401 Unauthorized", b'{"errors":[{"message":"no"}]}'


def throttled(server: RawServer) -> None:
    server.status = "429 Slow Down"


def broken(server: RawServer) -> None:
    server.status = "503 Unavailable"


def page(server: RawServer) -> None:
    server.answer = b"<html>"


def redirect(server: RawServer) -> None:
    server.status = "307 Away"


def closing(server: RawServer) -> None:
    server.faults.extend(["close"] * 3)


def cut(server: RawServer) -> None:
    server.faults.extend(["cut"] * 2)


def garbage(server: RawServer) -> None:
    server.faults.extend(["garbage"] * 2)


def silent(server: RawServer) -> None:
    server.silent = True


async def fail(*_: object) -> None:
    raise RuntimeError("a tracer failed")


def tracing(signal: str) -> dict[str, Any]:
    trace = aiohttp.TraceConfig()
    getattr(trace, signal).append(fail)
    return {"client_session_args": {"trace_configs": [trace]}}


CASES: dict[str, tuple[Callable[[RawServer], None] | None, dict[str, Any], dict[str, Any]]] = {
    # What the server does, arguments of the transport, extra_args of the request.
    "refused": (refused, {}, {}),
    "throttled": (throttled, {}, {}),
    "503": (broken, {}, {}),
    "no JSON": (page, {}, {}),
    "redirect": (redirect, {}, {}),
    "closed": (closing, {}, {}),
    "cut": (cut, {}, {}),
    "garbage": (garbage, {}, {}),
    "aiohttp's timeout": (silent, {}, {"timeout": aiohttp.ClientTimeout(total=0.02)}),
    "a line feed": (None, {}, {"headers": {"x": "a\nb"}}),
    "an unknown argument": (None, {}, {"unknown": 1}),
    "no proxy": (None, {}, {"proxy": "http://127.0.0.1:1"}),
    "a tracer, before": (None, tracing("on_request_start"), {}),
    "a tracer, after": (None, tracing("on_request_end"), {}),
}


@asynccontextmanager
async def failing(case: str, auth: str) -> AsyncIterator[tuple[AppSyncTransport, dict[str, Any]]]:
    prepare, settings, extra_args = CASES[case]
    async with raw_server() as server:
        if prepare is not None:
            prepare(server)
        transport = AppSyncTransport(server.url, auth=AUTHS[auth](), **settings)
        await transport.connect()
        try:
            yield transport, extra_args
        finally:
            await transport.close()


def shown(error: BaseException) -> list[str]:
    """Return where the token is shown: in the error, or in a local variable of a library."""
    return [
        function
        for file, function, text in frames_of(error)
        if TOKEN in text and (not file or any(f"/{name}/" in file for name in PACKAGES))
    ]


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("case", CASES)
async def test_no_frame_shows_the_token(case: str, auth: str) -> None:
    async with failing(case, auth) as (transport, extra_args):
        for document in (QUERY, MUTATION):
            with pytest.raises(AppSyncError) as caught:
                await transport.execute(document, extra_args=dict(extra_args))
            assert shown(caught.value) == []


@pytest.mark.parametrize("auth", AUTHS)
async def test_no_frame_of_a_callers_own_time_limit_shows_the_token(auth: str) -> None:
    """The error is asyncio's, and leads to the frames where the request was cancelled."""
    async with raw_server(silent=True) as server:
        transport = AppSyncTransport(server.url, auth=AUTHS[auth]())
        await transport.connect()
        with pytest.raises(asyncio.TimeoutError) as caught:
            await asyncio.wait_for(transport.execute(QUERY), 0.05)
        assert shown(caught.value) == []
        await transport.close()


async def test_the_search_finds_a_token_where_there_is_one() -> None:
    def aiohttp_like(headers: dict[str, str]) -> None:
        raise ValueError(headers["Authorization"])

    with pytest.raises(ValueError, match="eyJ") as caught:
        aiohttp_like({"Authorization": TOKEN})
    assert shown(caught.value) == ["str()"]
    assert any(TOKEN in text for _, name, text in frames_of(caught.value) if name == "aiohttp_like")


async def test_the_password_of_a_proxy_is_not_shown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    transport = AppSyncTransport("https://api.example.com/graphql", auth=FixedAuth())
    await transport.connect()
    async with raw_server(status="407 Proxy Authentication Required") as proxy:
        there = proxy.url.removesuffix("graphql").replace("//", f"//ada:{TOKEN}@")
        for url in (there, f"http://ada:{TOKEN}@127.0.0.1:{port}/"):
            with pytest.raises(Exception, match="nothing was sent") as caught:
                await transport.execute(MUTATION, extra_args={"proxy": url})
            functions = [f for f in shown(caught.value) if f != "execute"]
            assert functions == []  # only where the caller's own argument is
    await transport.close()
