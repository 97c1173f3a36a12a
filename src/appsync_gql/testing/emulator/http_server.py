"""The HTTP server: the endpoints of AppSync and other services on one port, with faults."""

from __future__ import annotations

import asyncio
import errno
import uuid
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, NoReturn

from aiohttp import web

from .authorization import AuthorizationFailed, AuthorizationRequest
from .hosted_pages import HostedPages
from .http_responses import HttpResponse, body_of_get, of_appsync
from .recorded_requests import RecordedRequest, fingerprint, without_token
from .responses import request_error
from .token_signing import jwks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .api import Api
    from .auth_oidc import OidcMode
    from .aws_services import AwsServices
    from .faults import Endpoint, Fault, Faults
    from .operations import Operation
    from .realtime import Realtime
    from .recorded_requests import RecordedRequests
    from .resolvers import Caller
    from .responses import ApiResponse

__all__ = ["HttpServer"]

_SHUTDOWN_TIMEOUT = 1.0
"""Seconds that requests in progress may take when the emulator stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    """The part of a :class:`RecordedRequest` that is known before the response."""

    endpoint: Endpoint
    at: float
    operation: str | None
    name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


class HttpServer:
    """Passes requests to the API and the other AWS services, and sends their responses.

    Args:
        api: the GraphQL API.
        services: the other services.
        pool_id: of the user pool.
        faults: of all.
        requests: where requests are recorded.
        now: the server's clock, seconds since the epoch.
        latency: see the attribute.
        realtime: the real-time endpoint.
        oidc: the OpenID Connect issuer; ``None`` if there is none.

    Attributes:
        latency: seconds by which each response is delayed.
    """

    def __init__(
        self,
        api: Api,
        services: AwsServices,
        *,
        pool_id: str,
        faults: Faults,
        requests: RecordedRequests,
        now: Callable[[], float],
        latency: float,
        realtime: Realtime,
        oidc: OidcMode | None = None,
    ) -> None:
        self._api, self._services, self._pool_id = api, services, pool_id
        self._realtime, self._oidc = realtime, oidc
        self._faults, self._requests = faults, requests
        self._now, self.latency = now, latency
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1; return the port.

        Args:
            port: 0 for any free one.

        Raises:
            RuntimeError: the server is running already.
            OSError: the port can't be used.
        """
        if self._runner is not None:
            msg = "this emulator is running already; create another one"
            raise RuntimeError(msg)
        app = web.Application()
        self._add_routes(app)
        app.on_response_prepare.append(self._add_common_headers)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as error:
            await runner.cleanup()
            raise _port_error(error, port) from None
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
        # Custom domains have the real-time endpoint at this path.
        app.router.add_get("/graphql/realtime", self._realtime.handle, allow_head=False)
        app.on_shutdown.append(self._close_sockets)
        app.router.add_post("/", self._service)
        HostedPages(self._services.user_pool, self._now).add_routes(app)
        app.router.add_get(f"/{self._pool_id}/.well-known/jwks.json", self._jwks)
        app.router.add_get("/oidc/.well-known/{document}", self._oidc_document)

    async def _close_sockets(self, _app: web.Application) -> None:
        await self._realtime.close_sockets(1001)

    async def _add_common_headers(
        self, _request: web.Request, response: web.StreamResponse
    ) -> None:
        """Add the headers of every AWS response; the date is by the server's clock."""
        response.headers["Date"] = formatdate(self._now(), usegmt=True)
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())

    # -- AppSync ---------------------------------------------------------------------

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._realtime.handle(request)  # AppSync's own domains, private APIs
        sent = await request.read()
        raw = sent if request.method == "POST" else body_of_get(request.query)
        operation = self._api.read(raw)
        received = _Received(
            endpoint="graphql",
            at=self._now(),
            operation=operation.kind,
            name=operation.name,
            variables=operation.variables,
        )
        wanted = _authorization_request(request, sent)

        async def respond(fault: Fault | None) -> HttpResponse:
            try:
                caller = await self._api.authorize(wanted)
            except AuthorizationFailed as failed:
                error = request_error(failed.error_type, failed.message, failed.status)
                return of_appsync(error)
            if fault is not None and fault.deny:
                return of_appsync(self._api.deny(operation))
            return of_appsync(await self._execute(caller, operation))

        return await self._serve(request, received, respond)

    async def _execute(self, caller: Caller, operation: Operation) -> ApiResponse:
        if operation.problem is None:
            kind = {"query": "queries", "mutation": "mutations"}.get(operation.kind or "")
            self._requests.counters[kind or "unnamed"] += 1
        response = await self._api.execute(caller, operation)
        await self._realtime.publish_triggered(operation, response)
        return response

    # -- the other services ------------------------------------------------------------

    async def _service(self, request: web.Request) -> web.StreamResponse:
        wanted = _authorization_request(request, await request.read())
        operation = self._services.operation(wanted)
        self._requests.counters[f"cognito.{operation}"] += 1
        received = _Received(endpoint="cognito", at=self._now(), operation=operation)

        async def respond(_fault: Fault | None) -> HttpResponse:
            return self._services.respond(wanted)

        return await self._serve(request, received, respond)

    async def _jwks(self, request: web.Request) -> web.StreamResponse:
        received = _Received(endpoint="cognito", at=self._now(), operation="JWKS")
        self._record(request, received, 200, None)
        return web.json_response(jwks())

    async def _oidc_document(self, request: web.Request) -> web.StreamResponse:
        document = request.match_info["document"]
        if self._oidc is not None and document == "openid-configuration":
            return web.json_response(self._oidc.discovery(f"http://{request.host}/oidc"))
        if self._oidc is not None and document == "jwks.json":
            return web.json_response(self._oidc.jwks())
        raise web.HTTPNotFound

    # -- both --------------------------------------------------------------------------

    async def _serve(
        self,
        request: web.Request,
        received: _Received,
        respond: Callable[[Fault | None], Awaitable[HttpResponse]],
    ) -> web.StreamResponse:
        """Apply latency and fault, send the response, and record the request."""
        fault = self._faults.next(received.endpoint)
        if self.latency:
            await asyncio.sleep(self.latency)
        if fault is None:
            response = await respond(None)
        else:
            response = await _with_fault(fault, respond)
        self._record(request, received, response.status, response.error_type)
        if response.status == 0:
            _drop(request)
        return web.Response(status=response.status, body=response.body, headers=response.headers)

    def _record(
        self, request: web.Request, received: _Received, status: int, error_type: str | None
    ) -> None:
        self._requests.add(
            RecordedRequest(
                at=received.at,
                endpoint=received.endpoint,
                operation=received.operation,
                name=received.name,
                status=status,
                error_type=error_type,
                token=fingerprint(request.headers.get("Authorization")),
                headers=without_token(request.headers),
                variables=received.variables,
            )
        )


async def _with_fault(
    fault: Fault, respond: Callable[[Fault | None], Awaitable[HttpResponse]]
) -> HttpResponse:
    if fault.hold is not None:
        await fault.hold.wait()
    if fault.seconds:
        await asyncio.sleep(fault.seconds)
    if not fault.replaces_response:
        return await respond(fault)
    if fault.after_execution:
        await respond(None)
    return HttpResponse(
        status=0 if fault.drop else fault.status,
        body=fault.body,
        headers=fault.headers,
        error_type=fault.error_type,
    )


def _drop(request: web.Request) -> NoReturn:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


def _authorization_request(request: web.Request, body: bytes) -> AuthorizationRequest:
    return AuthorizationRequest(
        headers=request.headers,
        path=request.rel_url.raw_path,
        query=request.rel_url.raw_query_string,
        method=request.method,
        body=body,
    )


def _port_error(error: OSError, port: int) -> OSError:
    """Return an error that says what to do about a port that can't be used."""
    if error.errno == errno.EADDRINUSE:
        text = f"the address 127.0.0.1:{port} is in use: choose another port, or 0 for any free one"
        return OSError(error.errno, text)
    return error
