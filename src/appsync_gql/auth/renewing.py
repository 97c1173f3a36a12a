"""A credential that expires and is fetched anew: ahead of its end, and once for all callers."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from ..caller_timeout import seconds_left
from ..clock import Instant
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed, SessionExpired
from ..store.limiter import Limiter
from ..store.single_flight import SharedCall, copy_of
from ..store.validity import TokenState, Validity
from ..threads import after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..clock import Clock

__all__ = ["Credential", "Fetch", "Renewing"]

T = TypeVar("T")

_PERMANENT = (ConfigurationError, SessionExpired)
"""Errors that another attempt would only repeat."""

_YOUNG = 30.0
"""Seconds for which a credential counts as new, so that a newer one can hardly be better."""

_MOST_HUNG = 4
"""Attempts that were given up and have not ended, after which no more are made."""

_OTHER_LOOP = 1.0
"""Seconds after which an attempt on another event loop, which may be blocked, is not waited for."""


@dataclass(frozen=True, slots=True)
class Credential(Generic[T]):
    """A credential and how long it may be used.

    Attributes:
        value: the credential.
        validity: until when it is fresh, and until when it may be sent; ``None``: for ever.
        received: when it was fetched.
    """

    value: T
    validity: Validity | None
    received: Instant

    def state(self, now: Instant) -> TokenState:
        """Return what a request may do with it at this moment."""
        return TokenState.FRESH if self.validity is None else self.validity.state(now)


if TYPE_CHECKING:
    Fetch = Callable[
        [Callable[["Credential[T] | AppSyncError"], None]], asyncio.AbstractEventLoop | None
    ]
    """Starts to fetch a credential, without blocking, and calls its argument with the outcome.

    Returns the event loop on which that runs; ``None`` for a thread."""


class _Attempt(Generic[T]):
    """One fetch under way.

    Attributes:
        call: what callers wait for.
        started: when it began, in monotonic seconds.
        replaces: the credential at that moment.
        loop: the event loop on which it runs; ``None`` for a thread.
        given_up: whether it took too long.
    """

    __slots__ = ("call", "given_up", "loop", "replaces", "started")

    def __init__(self, started: float, replaces: Credential[T] | None) -> None:
        self.call = SharedCall()
        self.started, self.replaces = started, replaces
        self.loop: asyncio.AbstractEventLoop | None = None
        self.given_up = False


class Renewing(Generic[T]):
    """Holds a credential for any number of tasks, threads and event loops.

    Args:
        fetch: starts to fetch a new credential.
        clock: this machine's clocks.
        delays: returns the seconds to wait after the first, second, … failed attempt.
        patience: seconds that a caller without a usable credential waits through failures
            that may pass.
        timeout: seconds after which an attempt that has not ended is given up. It is not
            repeated for the callers that have waited for it.
        late: what to say of such an attempt.
        limit: returns the seconds that the caller itself waits at most.
    """

    def __init__(
        self,
        fetch: Fetch[T],
        *,
        clock: Clock,
        delays: Callable[[], Iterator[float]],
        patience: float,
        timeout: float,
        late: str = "No credential was obtained in time.",
        limit: Callable[[], float] = seconds_left,
    ) -> None:
        self._fetch, self._clock = fetch, clock
        self._patience, self._timeout, self._late = patience, timeout, late
        self._limiter, self._limit = Limiter(delays), limit
        self._credential: Credential[T] | None = None
        self._begin()
        after_fork_in_child(self, Renewing._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._under_way: _Attempt[T] | None = None
        self._hung = 0

    @property
    def credential(self) -> Credential[T] | None:
        """The credential that was fetched last; ``None`` before the first."""
        return self._credential

    def discard(self, credential: Credential[T]) -> None:
        """Forget a credential that must not be used any more; a newer one is kept."""
        with self._lock:
            if self._credential is credential:
                self._credential = None

    def nowait(self) -> Credential[T] | None:
        """Return the credential if it may be used now; ``None`` if one must be waited for.

        Starts to fetch the next one when this one is near its end.
        """
        found, now = self._credential, Instant.now(self._clock)
        if found is None:
            return None
        state = found.state(now)
        if state is TokenState.STALE and self._limiter.early_allowed(now.monotonic):
            self._attempt()
        return None if state is TokenState.EXPIRED else found

    async def get(self) -> Credential[T]:
        """Return a credential that may be used now, waiting for it if need be.

        Raises:
            ConfigurationError, SessionExpired: there will be none.
            RenewalFailed: there was none within ``patience``, or an attempt took longer than
                ``timeout``; the last error.
        """
        return await self._wait_for(self.nowait)

    async def newer_than(self, rejected: Credential[T], *, denied: bool) -> Credential[T]:
        """Return a newer credential than one that was rejected, or that same one without any.

        Args:
            rejected: the credential that was sent.
            denied: it was accepted, but a permission was missing.

        Raises:
            AppSyncError: as :meth:`get`.
        """
        now = Instant.now(self._clock)
        with self._lock:
            if self._credential is rejected and self._under_way is None:
                young = now.since(rejected.received) < _YOUNG
                refused = partial(self._limiter.replacement_allowed, young=young)
                allowed = self._limiter.denial_allowed if denied else refused
                if not allowed(now.monotonic):
                    return rejected
        return await self._wait_for(lambda: None if self._credential is rejected else self.nowait())

    # -- waiting -----------------------------------------------------------------------

    async def _wait_for(self, usable: Callable[[], Credential[T] | None]) -> Credential[T]:
        arrived = self._clock.monotonic()
        limit = arrived + self._limit()
        deadline = min(arrived + self._patience, limit)
        while (found := usable()) is None:
            if await self._back_off(deadline) and usable() is not None:
                continue
            attempt = self._attempt()
            await self._wait(attempt, limit)
            if attempt.started < arrived or not attempt.call.ended:
                continue  # that was another caller's attempt: its failure is not this caller's
            error = attempt.call.error
            if error is None and usable() is None:
                raise RenewalFailed(_TOO_SHORT, kind="clock")
            if error is not None and (
                isinstance(error, _PERMANENT)
                or attempt.given_up
                or self._clock.monotonic() >= deadline
            ):
                raise copy_of(error)
        return found

    async def _back_off(self, deadline: float) -> bool:
        """Wait until an attempt may be made; return whether that took time.

        Raises:
            AppSyncError: none may be made before the deadline; the last attempt's error.
        """
        now, error = self._clock.monotonic(), self._limiter.error
        pause = self._limiter.urgent_wait(now)
        if pause <= 0 or error is None or self._under_way is not None:
            return False
        if now >= deadline:
            raise copy_of(error)
        await asyncio.sleep(min(pause, deadline - now))
        return True

    async def _wait(self, attempt: _Attempt[T], limit: float) -> None:
        """Wait until an attempt has ended or taken too long, or raise an error at the limit."""
        seconds, loop = self._timeout, attempt.loop
        elsewhere = loop is not None and loop is not asyncio.get_running_loop()
        if loop is not None and elsewhere:
            seconds = min(seconds, _OTHER_LOOP) if loop.is_running() else 0.0
        end = min(attempt.started + seconds, limit)
        if await attempt.call.wait(max(0.0, end - self._clock.monotonic())):
            return
        if end == limit:
            raise RenewalFailed(_NO_TIME_LEFT)
        if elsewhere:
            self._leave(attempt)
        else:
            self._give_up(attempt)

    # -- attempts ----------------------------------------------------------------------

    def _attempt(self) -> _Attempt[T]:
        """Return the attempt under way, started if there is none."""
        with self._lock:
            if self._under_way is not None:
                return self._under_way
            attempt: _Attempt[T] = _Attempt(self._clock.monotonic(), self._credential)
            self._under_way = attempt
            hung = self._hung >= _MOST_HUNG
        if hung:  # else each would leave another thread behind
            self._fetched(attempt, RenewalFailed(_ALL_HANG.format(_MOST_HUNG)))
            return attempt
        try:
            attempt.loop = self._fetch(partial(self._fetched, attempt))
        except Exception as error:  # noqa: BLE001 - callers are waiting for the outcome
            self._fetched(attempt, RenewalFailed(f"Nothing was fetched: {type(error).__name__}."))
        except BaseException:
            self._fetched(attempt, RenewalFailed("Fetching a credential was broken off."))
            raise
        return attempt

    def _leave(self, attempt: _Attempt[T]) -> None:
        """Let another attempt begin beside one on an event loop that may be blocked."""
        with self._lock:
            if self._under_way is attempt:
                self._under_way = None

    def _give_up(self, attempt: _Attempt[T]) -> None:
        """End an attempt that has taken too long, so that the next one can begin."""
        error = RenewalFailed(self._late)
        with self._lock:
            if self._under_way is attempt:
                self._under_way = None
                self._limiter.failed(self._clock.monotonic(), error)
            self._hung += not attempt.given_up
            attempt.given_up = True
        attempt.call.end(error)

    def _fetched(self, attempt: _Attempt[T], outcome: Credential[T] | AppSyncError) -> None:
        now = Instant.now(self._clock)
        if isinstance(outcome, Credential) and outcome.state(now) is TokenState.EXPIRED:
            outcome = RenewalFailed(_EXPIRED, kind="clock")
        error = outcome if isinstance(outcome, AppSyncError) else None
        with self._lock:
            current = self._under_way is attempt
            self._hung -= attempt.given_up
            if current:
                self._under_way = None
            if not isinstance(outcome, AppSyncError):
                if self._credential is attempt.replaces:
                    self._credential = outcome
                    self._limiter.succeeded()
            elif current:
                self._limiter.failed(now.monotonic, outcome)
        attempt.call.end(error)


_EXPIRED = (
    "The credential that was just obtained has expired already: compare the clocks of this "
    "machine and of what issues it."
)
_ALL_HANG = "The last {} attempts to obtain a credential have not ended: no other one is made."
_NO_TIME_LEFT = "No credential was obtained in the caller's own time limit. The attempt continues."
_TOO_SHORT = "The credential expires before it can be used: its lifetime is too short."
