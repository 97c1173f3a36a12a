"""A credential that expires and is fetched anew: ahead of its end, and once for all callers."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

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

_FOREVER = (ConfigurationError, SessionExpired)
"""Errors after which another attempt is of no use."""


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
    Fetch = Callable[[Callable[["Credential[T] | AppSyncError"], None]], None]
    """Starts to fetch a credential, without blocking, and calls its argument with the outcome."""


class Renewing(Generic[T]):
    """Holds a credential for any number of tasks, threads and event loops.

    Args:
        fetch: starts to fetch a new credential.
        clock: this machine's clocks.
        delays: returns the seconds to wait after the first, second, … failed attempt.
        patience: seconds that a caller without a usable credential waits through failures
            that may pass.
        timeout: seconds after which an attempt that has not ended is given up.
    """

    def __init__(
        self,
        fetch: Fetch[T],
        *,
        clock: Clock,
        delays: Callable[[], Iterator[float]],
        patience: float,
        timeout: float,
    ) -> None:
        self._fetch, self._clock, self._patience = fetch, clock, patience
        self._timeout, self._started = timeout, 0.0
        self._limiter = Limiter(delays)
        self._credential: Credential[T] | None = None
        self._begin()
        after_fork_in_child(self, Renewing._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._under_way: SharedCall | None = None

    @property
    def credential(self) -> Credential[T] | None:
        """The credential that was fetched last; ``None`` before the first."""
        return self._credential

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
            RenewalFailed: there was none within ``patience``; the last error.
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
        now = self._clock.monotonic()
        with self._lock:
            current = self._credential
            if current is rejected and self._under_way is None:
                allowed = (
                    self._limiter.denial_allowed(now)
                    if denied
                    else self._limiter.replacement_allowed(now, young=True)
                )
                if not allowed:
                    return rejected
        return await self._wait_for(lambda: None if self._credential is rejected else self.nowait())

    async def _wait_for(self, usable: Callable[[], Credential[T] | None]) -> Credential[T]:
        deadline = self._clock.monotonic() + self._patience
        first = True
        while (found := usable()) is None:
            left = deadline - self._clock.monotonic()
            error = self._limiter.error
            if not first and left <= 0:
                raise copy_of(error or RenewalFailed("No credential was obtained in time."))
            pause = self._limiter.urgent_wait(self._clock.monotonic())
            if pause > 0 and self._under_way is None:
                if error is not None and (first and self._patience <= 0):
                    raise copy_of(error)
                await asyncio.sleep(min(pause, max(left, 0.0)))
            call = self._attempt()
            limit = self._started + self._timeout - self._clock.monotonic()
            if not await call.wait(max(0.0, min(left, limit) if self._patience > 0 else limit)):
                self._give_up(call)
            first = False
            if isinstance(call.error, _FOREVER):
                raise copy_of(call.error)
        return found

    def _give_up(self, call: SharedCall) -> None:
        """End an attempt that has taken too long, so that the next one can begin."""
        with self._lock:
            now = self._clock.monotonic()
            if self._under_way is not call or now - self._started < self._timeout:
                return
            self._under_way = None
            error = RenewalFailed(f"No credential was obtained within {self._timeout:g} s.")
            self._limiter.failed(now, error)
        call.end(error)

    def _attempt(self) -> SharedCall:
        """Return the attempt under way, started if there is none."""
        with self._lock:
            if self._under_way is not None:
                return self._under_way
            call = self._under_way = SharedCall()
            self._started = self._clock.monotonic()

        self._fetch(partial(self._fetched, call))
        return call

    def _fetched(self, call: SharedCall, outcome: Credential[T] | AppSyncError) -> None:
        now = Instant.now(self._clock)
        if isinstance(outcome, Credential) and outcome.state(now) is TokenState.EXPIRED:
            outcome = RenewalFailed(
                "The credential that was just obtained has expired already: compare the clocks of "
                "this machine and of what issues it.",
                kind="clock",
            )
        error = outcome if isinstance(outcome, AppSyncError) else None
        with self._lock:
            if self._under_way is not call:
                return  # it was given up, or belongs to a parent process
            self._under_way = None
            if isinstance(outcome, AppSyncError):
                self._limiter.failed(now.monotonic, outcome)
            else:
                self._limiter.succeeded()
                self._credential = outcome
        call.end(error)
