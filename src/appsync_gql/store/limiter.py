"""How often a session may be renewed. Pure state: every method is told the time."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..exceptions import AppSyncError

__all__ = ["DENIAL_COOLDOWN", "Pacing"]

DENIAL_COOLDOWN = 60.0
"""Seconds in which denials cause at most one refresh: a permanent denial must stay cheap."""

_LONGEST = 30.0

_FREE = 3
"""How many times in a row newer tokens may be had on request before it is slowed down."""


class Pacing:
    """Says when the next attempt may be made.

    Three brakes, each for its own case: back-off after failed attempts, a
    cool-down for denials, and a slow-down when young tokens are refused (or
    replaced by request) again and again, which newer ones will not mend.
    """

    def __init__(self, delays: Callable[[], Iterator[float]]) -> None:
        self._make_delays = delays
        self._denied_at: float | None = None
        self.reset()

    def _delays(self) -> Iterator[float]:
        """Delays that come to an end go on with the longest."""
        return chain(self._make_delays(), repeat(_LONGEST))

    def reset(self) -> None:
        """Forget all failures: newer tokens arrived by themselves."""
        self.error: AppSyncError | None = None
        self._failures = 0
        self._backoff = self._delays()
        self._not_before = 0.0
        self._demands = 0
        self._demand_backoff = self._delays()
        self._no_demand_before = 0.0
        self._save_backoff = self._delays()

    def failed(self, now: float, error: AppSyncError) -> float:
        """Count a failed attempt; return seconds until the next early one."""
        self.error = error
        self._failures += 1
        delay = next(self._backoff)
        self._not_before = now + delay
        return delay

    def succeeded(self) -> None:
        """Forget the failed attempts."""
        self.error = None
        self._failures = 0
        self._backoff = self._delays()
        self._not_before = 0.0

    def save_failed(self) -> float:
        """Count a failed saving; return seconds until the next."""
        return next(self._save_backoff)

    def wait_before(self, now: float, *, urgent: bool) -> float:
        """Seconds until an attempt may be made; 0.0 for now.

        Args:
            now: monotonic seconds.
            urgent: requests wait for it. Then the first failure delays nothing
                (the next call tries again) and only repeated ones do.
        """
        if urgent and self._failures <= 1:
            return 0.0
        return max(0.0, self._not_before - now)

    def ready(self, now: float) -> bool:
        """Tell whether an early attempt, for which nobody waits, may be made."""
        return self.wait_before(now, urgent=False) <= 0

    def demand(self, now: float, *, young: bool) -> bool:
        """Ask whether tokens may be replaced that are not due yet.

        Args:
            now: monotonic seconds.
            young: whether they are hardly used. A demand for older ones is
                normal and starts the count anew.
        """
        if not young:
            self._demands = 0
            self._demand_backoff = self._delays()
        elif self._demands > _FREE and now < self._no_demand_before:
            return False
        self._demands += 1
        if self._demands > _FREE:
            self._no_demand_before = now + next(self._demand_backoff)
        return True

    def denied(self, now: float) -> bool:
        """Ask whether a denial may cause a refresh now; a yes starts the cool-down."""
        if self._denied_at is not None and now - self._denied_at < DENIAL_COOLDOWN:
            return False
        self._denied_at = now
        return True
