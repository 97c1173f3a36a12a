"""The tokens of one user, for any number of tasks, threads and event loops."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, Literal

from ..backoff import delays as default_delays
from ..backoff import lock_delays as default_lock_delays
from ..clock import Clock, SystemClock
from ..events import Replayed
from ..exceptions import AppSyncError
from ..persistence.memory import MemoryPersistence
from ..pickling import not_pickled
from ..secret import arguments_hidden
from .arguments import check_objects, check_seconds, check_settings, secret, tokens_given
from .blocking import BlockingTokenStore
from .current import CurrentTokens
from .provider_calls import ProviderCalls
from .renewal import Renewal
from .reporter import Reporter
from .saved_sessions import SavedSessions
from .single_flight import wait_in_task
from .snapshot import Scheme, TokenSettings
from .state import StoreState
from .user_methods import UserMethods
from .waiting import StoreMethods
from .worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

    from ..events import Listener
    from ..headers import Headers
    from ..persistence.base import TokenPersistence
    from ..providers.base import TokenProvider
    from ..tokens import Tokens, TokenUse
    from .status import StoreStatus

__all__ = ["TokenStore"]

log = logging.getLogger(__name__)


class TokenStore(UserMethods):
    """Holds the tokens of one user, and renews them ahead of their expiry.

    It is the ``auth`` of :class:`AppSyncTransport` for APIs behind a user pool.
    One store serves any number of tasks, threads and event loops, and any
    number of transports; it costs no thread. Nothing is read, written or sent
    before the first request, and nothing that blocks ever runs on an event loop.

    Args:
        provider: the identity provider, such as :class:`CognitoProvider`.
        tokens: the session to begin with.
        refresh_token: the same, for programs that have nothing else. Not both.
        persistence: where the session is saved for later and other processes; ``None`` keeps
            it in memory. ``tokens`` are saved there at first use, unless newer ones of the
            same user are there already.
        refresh_window: seconds before expiry at which a renewal starts while
            requests go on; never more than half of the token's lifetime is used.
        token_use: which JWT is sent, ``"access"`` or ``"id"``.
        on_event: called with each of :mod:`appsync_gql.events`, on a worker thread;
            what it raises is logged. ``None``: what the user should know is logged
            as a WARNING.
        patience: seconds that a caller whose token has expired or was refused waits,
            from its own arrival, through failures that may pass: throttling, errors of
            the server or the network, a response or a lock that does not come. Then it
            gets the last error. 0.0: it waits for one attempt, and gets its error.
        scheme: ``"Bearer"`` sends ``Bearer <token>``; ``None`` the bare token, as AppSync
            takes it.
        clock: where the time comes from; ``None`` for this machine's.
        delays: returns the seconds to wait after the first, second, … failed attempt.
        lock_delays: returns the seconds to wait between attempts at a lock that another
            process holds; when they end, ``LockTimeout``.
        jitter: returns 0.0 to 1.0: where in the first half of the refresh window
            this process renews, if it shares the session with others.

    Raises:
        ConfigurationError: an argument is of a wrong type or out of range.
        InvalidToken: ``refresh_token`` is not a token.
    """

    @arguments_hidden
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
        patience: float = 20.0,
        scheme: Scheme = None,
        clock: Clock | None = None,
        delays: Callable[[], Iterator[float]] = default_delays,
        lock_delays: Callable[[], Iterator[float]] = default_lock_delays,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        refresh_token = secret(refresh_token)
        check_objects(provider=provider, persistence=persistence, clock=clock, on_event=on_event)
        check_objects(delays=delays, lock_delays=lock_delays, jitter=jitter)
        check_seconds("patience", patience)
        tokens = tokens_given(tokens, refresh_token)
        settings = TokenSettings(use=token_use, window=refresh_window, scheme=scheme)
        check_settings(settings, tokens)
        clock = SystemClock() if clock is None else clock
        kept = MemoryPersistence() if persistence is None else persistence
        self._monotonic, self._wall = clock.monotonic, clock.wall
        shared, key = persistence is not None, provider.session_key.with_tokens(tokens)
        # Processes that share a session should not all renew at the same moment.
        jitter = jitter if shared else float
        self._current = CurrentTokens(
            tokens, key, settings=settings, shared=shared, clock=clock, spread=jitter()
        )
        self._state = StoreState(self._current, clock=clock, delays=delays, jitter=jitter)
        self._settings, self._reporter = settings, Reporter(on_event, type(kept).__name__)
        worker = Worker(self._state, self._reporter)
        saved = SavedSessions(persistence=kept, lock_delays=lock_delays, sleep=time.sleep)
        calls = ProviderCalls(provider=provider, clock=clock)
        renewal = Renewal(provider=calls, saved=saved, use=token_use, clock=clock)
        self._methods = StoreMethods(self._state, worker, renewal, patience)

    # -- for requests -------------------------------------------------------------

    def headers_nowait(self) -> Headers | None:
        """Return headers that may be sent now, or ``None`` if they must be waited for.

        Starts a renewal in the background when the token is inside the refresh
        window. No lock and no await while it is fresh.

        Raises:
            TransportClosed: the store is closed.
        """
        snapshot = self._current.snapshot
        if self._monotonic() < snapshot.check_monotonic and self._wall() < snapshot.check_wall:
            return snapshot.headers
        return self._methods.headers_nowait()

    async def headers(self) -> Headers:
        """Return headers with a token that is alive, waiting for a renewal only if it is not.

        Raises:
            NotSignedIn: there are no tokens.
            SessionExpired: the refresh token can't be used any more; the user must sign in again.
            RenewalFailed: no newer tokens within the caller's ``patience``; the next call
                tries again.
            ConfigurationError: the provider's settings are wrong.
            TransportClosed: the store is closed.
        """
        headers = self.headers_nowait()
        return await wait_in_task(self._methods.headers()) if headers is None else headers

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """Return newer headers than these.

        If the store has newer ones already, they are returned at no cost. Else all
        callers share one renewal. Tokens that are rejected while they are
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
        return await wait_in_task(self._methods.renew(rejected, denied=denied))

    def answered(self, date: str | None, took: float) -> None:
        """Take the server's time from one of AppSync's own responses.

        One that contradicts what is known counts only after a second one has confirmed it.

        Args:
            date: its ``Date`` header as received; ``None`` and what is no date are ignored.
            took: seconds between sending the request and receiving the response's head.
        """
        self._state.answered(date, took)

    def replayed(self, reason: Literal["refused", "denied"]) -> None:
        """Called by the transport when a request is sent once more."""
        self._reporter.report(Replayed(reason=reason))

    # -- for the program ----------------------------------------------------------

    async def tokens(self) -> Tokens:
        """Return tokens of which the one that is sent is alive; raises as :meth:`headers`."""
        return await wait_in_task(self._methods.tokens())

    async def sign_out(self) -> None:
        """End the session: revoke it at the provider, and remove it here and in the persistence.

        Other processes that share it notice when they next read the persistence, and
        raise ``SignedOut``. AppSync itself accepts an access token until it expires.

        Raises:
            RenewalFailed: the provider or the persistence can't be reached now.
                Nothing is changed: try again.
            ConfigurationError: the provider's settings are wrong; likewise.
        """
        await wait_in_task(self._methods.sign_out())

    def status(self) -> StoreStatus:
        """Return what may be shown of the store. Costs no I/O."""
        return self._state.status(self._reporter.counts)

    @property
    def blocking(self) -> BlockingTokenStore:
        """The same store for code that runs in threads without an event loop."""
        return BlockingTokenStore(self.headers_nowait, self._methods, self.status, self._settings)

    async def aclose(self) -> None:
        """Return no more headers, wait for a renewal under way, and save what is unsaved.

        It takes at most 5 s for the renewal, and 5 s for saving. A renewal that takes longer
        continues, and a WARNING is logged.

        Raises:
            StorageFailed, ConfigurationError: the newest tokens are not saved: they are
                lost with this process.
        """
        await wait_in_task(self._methods.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, *exc: object) -> None:
        try:
            await self.aclose()
        except AppSyncError as error:
            if kind is None:
                raise
            log.warning("%s", error)  # what was raised in the block counts more

    def __repr__(self) -> str:
        if not hasattr(self, "_state"):  # a traceback of the constructor shows it too
            return "<TokenStore that could not be constructed>"
        status = self.status()
        return (
            f"<TokenStore user={status.username!r} pool={status.user_pool_id!r} "
            f"{status.state.value}, {status.seconds_left:.0f} s left>"
        )

    __reduce__ = not_pickled
