"""AppSync and Cognito on loopback, with real sockets."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .appsync import Api, Resolvers
from .cognito import Pool, User, user_of, with_groups
from .faults import Faults
from .keys import mint
from .record import Record
from .schema import SCHEMA
from .schema import resolvers as default_resolvers
from .server import Server

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from typing_extensions import Self

    from ..tokens import Tokens

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
        _check(grace_period, token_lifetime, refresh_token_lifetime)
        self.region = region
        self.user_pool_id = f"{region}_Emulator1"
        self.client_id = "emulator1client0000000000"
        self.client_secret = client_secret
        self.issuer = f"https://cognito-idp.{region}.amazonaws.com/{self.user_pool_id}"
        self.faults = Faults()
        record = Record(self.now)
        self.requests, self.counters = record.requests, record.counters
        self.executions: Counter[str] = Counter()
        self._offset, self._port = clock_offset, port
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
        api = Api(
            SCHEMA if schema is None else schema,
            (default_resolvers(self.executions) if schema is None else {})
            if resolvers is None
            else resolvers,
            issuer=self.issuer,
            client_id=self.client_id,
            api_keys=api_keys,
            now=self.now,
        )
        self._server = Server(
            api, self._pool, faults=self.faults, record=record, now=self.now, latency=latency
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
        self._port = await self._server.start(self._port)

    async def stop(self) -> None:
        """Stop listening; whatever is held is released."""
        self.faults.clear()
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


def _check(grace_period: float, *lifetimes: int) -> None:
    if not 0 <= grace_period <= _MAX_GRACE:
        msg = f"grace_period is 0 to {_MAX_GRACE} seconds, as in Cognito"
        raise ValueError(msg)
    if min(lifetimes) < 1:
        msg = "tokens live for a second at least"
        raise ValueError(msg)
