"""The two clocks of this machine, and what is known of the server's.

Whether a token has expired is a question about the *server's* time. This module
estimates it from what servers say (``iat`` of a token just issued, the ``Date``
header of an answer), both of which are whole seconds: each observation gives an
interval, and intervals that overlap are narrowed to their intersection.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Clock", "Instant", "ServerClock", "SystemClock"]


class Clock(Protocol):
    """Where a store gets its time from. Tests bring their own."""

    def wall(self) -> float:
        """Seconds since the epoch (UTC), by this machine's clock, right or wrong."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment: never set, never goes back."""
        ...


def _monotonic_through_sleep() -> int | None:
    """Return the id of the clock that goes on while the machine sleeps, if it has one.

    ``CLOCK_BOOTTIME`` on Linux (clock_gettime(2)); Darwin's ``CLOCK_MONOTONIC``
    counts sleep already, whereas Python's ``time.monotonic`` there does not.
    """
    if sys.platform == "linux":
        return time.CLOCK_BOOTTIME
    if sys.platform == "darwin":
        return time.CLOCK_MONOTONIC
    return None


_CLOCK_ID = _monotonic_through_sleep()


class SystemClock:
    """This machine's own clocks."""

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since boot, sleep included where the platform tells."""
        if _CLOCK_ID is None:
            return time.monotonic()
        return time.clock_gettime(_CLOCK_ID)


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment, read off both clocks of this machine."""

    wall: float
    monotonic: float

    @classmethod
    def now(cls, clock: Clock) -> Instant:
        """Read both clocks."""
        return cls(clock.wall(), clock.monotonic())

    def plus(self, seconds: float) -> Instant:
        """Give the moment that many seconds later."""
        return Instant(self.wall + seconds, self.monotonic + seconds)

    def reached(self, other: Instant) -> bool:
        """Tell whether either clock has got to ``other``."""
        return self.monotonic >= other.monotonic or self.wall >= other.wall


@dataclass(frozen=True, slots=True)
class ServerClock:
    """What is known of the server's time: ``server = monotonic + offset``.

    ``offset`` lies between ``low`` and ``high``. ``observed`` is false while
    the only source is this machine's own wall clock.
    """

    low: float
    high: float
    observed: bool

    @classmethod
    def assumed(cls, now: Instant, correction: float = 0.0) -> ServerClock:
        """Believe this machine's wall clock plus ``correction`` seconds, for want of better."""
        offset = now.wall + correction - now.monotonic
        return cls(offset, offset, observed=False)

    def observe(self, server_second: float, sent: float, received: float) -> ServerClock:
        """Take into account that the server's clock read ``server_second``.

        Args:
            server_second: what the server said, in whole seconds since the
                epoch: its clock was in ``[server_second, server_second + 1)``.
            sent: monotonic seconds before the request was sent.
            received: monotonic seconds after the answer had arrived.

        Returns:
            A narrower estimate; or, where the new observation contradicts the
            old ones (the server's clock was set, this machine slept), one that
            rests on the new observation alone.
        """
        low, high = server_second - received, server_second + 1.0 - sent
        if self.observed and max(low, self.low) <= min(high, self.high):
            low, high = max(low, self.low), min(high, self.high)
        if self.observed and low == self.low and high == self.high:
            return self
        return ServerClock(low, high, observed=True)

    def latest(self, monotonic: float) -> float:
        """Give the latest that the server's clock may read at ``monotonic``."""
        return monotonic + self.high

    def correction(self, now: Instant) -> float:
        """Seconds to add to this machine's wall clock to get the server's time."""
        return (self.low + self.high) / 2 + now.monotonic - now.wall
