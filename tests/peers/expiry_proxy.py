"""A proxy that checks a token's expiry before execution, which the simulator does not do."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import jwt
from aiohttp import ClientSession, web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_FORWARDED = ("Authorization", "x-api-key", "Content-Type")


class ExpiryProxy:
    """Refuses expired JWTs as AppSync does, and forwards all other requests.

    Attributes:
        url: of the proxy.
        requests: how many POST requests it received.
        refused: how many of them it refused with 401.
        tokens: the different tokens that it received, in order.
        reject: tokens that it refuses although they are valid.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._session: ClientSession | None = None
        self.url = ""
        self.requests = 0
        self.refused = 0
        self.tokens: list[str] = []
        self.reject: set[str] = set()

    @classmethod
    @asynccontextmanager
    async def before(cls, target: str) -> AsyncIterator[ExpiryProxy]:
        """Run a proxy of the API at this URL, on a free port of loopback."""
        proxy = cls(target)
        app = web.Application()
        app.router.add_post("/graphql", proxy._respond)
        runner = web.AppRunner(app, access_log=None)
        async with ClientSession() as proxy._session:
            await runner.setup()
            try:
                site = web.TCPSite(runner, "127.0.0.1", 0)
                await site.start()
                host, port = runner.addresses[0][:2]
                proxy.url = f"http://{host}:{port}/graphql"
                yield proxy
            finally:
                await runner.cleanup()

    async def _respond(self, request: web.Request) -> web.Response:
        self.requests += 1
        token = request.headers.get("Authorization")
        if token is not None and not self._accepts(token):
            self.refused += 1
            error = {"errorType": "UnauthorizedException", "message": "Token has expired."}
            return web.json_response(
                {"errors": [error]},
                status=401,
                headers={"x-amzn-errortype": "UnauthorizedException"},
            )
        return await self._forward(request)

    def _accepts(self, token: str) -> bool:
        if token not in self.tokens:
            self.tokens.append(token)
        if token in self.reject:
            return False
        try:
            expires_at: float = jwt.decode(token, options={"verify_signature": False})["exp"]
        except jwt.DecodeError:
            return True  # not a JWT: the simulator refuses it
        return time.time() < expires_at

    async def _forward(self, request: web.Request) -> web.Response:
        assert self._session is not None
        headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
        async with self._session.post(
            self._target, data=await request.read(), headers=headers
        ) as response:
            return web.Response(
                status=response.status,
                body=await response.read(),
                content_type=response.content_type,
            )
