"""How often a session may be renewed. Pure state: the time is an argument of every method."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from ..exceptions import AppSyncError, RenewalFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["DENIAL_COOLDOWN", "Limiter"]

DENIAL_COOLDOWN = 60.0
"""Seconds in which denials cause at most one refresh: a permanent denial must stay cheap."""

_LONGEST = 30.0
"""Seconds between attempts after the given delays have ended."""

_LONGEST_URGENT = 5.0
"""Seconds between attempts, at most, while callers wait for one."""

_UNLIMITED = 3
"""How many times in a row young tokens may be replaced on request before that is slowed down."""


class Limiter:
    """Decides when the next attempt may be made.

    Three limits, each for its own case: back-off after failed attempts, a
    cool-down for denials, and a slow-down when young tokens are refused (or
    replaced on request) again and again, which newer ones will not change.

    Args:
        delays: returns the seconds to wait after the first, second, … failure.

    Attributes:
        error: why the last attempt failed; ``None`` if it did not.
        failures: how many attempts in a row have failed.
    """

    def __init__(self, delays: Callable[[], Iterator[float]]) -> None:
        self._make_delays = delays
        self.error: AppSyncError | None = None
        self._denied_at: float | None = None
        self.reset()

    def _delays(self) -> Iterator[float]:
        """Return the delays; after their end the longest one, for ever."""
        return chain(self._make_delays(), repeat(_LONGEST))

    def reset(self) -> None:
        """Forget all failures: the user has signed in or out."""
        self.succeeded()
        self.save_succeeded()
        self._requests = 0
        self._request_delays = self._delays()
        self._no_request_before = 0.0

    def failed(self, now: float, error: AppSyncError) -> float:
        """Count a failed attempt; return the seconds until the next early one."""
        self.error = error
        self.failures += 1
        # What the server asked for, if it did.
        asked = min(error.retry_after, _LONGEST) if isinstance(error, RenewalFailed) else 0.0
        delay = max(next(self._backoff), asked)
        urgent = 0.0 if self.failures == 1 else min(delay, _LONGEST_URGENT)
        self._not_before = now + delay
        self._not_before_urgent = now + max(urgent, asked)
        return delay

    def succeeded(self) -> None:
        """Forget the failed attempts."""
        self.error = None
        self.failures = 0
        self._backoff = self._delays()
        self._not_before = self._not_before_urgent = 0.0

    def save_failed(self) -> float:
        """Count a failed save; return the seconds until the next."""
        return next(self._save_delays)

    def save_succeeded(self) -> None:
        """Forget the failed saves."""
        self._save_delays = self._delays()

    def early_allowed(self, now: float) -> bool:
        """Return whether an attempt may be made that no caller waits for."""
        return now >= self._not_before

    def urgent_wait(self, now: float) -> float:
        """Return the seconds until an attempt may be made that callers wait for; 0.0 for now.

        The first failure delays nothing (the next call tries again), unless the server asked
        for a delay; only repeated ones do.
        """
        return max(0.0, self._not_before_urgent - now)

    def replacement_allowed(self, now: float, *, young: bool) -> bool:
        """Return whether tokens may be replaced that are not due yet; a yes is counted.

        Args:
            now: monotonic seconds.
            young: whether they are hardly used. Replacing older ones is
                normal and starts the count anew.
        """
        if not young:
            self._requests = 0
            self._request_delays = self._delays()
        elif self._requests > _UNLIMITED and now < self._no_request_before:
            return False
        self._requests += 1
        if self._requests > _UNLIMITED:
            self._no_request_before = now + next(self._request_delays)
        return True

    def denial_allowed(self, now: float) -> bool:
        """Return whether a denial may cause a refresh now; a yes starts the cool-down."""
        if self._denied_at is not None and now - self._denied_at < DENIAL_COOLDOWN:
            return False
        self._denied_at = now
        return True
