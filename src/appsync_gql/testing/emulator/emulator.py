"""AppSync and Cognito on loopback, with real sockets."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...secret import Secret
from .appsync import Api, Resolvers
from .cognito import Pool
from .faults import Faults
from .keys import require_extra
from .realtime import Realtime, RealtimeSettings
from .realtime_control import RealtimeControl
from .realtime_faults import RealtimeFaults
from .record import Record, RecordedRequest
from .schema import SCHEMA
from .schema import resolvers as default_resolvers
from .server import Server
from .sessions import Sessions
from .sign_in import SignIn, User
from .thread import on_thread

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from typing_extensions import Self

    from ...tokens import Tokens

__all__ = ["Emulator"]

_MAX_GRACE = 60


class Emulator:
    """AppSync's HTTP endpoint and a Cognito user pool, on 127.0.0.1.

    Start it with ``async with Emulator() as emulator`` in your own event loop,
    or with ``with Emulator.in_thread() as emulator`` on one of its own. All
    methods may be called from any thread. A user ``ada`` with the password
    ``correct horse`` exists from the start.

    Args:
        schema: the API's schema in SDL; ``None`` for a small one of items.
        resolvers: ``{"Query": {"field": resolver}}``; fields without one are read off their
            parent. They run in the emulator's loop: one that blocks blocks all requests.
        token_lifetime: seconds that access and ID tokens live.
        refresh_token_lifetime: seconds that a session lives.
        rotation: whether a refresh gives a new refresh token and retires the old.
        grace_period: seconds that a retired one still works, 0 to 60.
        client_secret: of the app client; ``None`` for a public one.
        device_remembering: whether a refresh needs a device key, whichever.
        gets_tokens_from_refresh_token: whether Cognito has that call; emulators often don't.
        api_keys: accepted in ``x-api-key``. They open what is not reserved for other modes.
        region: of the pool and the API.
        clock_offset: the server's clock minus this machine's, in seconds.
        latency: seconds by which each answer is delayed.
        port: 0 for any that is free.

    Attributes:
        faults: what is to go wrong; see :class:`Faults`.
        realtime: the real-time endpoint; see :class:`RealtimeControl`.
        counters: ``graphql``, ``graphql.401``, ``queries`` and ``mutations`` (executed),
            ``cognito``, ``cognito.400``, ``cognito.InitiateAuth``, ``refreshes`` (successful),
            ``reuse`` (of a retired refresh token), ``issued`` (pairs of JWTs),
            ``realtime.connections``, ``realtime.refused``, ``realtime.starts``,
            ``realtime.start_errors``, ``realtime.events``.
        executions: how often ``createItem`` ran with each key.
        region: as given.
        user_pool_id: of the one user pool.
        client_id: of its one app client.
        client_secret: as given, redacted in ``repr``.
        issuer: ``iss`` of all tokens.

    Raises:
        ValueError: an argument is out of range, or the schema does not fit the resolvers.
        TypeError: an argument is of the wrong kind.
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
        require_extra()
        _check_seconds((token_lifetime, refresh_token_lifetime), grace_period, latency)
        self.region = region
        self.user_pool_id = f"{region}_Emulator1"
        self.client_id = "emulator1client0000000000"
        self.client_secret = None if client_secret is None else Secret(client_secret)
        self.issuer = f"https://cognito-idp.{region}.amazonaws.com/{self.user_pool_id}"
        self.faults, self._record = Faults(), Record()
        self.counters = self._record.counters
        self.executions: Counter[str] = Counter()
        self._lock, self._offset, self._port = threading.Lock(), clock_offset, port
        sessions = Sessions(
            self.now, lifetime=refresh_token_lifetime, rotation=rotation, grace_period=grace_period
        )
        self._pool = Pool(
            pool_id=self.user_pool_id,
            client_id=self.client_id,
            client_secret=self.client_secret,
            issuer=self.issuer,
            token_lifetime=token_lifetime,
            device_remembering=device_remembering,
            has_new_call=gets_tokens_from_refresh_token,
            now=self.now,
            counters=self.counters,
            sessions=sessions,
            sign_in=SignIn(self.user_pool_id, self.now),
        )
        self.add_user("ada")
        api = Api(
            SCHEMA if schema is None else schema,
            self._resolvers(schema, resolvers or {}),
            issuer=self.issuer,
            client_id=self.client_id,
            api_keys=_names(api_keys, "api_keys"),
            now=self.now,
        )
        settings, faults = RealtimeSettings(), RealtimeFaults()
        realtime = Realtime(
            api, settings=settings, faults=faults, record=self._record, now=self.now
        )
        self.realtime = RealtimeControl(realtime, settings, faults)
        self._server = Server(
            api,
            self._pool,
            faults=self.faults,
            record=self._record,
            now=self.now,
            latency=latency,
            realtime=realtime,
        )

    def _resolvers(self, schema: str | None, given: Resolvers) -> Resolvers:
        """Put the given resolvers over those of the schema that is there by default."""
        if schema is not None:
            return given
        merged = {name: dict(fields) for name, fields in default_resolvers(self.executions).items()}
        for name, fields in given.items():
            merged.setdefault(name, {}).update(fields)
        return merged

    # -- what came in ----------------------------------------------------------------

    @property
    def requests(self) -> list[RecordedRequest]:
        """The last 100,000 requests as of now, oldest first."""
        return self._record.snapshot()

    @property
    def latency(self) -> float:
        """Seconds by which each answer is delayed; may be set at any time."""
        return self._server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._server.latency = seconds

    # -- users, tokens, time --------------------------------------------------------

    def now(self) -> float:
        """The server's clock, seconds since the epoch."""
        return time.time() + self._offset

    def shift_clock(self, seconds: float) -> None:
        """Set the server's clock that much ahead (or back); tokens expire accordingly."""
        with self._lock:
            self._offset += seconds

    def add_user(
        self,
        username: str,
        password: str = "correct horse",
        *,
        groups: Collection[str] = (),
        attributes: Mapping[str, str] | None = None,
        mfa_code: str | None = None,
        temporary_password: bool = False,
    ) -> None:
        """Add a user, or replace one.

        Args:
            username: the pool's name of the user.
            password: for signing in.
            groups: ``cognito:groups``.
            attributes: claims of the ID token; ``None`` for an ``email`` at example.com.
            mfa_code: the code that answers ``SOFTWARE_TOKEN_MFA``; ``None`` for no such challenge.
            temporary_password: whether sign-in ends in ``NEW_PASSWORD_REQUIRED``.
        """
        given = {"email": f"{username}@example.com"} if attributes is None else dict(attributes)
        self._pool.add_user(
            User(username, password, _names(groups, "groups"), mfa_code, temporary_password, given)
        )

    def set_groups(self, username: str, groups: Collection[str]) -> None:
        """Change a user's groups; tokens issued from now on carry them."""
        self._pool.user(username).groups = _names(groups, "groups")

    def disable_user(self, username: str) -> None:
        """Let sign-in and refresh fail for a user; JWTs are accepted until they expire."""
        self._pool.user(username).disabled = True

    def enable_user(self, username: str) -> None:
        """Undo :meth:`disable_user`."""
        self._pool.user(username).disabled = False

    def sign_out(self, username: str) -> None:
        """Revoke all refresh tokens of a user; JWTs are accepted until they expire."""
        self._pool.sign_out(username)

    def issue_tokens(
        self, username: str = "ada", *, lifetime: int | None = None, issued_ago: float = 0.0
    ) -> Tokens:
        """Sign a user in without a socket.

        Args:
            username: the user.
            lifetime: seconds, in place of ``token_lifetime``.
            issued_ago: seconds by which the JWTs are older than now.
        """
        return self._pool.tokens(username, lifetime, issued_ago)

    def forge_token(self, username: str = "ada") -> str:
        """Make an access token that is right in everything but the key."""
        return self._pool.forged(username)

    # -- life -------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen. After :meth:`stop`, the same port is used again.

        Raises:
            RuntimeError: it is running already.
            OSError: the port is taken.
        """
        self._port = await self._server.start(self._port)
        self.realtime.started()

    async def stop(self) -> None:
        """Stop listening. What is held is released, and what takes over a second is cut off."""
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
        """Run an emulator on a thread and loop of its own; arguments as for the class."""
        emulator = cls(*args, **kwargs)
        with on_thread(emulator, "appsync-emulator"):
            yield emulator

    @property
    def cognito_url(self) -> str:
        """For ``CognitoProvider(endpoint_url=…)``."""
        if not self._port:
            msg = "start the emulator first: only then is its port known"
            raise RuntimeError(msg)
        return f"http://127.0.0.1:{self._port}"

    @property
    def graphql_url(self) -> str:
        """For ``AppSyncTransport``."""
        return f"{self.cognito_url}/graphql"

    @property
    def realtime_url(self) -> str:
        """The real-time endpoint, where custom domains have it."""
        return f"{self.graphql_url}/realtime".replace("http", "ws", 1)

    def __repr__(self) -> str:
        return f"<Emulator {self.graphql_url if self._port else 'not started'}>"


def _check_seconds(lifetimes: tuple[int, int], grace_period: float, latency: float) -> None:
    if not 0 <= grace_period <= _MAX_GRACE:
        msg = f"grace_period is 0 to {_MAX_GRACE} seconds, as in Cognito"
        raise ValueError(msg)
    if min(lifetimes) < 1:
        msg = "token_lifetime and refresh_token_lifetime are a second at least"
        raise ValueError(msg)
    if latency < 0:
        msg = "latency is 0 seconds or more"
        raise ValueError(msg)


def _names(given: Collection[str], argument: str) -> tuple[str, ...]:
    if isinstance(given, str):
        msg = f"{argument} is a collection: put the one in a list"
        raise TypeError(msg)
    return tuple(given)
