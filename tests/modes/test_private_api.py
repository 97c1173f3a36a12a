"""Private APIs: the URL has the host of a VPC endpoint, and ``api_host`` is the API's own.

https://docs.aws.amazon.com/appsync/latest/devguide/using-private-apis.html
"""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from gql import Client, gql

from appsync_gql import AppSyncTransport, BlockingAppSyncTransport, ConfigurationError
from support.modes import MODES, Api, Mode, each_of, passing
from support.realtime import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "abc.appsync-api.us-east-1.amazonaws.com"
DOMAIN = "abc.appsync-realtime-api.us-east-1.amazonaws.com"
ME = gql("{ me { username } }")
CREATED = gql("subscription { onCreateItem { id } }")

OURS = [mode for mode in MODES if not mode.name.startswith("gql's")]
each = each_of(OURS)


@each
async def test_requests_name_the_apis_own_host_and_are_signed_for_it(api: Api, mode: Mode) -> None:
    """The emulator verifies signatures for the host that it receives."""
    auth = mode.make(api)
    transport = AppSyncTransport(api.emulator.graphql_url, auth=auth, api_host=HOST)
    async with Client(transport=transport) as session:
        found = await session.execute(ME)
        if mode.issued is not None:
            api.emulator.faults.refuse(1)
        await session.execute(ME)
    assert found["me"]["username"].startswith(mode.username)
    sent = [r for r in api.emulator.requests if r.endpoint == "graphql"]
    assert {request.headers["Host"] for request in sent} == {HOST}


def test_synchronous_requests_do_so_too(api: Api) -> None:
    transport = BlockingAppSyncTransport(
        api.emulator.graphql_url, auth=OURS[0].make(api), api_host=HOST
    )
    assert Client(transport=transport).execute(ME) == {"me": {"username": "(API key)"}}
    assert api.emulator.requests[-1].headers["Host"] == HOST


async def test_requests_without_authorization_do_so_too(api: Api) -> None:
    headers = {"x-api-key": "da2-key"}
    transport = AppSyncTransport(api.emulator.graphql_url, headers=headers, api_host=HOST)
    async with Client(transport=transport) as session:
        await session.execute(ME)
    assert api.emulator.requests[-1].headers["Host"] == HOST


@each
async def test_subscriptions_work_at_the_endpoints_own_path(api: Api, mode: Mode) -> None:
    auth = mode.make(api)
    transport = AppSyncTransport(api.emulator.graphql_url, auth=auth, api_host=HOST)
    async with Client(transport=transport) as session:
        events = session.subscribe(CREATED)
        first = asyncio.ensure_future(anext(events))
        await passing(lambda: api.emulator.realtime.registrations == 1)
        api.emulator.realtime.publish("onCreateItem", {"id": "tea", "name": "n"})
        assert await asyncio.wait_for(first, 10) == {"onCreateItem": {"id": "tea"}}
        await events.aclose()


class Endpoint(Server):
    """A real-time endpoint that keeps what handshakes contain."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return await super().handle(request)


@asynccontextmanager
async def endpoint() -> AsyncIterator[Endpoint]:
    found = Endpoint()
    app = web.Application()
    app.router.add_get("/{path:.*}", found.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/graphql"
    yield found
    found.cut()
    await runner.cleanup()


def authorization_of(headers: dict[str, str]) -> dict[str, Any]:
    encoded = headers["sec-websocket-protocol"].partition("header-")[2]
    padded = encoded + "=" * (-len(encoded) % 4)
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(padded))
    return found


@each
async def test_handshakes_and_starts_are_as_documented(api: Api, mode: Mode) -> None:
    async with endpoint() as server:
        transport = AppSyncTransport(server.url, auth=mode.make(api), api_host=HOST)
        async with Client(transport=transport) as session:
            events = session.subscribe(CREATED)
            first = asyncio.ensure_future(anext(events))
            await passing(lambda: len(server.registered) == 1)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await events.aclose()
    (headers,) = server.headers
    assert server.paths == ["/graphql"]
    assert headers["x-appsync-domain"] == DOMAIN
    assert headers["host"] == server.url.split("/")[2], "the endpoint's own"
    handshake, (start,) = authorization_of(headers), server.authorizations
    assert (handshake["host"], start["host"]) == (HOST, HOST)
    if "IAM" in mode.name or "identity" in mode.name:
        assert "/us-east-1/appsync/" in handshake["Authorization"]
        assert "x-appsync-domain" in handshake["Authorization"], "it is signed where it is sent"


async def test_another_real_time_endpoint_may_be_given(api: Api) -> None:
    async with endpoint() as server:
        transport = AppSyncTransport(
            api.emulator.graphql_url,
            auth=OURS[0].make(api),
            api_host=HOST,
            realtime_url=server.url.replace("http", "ws") + "/elsewhere",
        )
        async with Client(transport=transport) as session:
            events = session.subscribe(CREATED)
            first = asyncio.ensure_future(anext(events))
            await passing(lambda: len(server.registered) == 1)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await events.aclose()
    assert server.paths == ["/graphql/elsewhere"]


@pytest.mark.parametrize(
    "api_host",
    ["", "https://" + HOST, HOST + "/graphql", "api.example.com", "abc.amazonaws.com", 7],
)
def test_what_is_no_host_of_an_api_is_refused(api_host: Any) -> None:
    with pytest.raises(ConfigurationError, match="own host") as caught:
        AppSyncTransport(f"https://{HOST}/graphql", api_host=api_host)
    assert caught.value.setting == "api_host"
