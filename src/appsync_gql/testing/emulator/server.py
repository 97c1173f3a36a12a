"""The sockets: AppSync's and Cognito's endpoints on one port, with faults on the way in."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from aiohttp import web

from .appsync import Api, ApiAnswer, Caller, Operation
from .cognito import CognitoError, Pool
from .faults import CONTENT_TYPES, Endpoint, Fault
from .keys import jwks
from .record import Record, RecordedRequest, fingerprint, harmless

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .faults import Faults
    from .realtime import Realtime

__all__ = ["Server"]

_TARGET = "AWSCognitoIdentityProviderService."
_PATIENCE = 1.0
"""Seconds that requests under way get to end when the emulator stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What goes out; status 0 for a closed connection."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    error_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is known of a request when it comes in."""

    endpoint: Endpoint
    at: float
    operation: str | None
    name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


class Server:
    """Gives requests to the API and the user pool, and their answers AWS's outer form.

    Attributes:
        latency: seconds by which each answer is delayed.
    """

    def __init__(
        self,
        api: Api,
        pool: Pool,
        *,
        faults: Faults,
        record: Record,
        now: Callable[[], float],
        latency: float,
        realtime: Realtime,
    ) -> None:
        self._api, self._pool, self._realtime = api, pool, realtime
        self._faults, self._record = faults, record
        self._now, self.latency = now, latency
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> int:
        """Listen on loopback; return the port.

        Raises:
            RuntimeError: it is listening already.
            OSError: the port is taken.
        """
        if self._runner is not None:
            msg = "this emulator is running already; make another one"
            raise RuntimeError(msg)
        app = web.Application()
        self._add_routes(app)
        app.on_response_prepare.append(self._stamp)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_PATIENCE)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        bound: int = runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _add_routes(self, app: web.Application) -> None:
        app.router.add_get("/graphql", self._graphql, allow_head=False)
        app.router.add_post("/graphql", self._graphql)
        # Where custom domains have it.
        app.router.add_get("/graphql/realtime", self._realtime.handle, allow_head=False)
        app.on_shutdown.append(self._hang_up)
        app.router.add_post("/", self._cognito)
        app.router.add_get(f"/{self._pool.pool_id}/.well-known/jwks.json", self._jwks)

    async def _hang_up(self, _app: web.Application) -> None:
        await self._realtime.stop()

    async def _stamp(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Add what every answer of AWS has; the date is the server's, not this machine's."""
        response.headers["Date"] = formatdate(self._now(), usegmt=True)
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())

    # -- AppSync ---------------------------------------------------------------------

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read() if request.method == "POST" else _from_query(request)
        operation = self._api.read(raw)
        seen = _Seen(
            endpoint="graphql",
            at=self._now(),
            operation=operation.kind,
            name=operation.name,
            variables=operation.variables,
        )

        async def respond(fault: Fault | None) -> _Answer:
            caller = self._api.admit(request.headers)
            if not isinstance(caller, Caller):
                return _outgoing(caller)
            if fault is not None and fault.deny:
                return _outgoing(self._api.deny(operation))
            return _outgoing(await self._execute(caller, operation))

        return await self._serve(request, seen, respond)

    async def _execute(self, caller: Caller, operation: Operation) -> ApiAnswer:
        if operation.problem is None:
            kind = {"query": "queries", "mutation": "mutations"}.get(operation.kind or "")
            self._record.counters[kind or "unnamed"] += 1
        answer = await self._api.execute(caller, operation)
        await self._realtime.mutated(operation, answer)
        return answer

    # -- Cognito -----------------------------------------------------------------------

    async def _cognito(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        operation = request.headers.get("x-amz-target", "").removeprefix(_TARGET)
        self._record.counters[f"cognito.{operation}"] += 1
        seen = _Seen(endpoint="cognito", at=self._now(), operation=operation)

        async def respond(_fault: Fault | None) -> _Answer:
            try:
                body = self._pool.call(operation, _parsed(raw))
            except CognitoError as error:
                return _failed(error)
            return _Answer(
                status=200,
                body=json.dumps(body).encode(),
                headers={"Content-Type": CONTENT_TYPES["cognito"]},
            )

        return await self._serve(request, seen, respond)

    async def _jwks(self, request: web.Request) -> web.StreamResponse:
        self._note(request, _Seen(endpoint="cognito", at=self._now(), operation="JWKS"), 200, None)
        return web.json_response(jwks())

    # -- both --------------------------------------------------------------------------

    async def _serve(
        self,
        request: web.Request,
        seen: _Seen,
        respond: Callable[[Fault | None], Awaitable[_Answer]],
    ) -> web.StreamResponse:
        """Send a request its way: latency, fault, answer; and write it down."""
        fault = self._faults.next(seen.endpoint)
        if self.latency:
            await asyncio.sleep(self.latency)
        if fault is None:
            answer = await respond(None)
        else:
            answer = await _faulty(fault, respond)
        self._note(request, seen, answer.status, answer.error_type)
        if answer.status == 0:
            _abort(request)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    def _note(self, request: web.Request, seen: _Seen, status: int, error_type: str | None) -> None:
        self._record.add(
            RecordedRequest(
                at=seen.at,
                endpoint=seen.endpoint,
                operation=seen.operation,
                name=seen.name,
                status=status,
                error_type=error_type,
                token=fingerprint(request.headers.get("Authorization")),
                headers=harmless(request.headers),
                variables=seen.variables,
            )
        )


async def _faulty(fault: Fault, respond: Callable[[Fault | None], Awaitable[_Answer]]) -> _Answer:
    if fault.hold is not None:
        await fault.hold.wait()
    if fault.seconds:
        await asyncio.sleep(fault.seconds)
    if not fault.answers:
        return await respond(fault)
    if fault.after_execution:
        await respond(None)
    return _Answer(
        status=0 if fault.drop else fault.status,
        body=fault.body,
        headers=fault.headers,
        error_type=fault.error_type,
    )


def _outgoing(answer: ApiAnswer) -> _Answer:
    headers = {"Content-Type": CONTENT_TYPES["graphql"]}
    if answer.status >= HTTPStatus.BAD_REQUEST and answer.error_type:
        headers["x-amzn-errortype"] = answer.error_type
    return _Answer(
        status=answer.status,
        body=json.dumps(answer.body, default=str).encode(),
        headers=headers,
        error_type=answer.error_type,
    )


def _failed(error: CognitoError) -> _Answer:
    headers = {"Content-Type": CONTENT_TYPES["cognito"]}
    if "#" not in error.name:  # those are other emulators' own
        # With a colon after the name, as Cognito sends it.
        headers |= {"x-amzn-ErrorType": f"{error.name}:", "x-amzn-ErrorMessage": error.message}
    body = {"__type": error.name, "message": error.message}
    return _Answer(
        status=error.status,
        body=json.dumps(body).encode(),
        headers=headers,
        error_type=error.name,
    )


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw or b"{}")
    except ValueError:
        return None


def _from_query(request: web.Request) -> bytes:
    """AppSync takes operations by GET too."""
    given = request.query
    try:
        variables = json.loads(given.get("variables") or "{}")
    except ValueError:
        variables = "not JSON"
    body = {
        "query": given.get("query"),
        "variables": variables,
        "operationName": given.get("operationName"),
    }
    return json.dumps(body).encode()


def _abort(request: web.Request) -> NoReturn:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError
