"""The doors to one session, for tasks and for threads."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Literal, NoReturn, TypeVar

from ..backoff import delays as default_delays
from ..backoff import looks as default_looks
from ..clock import Clock, SystemClock
from ..events import Replayed
from ..exceptions import ConfigurationError, NotSignedIn, RenewalFailed
from ..tokens import Tokens, TokenUse
from .single_flight import Flight, fly
from .state import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import TypeAlias

    from typing_extensions import Self

    from ..auth.base import Headers
    from ..events import Listener
    from ..persistence.base import TokenPersistence
    from ..providers.base import TokenProvider
    from .snapshot import StoreStatus

__all__ = ["BlockingTokenStore", "TokenStore"]

T = TypeVar("T")
if TYPE_CHECKING:
    Steps: TypeAlias = Generator[Flight, None, T]
    """What a call does, yielding what it must wait for; a task and a thread wait differently."""

_ROUNDS = 3
"""How many renewals one call waits for before it gives up: more than one only in odd races."""


class TokenStore:
    """Owns the tokens of one user, and renews them ahead of their expiry.

    It is the ``auth`` of :class:`AppSyncTransport` for APIs behind a user pool.
    One store serves any number of tasks, threads and event loops, and any
    number of transports; it costs no thread. Nothing is read, written or sent
    before the first request, and nothing that blocks ever runs on an event loop.

    Args:
        provider: the identity provider, such as :class:`CognitoProvider`.
        tokens: the session to begin with.
        refresh_token: the same, if that is all there is. Not both.
        persistence: where the session outlives this process, and other processes
            find it; ``None`` keeps it in memory. ``tokens`` are saved there at first
            use, unless newer ones of the same user are there already.
        refresh_window: seconds before expiry at which a renewal starts while
            requests go on; never more than half of the token's lifetime is used.
        token_use: which JWT is sent, ``"access"`` or ``"id"``.
        on_event: called with each of :mod:`appsync_gql.events`, on a thread of
            its own; what it raises is logged and harms nothing.
        clock: where the time comes from; ``None`` for this machine's.
        delays: makes the seconds to wait between failed attempts.
        looks: makes the seconds to wait between looks at a lock that another
            process holds; when they end, ``LockTimeout``.
        jitter: gives 0.0 to 1.0: where in the first half of the refresh window
            this process renews, if it shares the session with others.

    Raises:
        ConfigurationError: an argument is out of range.
        InvalidToken: ``refresh_token`` is not a token.
    """

    def __init__(
        self,
        provider: TokenProvider,
        *,
        tokens: Tokens | None = None,
        refresh_token: str | None = None,
        persistence: TokenPersistence | None = None,
        refresh_window: float = 30.0,
        token_use: TokenUse = "access",
        on_event: Listener | None = None,
        clock: Clock | None = None,
        delays: Callable[[], Iterator[float]] = default_delays,
        looks: Callable[[], Iterator[float]] = default_looks,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        _check(tokens, refresh_token, refresh_window, token_use)
        if refresh_token is not None:
            tokens = Tokens(refresh_token=refresh_token)
        self._session = Session(
            provider,
            tokens=tokens,
            persistence=persistence,
            window=refresh_window,
            use=token_use,
            listener=on_event,
            clock=SystemClock() if clock is None else clock,
            delays=delays,
            looks=looks,
            jitter=jitter,
        )

    # -- what requests ask ------------------------------------------------------

    def headers_nowait(self) -> Headers | None:
        """Return headers that may be sent now, or ``None`` if they must be waited for.

        Starts a renewal in the background when the token is inside the refresh
        window. No lock and no await while it is fresh.

        Raises:
            TransportClosed: the store is closed.
        """
        return self._session.headers_nowait()

    async def headers(self) -> Headers:
        """Return headers with a token that is alive, waiting for a renewal only if it is not.

        Raises:
            NotSignedIn: there are no tokens.
            SessionExpired: the refresh token is dead; the user signs in again.
            RenewalFailed: no newer tokens this time; the next call tries again.
            ConfigurationError: the provider's settings are wrong.
            TransportClosed: the store is closed.
        """
        return await _walk(self._headers())

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """Return newer headers than these.

        If the store has moved on since, its present ones, at no cost. Else all
        that ask share one renewal. Tokens that are rejected while they are
        young, again and again, are replaced ever more slowly, and denials cause
        at most one refresh a minute: then the present headers are returned, so
        compare before sending them once more.

        Args:
            rejected: the headers that AppSync did not accept; ``None`` for
                whichever the store has.
            denied: they were accepted but a permission was missing.

        Raises:
            AppSyncError: as :meth:`headers`.
        """
        return await _walk(self._renew(rejected, denied=denied))

    def answered(self, date: str | None, took: float) -> None:
        """Learn the server's time from an answer.

        Args:
            date: its ``Date`` header as it came; ``None`` and nonsense are passed over.
            took: seconds between sending the request and having the answer's head.
        """
        self._session.answered(date, took)

    def replayed(self, reason: Literal["refused", "denied"]) -> None:
        """Hear from the transport that a request is being sent once more."""
        self._session.announcer.tell(Replayed(reason=reason))

    # -- what people ask ----------------------------------------------------------

    async def tokens(self) -> Tokens:
        """Return tokens of which the one that is sent is alive; raises as :meth:`headers`."""
        return await _walk(self._tokens())

    async def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Tokens:
        """Sign a user in; the store goes on with the new session.

        Args:
            username: the user.
            password: the user's password; it is not kept.
            flow: ``"USER_SRP_AUTH"`` (the default: the password itself is not
                sent) or ``"USER_PASSWORD_AUTH"``.

        Raises:
            SignInFailed: wrong name or password.
            ChallengeRequired: one more step is needed; the error says which.
            MissingExtra: SRP needs ``pip install "appsync-gql[srp]"``.
            RenewalFailed: the provider can't be reached now.
            ConfigurationError: the provider's settings are wrong.
        """
        return await _walk(self._sign_in(username, password, flow))

    async def sign_out(self) -> None:
        """End the session: revoke it at the provider, and remove it here and in the persistence.

        Other processes that share it learn of it when they next look there, and
        raise ``SignedOut``. AppSync itself takes an access token until it expires.

        Raises:
            RenewalFailed: the provider or the persistence can't be reached now.
                Nothing is changed: try again.
            ConfigurationError: the provider's settings are wrong; likewise.
        """
        await _walk(self._sign_out())

    def status(self) -> StoreStatus:
        """Return what may be shown of the store. Costs no I/O."""
        return self._session.status()

    @property
    def blocking(self) -> BlockingTokenStore:
        """The same store for code that runs in threads without an event loop."""
        return BlockingTokenStore(self)

    async def aclose(self) -> None:
        """Wait for a renewal under way, save what is unsaved, and hand out nothing more."""
        await _walk(self._close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        status = self.status()
        return (
            f"<TokenStore user={status.username!r} pool={status.user_pool_id!r} "
            f"{status.state.value}, {status.seconds_left:.0f} s left>"
        )

    def __reduce__(self) -> NoReturn:
        msg = "a TokenStore is not pickled: make one in each process, with a shared persistence"
        raise TypeError(msg)

    # -- the steps, the same for tasks and for threads ------------------------------

    def _headers(self) -> Steps[Headers]:
        for _ in range(_ROUNDS):
            headers = self._session.headers_nowait()
            if headers is not None:
                return headers
            yield self._session.need()
        headers = self._session.headers_nowait()
        if headers is None:
            raise RenewalFailed("Tokens expire as fast as they are renewed.", kind="clock")
        return headers

    def _renew(self, rejected: Headers | None, *, denied: bool) -> Steps[Headers]:
        for _ in range(_ROUNDS):
            found = self._session.replace(rejected, denied=denied)
            if not isinstance(found, Flight):
                return found
            yield found
            if rejected is None or not self._session.holds(rejected):
                break
        return (yield from self._headers())

    def _tokens(self) -> Steps[Tokens]:
        yield from self._headers()
        tokens = self._session.tokens
        if tokens is None:
            raise NotSignedIn("Nobody is signed in.")
        return tokens

    def _sign_in(self, username: str, password: str, flow: str | None) -> Steps[Tokens]:
        yield fly(lambda: self._session.errands.sign_in(username, password, flow))
        return (yield from self._tokens())

    def _sign_out(self) -> Steps[None]:
        yield fly(self._session.errands.sign_out)

    def _close(self) -> Steps[None]:
        flight, held = self._session.close()
        if flight is not None:
            yield flight.quiet()
        if held.save_at is not None:
            yield fly(lambda: self._session.errands.settle(held))


class BlockingTokenStore:
    """A store's doors for threads: the same names and promises, blocking.

    Made by :attr:`TokenStore.blocking`. Not for use on a thread whose event
    loop is running: it would stand still.
    """

    def __init__(self, store: TokenStore) -> None:
        self._store = store

    def headers(self) -> Headers:
        """As :meth:`TokenStore.headers`."""
        return _drive(self._store._headers())  # noqa: SLF001

    def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """As :meth:`TokenStore.renew`."""
        return _drive(self._store._renew(rejected, denied=denied))  # noqa: SLF001

    def tokens(self) -> Tokens:
        """As :meth:`TokenStore.tokens`."""
        return _drive(self._store._tokens())  # noqa: SLF001

    def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Tokens:
        """As :meth:`TokenStore.sign_in`."""
        return _drive(self._store._sign_in(username, password, flow))  # noqa: SLF001

    def sign_out(self) -> None:
        """As :meth:`TokenStore.sign_out`."""
        _drive(self._store._sign_out())  # noqa: SLF001

    def status(self) -> StoreStatus:
        """As :meth:`TokenStore.status`."""
        return self._store.status()

    def close(self) -> None:
        """As :meth:`TokenStore.aclose`."""
        _drive(self._store._close())  # noqa: SLF001


async def _walk(steps: Steps[T]) -> T:
    """Do the steps in a task."""
    try:
        while True:
            await next(steps).wait()
    except StopIteration as done:
        value: T = done.value
        return value


def _drive(steps: Steps[T]) -> T:
    """Do the steps in a thread."""
    try:
        while True:
            next(steps).wait_blocking()
    except StopIteration as done:
        value: T = done.value
        return value


def _check(
    tokens: Tokens | None, refresh_token: str | None, refresh_window: float, token_use: str
) -> None:
    if tokens is not None and refresh_token is not None:
        raise ConfigurationError("Give tokens= or refresh_token=, not both.", setting="tokens")
    if not (math.isfinite(refresh_window) and refresh_window >= 0):
        raise ConfigurationError(
            "refresh_window is a number of seconds, 0 or more.", setting="refresh_window"
        )
    if token_use not in {"access", "id"}:
        raise ConfigurationError('token_use is "access" or "id".', setting="token_use")
    if tokens is not None and not tokens.refresh_token and not tokens.token(token_use):  # type: ignore[arg-type]
        raise ConfigurationError(
            f'token_use="{token_use}" needs an {token_use} token, or a refresh token to get one.',
            setting="token_use",
        )
