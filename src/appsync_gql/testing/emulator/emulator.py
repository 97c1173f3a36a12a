"""AppSync, Cognito and STS on loopback, with real sockets."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...secret import Secret
from .api import Api
from .api_modes import create_modes
from .arguments import check_lifetime, check_numbers
from .aws_controls import AwsControls
from .aws_services import AwsServices
from .background_thread import running_in_thread
from .default_schema import SCHEMA
from .default_schema import resolvers as default_resolvers
from .faults import Faults
from .http_server import HttpServer
from .identity_pool import IdentityPool
from .realtime import Realtime
from .realtime_connection import RealtimeSettings
from .realtime_control import RealtimeControl
from .realtime_faults import RealtimeFaults
from .recorded_requests import RecordedRequest, RecordedRequests
from .server_clock import ServerClock
from .sessions import Sessions
from .sign_in import SignIn
from .sts import Sts
from .token_signing import require_extra
from .user_controls import UserControls
from .user_pool import UserPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from typing_extensions import Self

    from .auth_lambda import LambdaAuthorizer
    from .resolvers import Resolvers

__all__ = ["Emulator"]


class Emulator(UserControls, AwsControls):
    """AppSync's HTTP and real-time endpoints, Cognito and STS, on 127.0.0.1 only.

    Start it with ``async with Emulator() as emulator`` in your own event loop, or with
    ``with Emulator.in_thread() as emulator`` in a loop on a thread of its own. All methods may
    be called from any thread. A user ``ada`` with the password ``correct horse`` exists from
    the start. Each request is authorized by the mode that its headers belong to.

    Args:
        schema: the API's schema in SDL; ``None`` for a small one of items.
        resolvers: ``{"Query": {"field": resolver}}``; a field without a resolver takes its
            value from its parent. They run in the emulator's event loop: one that blocks
            delays all requests.
        token_lifetime: seconds that access and ID tokens live.
        refresh_token_lifetime: seconds that a session lives.
        rotation: whether a refresh returns a new refresh token and retires the old one.
        grace_period: seconds that a retired refresh token remains valid, 0 to 60.
        client_secret: of the app client; ``None`` for a public one.
        device_remembering: whether a refresh needs a device key; any key is accepted.
        gets_tokens_from_refresh_token: whether Cognito has the call
            ``GetTokensFromRefreshToken``, which other emulators often lack.
        api_keys: accepted in ``x-api-key``; in a mapping, each with the time at which it
            expires, in seconds since the epoch by the server's clock, or ``None`` for never.
        iam_credentials: secret access keys by access key id, for requests signed with
            Signature Version 4; ``None`` for an API without the mode IAM. An empty mapping
            suffices for :meth:`issue_iam_credentials`, and for the calls ``AssumeRole`` of STS
            and ``GetCredentialsForIdentity`` of an identity pool.
        iam_lifetime: seconds that the credentials of those two calls live; ``None``: as long as
            is asked for, or an hour.
        guests: whether the identity pool admits users without a login.
        oidc_issuer: ``iss`` of the tokens of :meth:`issue_oidc_token`; ``None`` for an API
            without the mode OpenID Connect.
        lambda_authorizer: a function that receives AppSync's event and returns a ``dict`` with
            ``isAuthorized`` and, if needed, ``deniedFields``, ``resolverContext`` and
            ``ttlOverride``; ``None`` for an API without a Lambda authorizer.
        default_mode: AppSync's name of the API's default mode, such as ``"API_KEY"``: as in
            AppSync, fields without a directive, on themselves or their type, are for this mode
            only. ``None``: for every mode.
        region: of the user pool and the API.
        clock_offset: the server's clock minus this machine's, in seconds.
        latency: seconds by which each response is delayed.
        port: 0 for any free one.

    Attributes:
        faults: errors and delays that a test asks for; see :class:`Faults`.
        realtime: the real-time endpoint; see :class:`RealtimeControl`.
        counters: ``graphql``, ``graphql.401``, ``queries`` and ``mutations`` (executed),
            ``cognito``, ``cognito.400``, ``cognito.InitiateAuth``, ``refreshes`` (successful),
            ``reuse`` (of a retired refresh token), ``issued`` (pairs of JWTs),
            ``realtime.connections``, ``realtime.refused``, ``realtime.starts``,
            ``realtime.start_errors``, ``realtime.events``.
        executions: how often ``createItem`` ran with each key.
        region: as passed.
        user_pool_id: of the only user pool.
        client_id: of its only app client.
        client_secret: as passed; redacted in ``repr``.
        issuer: ``iss`` of the user pool's tokens.

    Raises:
        ValueError: an argument is out of range, or the schema does not fit the resolvers.
        TypeError: an argument has the wrong type.
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
        api_keys: Collection[str] | Mapping[str, float | None] = (),
        iam_credentials: Mapping[str, str] | None = None,
        iam_lifetime: float | None = None,
        guests: bool = False,
        oidc_issuer: str | None = None,
        lambda_authorizer: LambdaAuthorizer | None = None,
        default_mode: str | None = None,
        region: str = "us-east-1",
        clock_offset: float = 0.0,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        require_extra()
        lifetimes = (token_lifetime, refresh_token_lifetime)
        check_numbers(lifetimes=lifetimes, grace_period=grace_period, latency=latency, port=port)
        check_lifetime("iam_lifetime", iam_lifetime)
        self._default_mode, self._guests = default_mode, guests
        self.client_secret = None if client_secret is None else Secret(client_secret)
        self._create_state(region, port, clock_offset)
        sessions = Sessions(
            self.now, lifetime=lifetimes[1], rotation=rotation, grace_period=grace_period
        )
        newer_call = gets_tokens_from_refresh_token
        self._create_pool(sessions, token_lifetime, device_remembering, newer_call)
        self._modes = create_modes(
            self._pool,
            region=region,
            api_keys=api_keys,
            iam_credentials=iam_credentials,
            oidc_issuer=oidc_issuer,
            lambda_authorizer=lambda_authorizer,
        )
        services = self._create_services(iam_lifetime)
        self._create_server(self._create_api(schema, resolvers or {}), services, latency)

    def _create_state(self, region: str, port: int, clock_offset: float) -> None:
        self.region, self._port = region, port
        self._clock, self._requests = ServerClock(clock_offset), RecordedRequests()
        self.faults, self.counters = Faults(), self._requests.counters
        self.executions: Counter[str] = Counter()

    def _create_pool(
        self,
        sessions: Sessions,
        token_lifetime: int,
        device_remembering: bool,  # noqa: FBT001 - private
        newer_call: bool,  # noqa: FBT001
    ) -> None:
        self.user_pool_id = f"{self.region}_Emulator1"
        self.client_id = "emulator1client0000000000"
        self.issuer = f"https://cognito-idp.{self.region}.amazonaws.com/{self.user_pool_id}"
        self._pool = UserPool(
            pool_id=self.user_pool_id,
            client_id=self.client_id,
            client_secret=self.client_secret,
            issuer=self.issuer,
            token_lifetime=token_lifetime,
            device_remembering=device_remembering,
            gets_tokens_from_refresh_token=newer_call,
            now=self.now,
            counters=self.counters,
            sessions=sessions,
            sign_in=SignIn(self.user_pool_id, self.now),
        )
        self.add_user("ada")

    def _create_api(self, schema: str | None, resolvers: Resolvers) -> Api:
        """Create the API; resolvers without a schema replace some of the default schema's."""
        authorization = self._modes.authorization(self._default_mode)
        if schema is not None:
            return Api(schema, resolvers, authorization)
        merged = {name: dict(fields) for name, fields in default_resolvers(self.executions).items()}
        for name, fields in resolvers.items():
            merged.setdefault(name, {}).update(fields)
        return Api(SCHEMA, merged, authorization)

    def _create_services(self, iam_lifetime: float | None) -> AwsServices:
        iam = self._modes.iam
        self._identity_pool = IdentityPool(
            region=self.region,
            issuer=self.issuer,
            client_id=self.client_id,
            guests=self._guests,
            iam=iam,
            lifetime=iam_lifetime,
            now=self.now,
        )
        return AwsServices(self._pool, self._identity_pool, Sts(iam, iam_lifetime))

    def _create_server(self, api: Api, services: AwsServices, latency: float) -> None:
        settings, faults = RealtimeSettings(), RealtimeFaults()
        realtime = Realtime(
            api, settings=settings, faults=faults, counters=self.counters, now=self.now
        )
        self.realtime = RealtimeControl(realtime, settings, faults)
        self._server = HttpServer(
            api,
            services,
            pool_id=self.user_pool_id,
            faults=self.faults,
            requests=self._requests,
            now=self.now,
            latency=latency,
            realtime=realtime,
            oidc=self._modes.oidc,
        )

    # -- requests --------------------------------------------------------------------

    @property
    def requests(self) -> list[RecordedRequest]:
        """The last 100,000 requests, oldest first."""
        return self._requests.snapshot()

    @property
    def latency(self) -> float:
        """Seconds by which each response is delayed; may be set at any time."""
        return self._server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._server.latency = seconds

    # -- start and stop ---------------------------------------------------------------

    async def start(self) -> None:
        """Start to listen. After :meth:`stop` the same port is used again.

        Raises:
            RuntimeError: the emulator is running already.
            OSError: the port can't be used; the message says what to do.
        """
        self._port = await self._server.start(self._port)
        self.realtime.started()

    async def stop(self) -> None:
        """Stop to listen. Requests that a fault keeps waiting continue, for at most a second."""
        self.faults.clear()
        self.realtime.faults.clear()
        await self._server.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @classmethod
    @contextmanager
    def in_thread(cls, *args: Any, **kwargs: Any) -> Iterator[Self]:
        """Run an emulator in an event loop on a thread of its own; arguments as for the class."""
        emulator = cls(*args, **kwargs)
        with running_in_thread(emulator, "appsync-emulator"):
            yield emulator

    def __repr__(self) -> str:
        # Not all attributes exist when a traceback shows an object whose __init__ raised.
        return f"<Emulator {self.graphql_url if getattr(self, '_port', 0) else 'not started'}>"
