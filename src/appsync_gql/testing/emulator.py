"""AppSync and Cognito on loopback, with real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
import uuid
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, NoReturn

from aiohttp import web

from .appsync import Api, ApiAnswer, Caller, Resolvers
from .cognito import CognitoError, Pool, User, user_of, with_groups
from .faults import Fault, Faults
from .keys import jwks, mint
from .schema import SCHEMA
from .schema import resolvers as default_resolvers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping

    from typing_extensions import Self

    from ..tokens import Tokens

__all__ = ["Emulator", "RecordedRequest"]

_LOG_LENGTH = 100_000
_MAX_GRACE = 60
_TARGET = "AWSCognitoIdentityProviderService."


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request that came in.

    Attributes:
        at: the server's time, seconds since the epoch.
        endpoint: ``"graphql"`` or ``"cognito"``.
        operation: query, mutation or subscription, or Cognito's call; ``None`` if not reached.
        status: of the answer; 0 when the connection was dropped.
        error_type: of the first error.
        token: a fingerprint of the ``Authorization`` header, equal for equal tokens.
        headers: the others.
        variables: of a GraphQL request.
    """

    at: float
    endpoint: str
    operation: str | None
    status: int
    error_type: str | None
    token: str | None
    headers: Mapping[str, str] = field(repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict)


