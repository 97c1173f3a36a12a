"""The sockets: AppSync's and Cognito's endpoints on one port, with faults on the way in."""

from __future__ import annotations

import asyncio
import json
import uuid
from email.utils import formatdate
from typing import TYPE_CHECKING, NoReturn

from aiohttp import web

from .appsync import Api, ApiAnswer, Caller
from .cognito import CognitoError, Pool
from .keys import jwks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from .faults import Fault, Faults
    from .record import Record

__all__ = ["Server"]

_TARGET = "AWSCognitoIdentityProviderService."


class Server:
    """Gives requests to the API and the user pool, and their answers AWS's outer form."""

    def __init__(
        self,
        api: Api,
        pool: Pool,
        *,
        faults: Faults,
        record: Record,
        now: Callable[[], float],
        latency: float,
    ) -> None:
        self._api, self._pool = api, pool
        self._faults, self._record = faults, record
        self._now, self._latency = now, latency
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> int:
        """Listen on loopback; return the port."""
        app = web.Application()
        # A later realtime endpoint is one more route here: /graphql/realtime.
        app.router.add_route("GET", "/graphql", self._graphql)
        app.router.add_route("POST", "/graphql", self._graphql)
        app.router.add_post("/", self._cognito)
        app.router.add_get(f"/{self._pool.pool_id}/.well-known/jwks.json", self._jwks)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        bound: int = self._runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read() if request.method == "POST" else _from_query(request)

        async def answer() -> ApiAnswer:
            caller = self._api.admit(request.headers)
            if not isinstance(caller, Caller):
                return caller
            return await self._api.execute(caller, raw)

        async def respond() -> web.Response:
            given = await answer()
            headers = {"Content-Type": "application/json;charset=UTF-8"}
            if given.status >= web.HTTPBadRequest.status_code and given.error_type:
                headers["x-amzn-errortype"] = given.error_type
            self._record.note(
                request,
                raw,
                operation=given.operation,
                status=given.status,
                error_type=given.error_type,
            )
            return self._response(given.status, json.dumps(given.body).encode(), headers)

        return await self._with_fault(request, self._faults.next("graphql"), respond, raw)

    async def _cognito(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        operation = request.headers.get("x-amz-target", "").removeprefix(_TARGET)
        self._record.counters[f"cognito.{operation}"] += 1

        async def respond() -> web.Response:
            headers = {"Content-Type": "application/x-amz-json-1.1"}
            status, name = 200, None
            try:
                body = self._pool.call(operation, json.loads(raw or b"{}"))
            except CognitoError as error:
                status, name = error.status, error.name
                body = {"__type": name, "message": error.message}
                # With a colon after the name, as Cognito sends it.
                headers |= {"x-amzn-ErrorType": f"{name}:", "x-amzn-ErrorMessage": error.message}
            self._record.note(request, raw, operation=operation, status=status, error_type=name)
            return self._response(status, json.dumps(body).encode(), headers)

        fault = self._faults.next("cognito")
        return await self._with_fault(request, fault, respond, raw)

    async def _jwks(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(jwks())

    async def _with_fault(
        self,
        request: web.Request,
        fault: Fault | None,
        respond: Callable[[], Awaitable[web.Response]],
        raw: bytes,
    ) -> web.StreamResponse:
        if self._latency:
            await asyncio.sleep(self._latency)
        if fault is None:
            return await respond()
        if fault.hold is not None:
            await fault.hold.wait()
        await asyncio.sleep(fault.seconds)
        if not fault.answers:
            return await respond()
        if fault.after_execution:
            await respond()
        else:
            self._record.note(request, raw, operation=None, status=fault.status, error_type="fault")
        if fault.drop:
            _abort(request)
        return self._response(fault.status, fault.body, fault.headers)

    def _response(self, status: int, body: bytes, headers: Mapping[str, str]) -> web.Response:
        date = formatdate(self._now(), usegmt=True)
        common = {"Date": date, "x-amzn-RequestId": str(uuid.uuid4())}
        return web.Response(status=status, body=body, headers={**common, **headers})


def _from_query(request: web.Request) -> bytes:
    """AppSync takes operations by GET too."""
    variables = json.loads(request.query.get("variables") or "{}")
    return json.dumps({"query": request.query.get("query"), "variables": variables}).encode()


def _abort(request: web.Request) -> NoReturn:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError
