"""Opening a WebSocket."""

from __future__ import annotations

import pytest
from aiohttp import web
from gql import Client
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication

from appsync_gql import (
    AppSyncTransport,
    BadRequest,
    RealtimeSettings,
)
from support.realtime import (
    CREATED,
    Server,
    next_result,
)


async def test_a_redirect_takes_no_token_along(server: Server, settings: RealtimeSettings) -> None:
    async def elsewhere(_request: web.Request) -> web.Response:
        raise web.HTTPFound(server.url + "/realtime")

    app = web.Application()
    app.router.add_get("/graphql/realtime", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    key = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-example")
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/graphql"
    try:
        async with Client(transport=AppSyncTransport(url, auth=key, realtime=settings)) as session:
            with pytest.raises(BadRequest, match="redirects"):
                await next_result(session.subscribe(CREATED))
        assert not server.sockets
    finally:
        await runner.cleanup()