class Emulator:
    """AppSync's HTTP endpoint and a Cognito user pool, on 127.0.0.1.

    Start it with ``async with Emulator() as emulator`` in your own event loop,
    or with ``with Emulator.in_thread() as emulator`` on one of its own. All
    methods may be called from any thread. A user ``ada`` with the password
    ``correct horse`` exists from the start.

    Args:
        schema: the API's schema in SDL; ``None`` for a small one of items.
        resolvers: ``{"Query": {"field": resolver}}``; fields without one are read off their parent.
        token_lifetime: seconds that access and ID tokens live.
        refresh_token_lifetime: seconds that a session lives.
        rotation: whether a refresh gives a new refresh token and retires the old.
        grace_period: seconds that a retired one still works, 0 to 60.
        client_secret: of the app client; ``None`` for a public one.
        device_remembering: whether a refresh needs a device key.
        gets_tokens_from_refresh_token: whether Cognito has that call; emulators often don't.
        api_keys: accepted in ``x-api-key``.
        region: of the pool and the API.
        clock_offset: the server's clock minus this machine's, in seconds.
        latency: seconds by which each answer is delayed.
        port: 0 for any that is free.

    Attributes:
        faults: what is to go wrong; see :class:`Faults`.
        requests: the last 100,000 requests.
        counters: ``graphql``, ``graphql.401``, ``cognito``, ``cognito.InitiateAuth``,
            ``refreshes``, ``reuse`` (of a retired refresh token), ``issued``.
        executions: how often ``createItem`` ran with each key.

    Raises:
        ValueError: an argument is out of range, or the schema does not fit the resolvers.
        MissingExtra: ``pip install "appsync-gql[testing]"`` is needed.
    """

    def __init__(
        self,
        schema: str | None = None,
        resolvers: Resolvers | None = None,
        *,
        token_lifetime: int = 3600,
        refresh_token_lifetime: int = 30 * 86400,
        rotation: bool = False,
        grace_period: float = 0.0,
        client_secret: str | None = None,
        device_remembering: bool = False,
        gets_tokens_from_refresh_token: bool = True,
        api_keys: Collection[str] = (),
        region: str = "us-east-1",
        clock_offset: float = 0.0,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        if not 0 <= grace_period <= _MAX_GRACE:
            msg = f"grace_period is 0 to {_MAX_GRACE} seconds, as in Cognito"
            raise ValueError(msg)
        if token_lifetime < 1 or refresh_token_lifetime < 1:
            msg = "tokens live for a second at least"
            raise ValueError(msg)
        self.region = region
        self.user_pool_id = f"{region}_Emulator1"
        self.client_id = "emulator1client0000000000"
        self.client_secret = client_secret
        self.issuer = f"https://cognito-idp.{region}.amazonaws.com/{self.user_pool_id}"
        self.latency = latency
        self.faults = Faults()
        self.requests: deque[RecordedRequest] = deque(maxlen=_LOG_LENGTH)
        self.counters: Counter[str] = Counter()
        self.executions: Counter[str] = Counter()
        self._offset, self._port = clock_offset, port
        self._runner: web.AppRunner | None = None
        self._pool = Pool(
            pool_id=self.user_pool_id,
            client_id=self.client_id,
            client_secret=client_secret,
            issuer=self.issuer,
            token_lifetime=token_lifetime,
            refresh_token_lifetime=refresh_token_lifetime,
            rotation=rotation,
            grace_period=grace_period,
            device_remembering=device_remembering,
            has_new_call=gets_tokens_from_refresh_token,
            now=self.now,
            counters=self.counters,
        )
        self.add_user("ada", "correct horse")
        self._api = Api(
            SCHEMA if schema is None else schema,
            (default_resolvers(self.executions) if schema is None else {})
            if resolvers is None
            else resolvers,
            issuer=self.issuer,
            client_id=self.client_id,
            api_keys=api_keys,
            now=self.now,
        )

    # -- users, tokens, time --------------------------------------------------------

    def now(self) -> float:
        """The server's clock, seconds since the epoch."""
        return time.time() + self._offset

    def shift_clock(self, seconds: float) -> None:
        """Set the server's clock that much ahead (or back); tokens expire accordingly."""
        self._offset += seconds

    def add_user(
        self,
        username: str,
        password: str = "correct horse",
        *,
        groups: Collection[str] = (),
        mfa_code: str | None = None,
        temporary_password: bool = False,
    ) -> None:
        """Add a user, or replace one.

        Args:
            username: the pool's name of the user.
            password: for signing in.
            groups: ``cognito:groups``.
            mfa_code: the code that answers ``SOFTWARE_TOKEN_MFA``; ``None`` for no such challenge.
            temporary_password: whether sign-in ends in ``NEW_PASSWORD_REQUIRED``.
        """
        self._pool.users[username] = User(
            username, password, tuple(groups), mfa_code, temporary_password
        )

    def set_groups(self, username: str, groups: Collection[str]) -> None:
        """Change a user's groups; tokens issued from now on carry them."""
        with_groups(user_of(self._pool, username), groups)

    def disable_user(self, username: str) -> None:
        """Let sign-in and refresh fail for a user; JWTs are accepted until they expire."""
        user_of(self._pool, username).disabled = True

    def enable_user(self, username: str) -> None:
        """Undo :meth:`disable_user`."""
        user_of(self._pool, username).disabled = False

    def sign_out(self, username: str) -> None:
        """Revoke all refresh tokens of a user; JWTs are accepted until they expire."""
        user_of(self._pool, username)
        self._pool.revoke_all(username)

    def issue_tokens(
        self, username: str = "ada", *, lifetime: int | None = None, issued_ago: float = 0.0
    ) -> Tokens:
        """Sign a user in without a socket.

        Args:
            username: the user.
            lifetime: seconds, in place of ``token_lifetime``.
            issued_ago: seconds by which the JWTs are older than now.
        """
        return self._pool.tokens(user_of(self._pool, username), lifetime, issued_ago)

    def forge_token(self, username: str = "ada") -> str:
        """Make an access token that is right in everything but the key."""
        user = user_of(self._pool, username)
        return mint(self._pool.claims(user, "access", "forged", 3600, 0.0), owner="forger")

    # -- life -------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        # A later realtime endpoint is one more route here: /graphql/realtime.
        app.router.add_route("GET", "/graphql", self._graphql)
        app.router.add_route("POST", "/graphql", self._graphql)
        app.router.add_post("/", self._cognito)
        app.router.add_get(f"/{self.user_pool_id}/.well-known/jwks.json", self._jwks)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening; whatever is held is released."""
        self.faults.clear()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @classmethod
    @contextmanager
    def in_thread(cls, *args: Any, **kwargs: Any) -> Iterator[Self]:
        """Run an emulator on a thread and loop of its own; arguments as for the class."""
        emulator, ready, failure = cls(*args, **kwargs), threading.Event(), list[BaseException]()
        stopping: asyncio.Event | None = None
        loop: asyncio.AbstractEventLoop | None = None

        async def serve() -> None:
            nonlocal stopping, loop
            stopping, loop = asyncio.Event(), asyncio.get_running_loop()
            async with emulator:
                ready.set()
                await stopping.wait()

        def run() -> None:
            try:
                asyncio.run(serve())
            except BaseException as error:  # noqa: BLE001 - told to the thread that asked
                failure.append(error)
            finally:
                ready.set()

        thread = threading.Thread(target=run, name="appsync-emulator", daemon=True)
        thread.start()
        ready.wait()
        try:
            if failure:
                raise failure[0]
            yield emulator
        finally:
            if loop is not None and stopping is not None and not failure:
                loop.call_soon_threadsafe(stopping.set)
            thread.join(10)

    @property
    def cognito_url(self) -> str:
        """For ``CognitoProvider(endpoint_url=…)``."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def graphql_url(self) -> str:
        """For ``AppSyncTransport``."""
        return f"{self.cognito_url}/graphql"

    def __repr__(self) -> str:
        return f"<Emulator {self.graphql_url}>"

    # -- the two endpoints --------------------------------------------------------------

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
            self._note(
                request,
                raw,
                operation=given.operation,
                status=given.status,
                error_type=given.error_type,
            )
            return self._response(given.status, json.dumps(given.body).encode(), headers)

        return await self._with_fault(request, self.faults.next("graphql"), respond, raw)

    async def _cognito(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        operation = request.headers.get("x-amz-target", "").removeprefix(_TARGET)
        self.counters[f"cognito.{operation}"] += 1

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
            self._note(request, raw, operation=operation, status=status, error_type=name)
            return self._response(status, json.dumps(body).encode(), headers)

        fault = self.faults.next("cognito")
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
        if self.latency:
            await asyncio.sleep(self.latency)
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
            self._note(request, raw, operation=None, status=fault.status, error_type="fault")
        if fault.drop:
            _abort(request)
        return self._response(fault.status, fault.body, fault.headers)

    def _response(self, status: int, body: bytes, headers: Mapping[str, str]) -> web.Response:
        date = formatdate(self.now(), usegmt=True)
        common = {"Date": date, "x-amzn-RequestId": str(uuid.uuid4())}
        return web.Response(status=status, body=body, headers={**common, **headers})

    def _note(
        self,
        request: web.Request,
        raw: bytes,
        *,
        operation: str | None,
        status: int,
        error_type: str | None,
    ) -> None:
        endpoint = "cognito" if request.path == "/" else "graphql"
        self.counters[endpoint] += 1
        self.counters[f"{endpoint}.{status}"] += 1
        token = request.headers.get("Authorization")
        self.requests.append(
            RecordedRequest(
                at=self.now(),
                endpoint=endpoint,
                operation=operation,
                status=status,
                error_type=error_type,
                token=hashlib.sha256(token.encode()).hexdigest()[:12] if token else None,
                headers={k: v for k, v in request.headers.items() if k != "Authorization"},
                variables=_variables(raw) if endpoint == "graphql" else {},
            )
        )


def _from_query(request: web.Request) -> bytes:
    """AppSync takes operations by GET too."""
    variables = json.loads(request.query.get("variables") or "{}")
    return json.dumps({"query": request.query.get("query"), "variables": variables}).encode()


def _variables(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    found = body.get("variables") if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _abort(request: web.Request) -> NoReturn:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError
