"""One session: its present tokens, and every decision about them.

Decisions are taken under a lock that is held for microseconds, never over I/O
or an await. What blocks is done by :mod:`.errands`, on a worker thread, one piece
at a time, and ends by telling what came of it.
"""

from __future__ import annotations

import copy
import threading
import time
from typing import TYPE_CHECKING

from gql.transport.exceptions import TransportClosed

from ..clock import Clock, Instant, ServerClock, seconds_of
from ..exceptions import AppSyncError, RenewalFailed, SignedOut
from ..persistence.memory import MemoryPersistence
from ..threads import after_fork_in_child
from .errands import Errands
from .limiter import Pacing
from .renewal import Renewal, Renewed
from .reporter import Announcer
from .single_flight import Flight, fly
from .snapshot import Held, StoreStatus, renewed_event
from .validity import TokenState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .. import events
    from ..auth.base import Headers
    from ..persistence.base import TokenPersistence
    from ..providers.base import TokenProvider
    from ..session_key import SessionKey
    from ..tokens import Tokens, TokenUse

__all__ = ["Session"]


class Session:
    """The state behind a :class:`TokenStore`, for any thread to use."""

    def __init__(
        self,
        provider: TokenProvider,
        *,
        tokens: Tokens | None,
        persistence: TokenPersistence | None,
        window: float,
        use: TokenUse,
        listener: events.Listener | None,
        clock: Clock,
        delays: Callable[[], Iterator[float]],
        looks: Callable[[], Iterator[float]],
        jitter: Callable[[], float],
    ) -> None:
        self._window = window
        self._use = use
        self.announcer = Announcer(listener)
        self._clock = clock
        self._monotonic, self._wall = clock.monotonic, clock.wall
        self._pacing = Pacing(delays)
        # Processes that share a session do not all come at the same moment.
        self._jitter = jitter if persistence is not None else float
        self._closed = False
        self._last_answer: tuple[str | None, float, float] = (None, 0.0, 0.0)
        self._key = provider.session_key.with_tokens(tokens)
        renewal = Renewal(
            provider=provider,
            persistence=MemoryPersistence() if persistence is None else persistence,
            clock=clock,
            looks=looks,
            sleep=time.sleep,
            usable=self._usable,
            trouble=self.announcer.not_loaded,
        )
        self._errands = Errands(self, renewal)
        self._begin()
        after_fork_in_child(self, Session._begin)
        now = Instant.now(clock)
        correction = (tokens and tokens.clock_correction) or 0.0
        # Given tokens are saved at first use, where there is a place to save them.
        unsaved = now if tokens and tokens.any_claims and persistence is not None else None
        self._held = self._hold(tokens, ServerClock.assumed(now, correction), now, save_at=unsaved)

    def _begin(self) -> None:
        """Make what a forked child must not share with its parent."""
        self._lock = threading.Lock()
        self._flight: Flight | None = None
        self._spread = self._jitter()

    # -- decisions ------------------------------------------------------------

    def headers_nowait(self) -> Headers | None:
        """Headers that may be sent now; ``None`` if a renewal must be waited for."""
        held = self._held
        if self._monotonic() < held.attend_monotonic and self._wall() < held.attend_wall:
            return held.headers
        with self._lock:
            self._check_open()
            held, now = self._held, Instant.now(self._clock)
            state = held.validity.state(now)
            if state is TokenState.EXPIRED:
                return None
            if state is TokenState.STALE and self._pacing.ready(now.monotonic):
                self._start_renewal("stale")
            elif held.save_at is not None and now.reached(held.save_at):
                self._start(lambda: self._errands.settle(held))
            return held.headers

    def need(self) -> Flight:
        """The renewal to wait for when the token has expired, started if there is none.

        Raises:
            AppSyncError: the last attempts failed and it is too early for another.
        """
        with self._lock:
            self._check_open()
            return self._flight or self._start_urgent("expired")

    def replace(self, rejected: Headers | None, *, denied: bool) -> Headers | Flight:
        """Headers to use in place of the rejected ones, or the renewal to wait for."""
        with self._lock:
            self._check_open()
            held, now = self._held, Instant.now(self._clock)
            if held.headers is None or held.validity.state(now) is TokenState.EXPIRED:
                return self._flight or self._start_urgent("expired")
            if rejected is not None and not held.made_of(rejected):
                return held.headers
            if self._flight is not None:
                return self._flight
            if denied:
                if not self._pacing.denied(now.monotonic):
                    return held.headers
            elif not self._pacing.demand(now.monotonic, young=held.young(now, self._use)):
                return held.headers
            return self._start_urgent(
                "denied" if denied else "requested" if rejected is None else "refused"
            )

    def holds(self, headers: Headers) -> bool:
        """Tell whether these are still the present headers."""
        return self._held.made_of(headers)

    def answered(self, date: str | None, took: float) -> None:
        """Learn the server's time; see :meth:`TokenStore.answered`.

        A ``Date`` tells most where it changes: its last answer and the next
        one's first frame the moment. Answers between them cost next to nothing.
        """
        now = self._monotonic()
        last, self._last_answer = self._last_answer, (date, now - took, now)
        if date is None or date == last[0]:
            return
        with self._lock:
            server = self._held.server
            for text, sent, received in (last, self._last_answer):
                second = seconds_of(text)
                if second is not None:
                    server = server.observe(second, sent, received)
            if server is not self._held.server:
                held = self._held
                self._held = self._hold(
                    held.tokens, server, Instant.now(self._clock), held.received, held.save_at
                )

    def close(self) -> tuple[Flight | None, Held]:
        """Hand out nothing from now on; return what is under way and what was held."""
        with self._lock:
            self._closed, held = True, self._held
            self._held = self._hold(None, held.server, Instant.now(self._clock))
            return self._flight, held

    @property
    def tokens(self) -> Tokens | None:
        """The present tokens."""
        return self._held.tokens

    def status(self) -> StoreStatus:
        """What may be shown."""
        with self._lock:
            return StoreStatus.of(
                self._held,
                use=self._use,
                now=Instant.now(self._clock),
                renewing=self._flight is not None,
                error=self._pacing.error,
                counts=self.announcer.counts,
            )

    # -- under the lock ---------------------------------------------------------

    def _check_open(self) -> None:
        if self._closed:
            raise TransportClosed("The token store is closed.")

    def _start_urgent(self, reason: events.Reason) -> Flight:
        wait = self._pacing.wait_before(self._monotonic(), urgent=True)
        if wait and self._pacing.error is not None:
            error = copy.copy(self._pacing.error)
            if isinstance(error, RenewalFailed):
                error.retry_after = wait
            raise error
        return self._start_renewal(reason)

    def _start_renewal(self, reason: events.Reason) -> Flight:
        known, key = self._held.tokens, self._key
        return self._start(lambda: self._errands.renew(known, key, reason))

    def _start(self, work: Callable[[], None]) -> Flight:
        if self._flight is None:
            self._flight = fly(work, self._landed)
        return self._flight

    def _hold(
        self,
        tokens: Tokens | None,
        server: ServerClock,
        now: Instant,
        received: Instant | None = None,
        save_at: Instant | None = None,
    ) -> Held:
        return Held.of(
            tokens,
            use=self._use,
            window=self._window,
            server=server,
            now=now,
            spread=self._spread,
            received=received,
            save_at=save_at,
        )

    def _landed(self) -> None:
        with self._lock:
            self._flight = None

    # -- what came of an errand ------------------------------------------------------

    @property
    def errands(self) -> Errands:
        """What is done on worker threads."""
        return self._errands

    @property
    def key(self) -> SessionKey:
        """Whose session it is, as far as is known."""
        return self._key

    def _usable(self, tokens: Tokens) -> bool:
        now = Instant.now(self._clock)
        validity = self._hold(tokens, self._held.server, now).validity
        return validity.state(now) is not TokenState.EXPIRED

    def publish(
        self, renewed: Renewed, known: Tokens | None, reason: events.Reason, began: float
    ) -> None:
        """Take newer tokens than the known ones into use."""
        tokens = renewed.tokens
        claims = tokens.claims(self._use) or tokens.any_claims
        issued_at = claims.issued_at if claims else None
        with self._lock:
            if self._held.tokens is not known or self._closed:
                return  # somebody signed in or out, or closed meanwhile: that counts
            now, server = Instant.now(self._clock), self._held.server
            if renewed.just_issued and issued_at is not None:
                server = server.observe(issued_at, renewed.sent, renewed.received)
            elif not server.observed and tokens.clock_correction is not None:
                server = ServerClock.assumed(now, tokens.clock_correction)
            self._key = self._key.with_tokens(tokens)
            self._held = self._hold(tokens, server, now, now if renewed.just_issued else None)
        if claims is not None:
            took = self._monotonic() - began
            self.announcer.tell(renewed_event(claims, reason=reason, took=took, api=renewed.api))

    def drop(self) -> None:
        """Hand the tokens out no more: the user signed out."""
        with self._lock:
            self._held = self._hold(None, self._held.server, Instant.now(self._clock))

    def check_alive(self) -> None:
        """See that what an errand brought can be used.

        Raises:
            RenewalFailed: it can't.
        """
        with self._lock:
            held = self._held
            state = held.validity.state(Instant.now(self._clock))
        if self._closed:
            return
        if held.headers is None:
            raise RenewalFailed(f"The identity provider gave no {self._use} token.")
        if state is TokenState.EXPIRED:
            raise RenewalFailed(
                "The tokens just had count as expired already. Compare the clocks of this machine "
                "and of the identity provider, and the token's lifetime.",
                kind="clock",
            )

    def succeeded(self, *, signed_in: bool = False) -> None:
        """Forget former failures."""
        with self._lock:
            if signed_in:
                self._pacing.reset()
            else:
                self._pacing.succeeded()

    def saved(self, error: Exception | None, saved: Tokens | None = None) -> None:
        """Note how saving went: the present tokens, or ``saved`` if they are still present."""
        with self._lock:
            held, now = self._held, Instant.now(self._clock)
            if saved is not None and held.tokens is not saved and not (error and self._closed):
                return
            if error is None and held.save_at is None:
                return
            delay = self._pacing.save_failed() if error else 0.0
            save_at = now.plus(delay) if error else None
            self._held = self._hold(held.tokens, held.server, now, held.received, save_at)
        if error is not None:
            self.announcer.not_saved(error, delay)

    def failed(self, reason: events.Reason, error: AppSyncError) -> None:
        """Note that there are no newer tokens this time."""
        with self._lock:
            delay = self._pacing.failed(self._monotonic(), error)
        self.announcer.failed(reason, error, delay)
        if isinstance(error, SignedOut):
            self.drop()
