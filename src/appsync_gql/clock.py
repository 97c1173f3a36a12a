"""The two clocks of this machine, and what is known of the server's.

Whether a token has expired is a question about the *server's* time. This module
estimates it from what servers say (``iat`` of a token just issued, the ``Date``
header of an answer), both of which are whole seconds: each observation gives an
interval, and intervals that overlap are narrowed to their intersection.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Protocol

__all__ = ["Clock", "Instant", "ServerClock", "SystemClock", "seconds_of"]


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

    # Asked at every request: so these are the functions themselves, and no methods around them.
    wall = staticmethod(time.time)
    """Seconds since the epoch."""

    monotonic = staticmethod(
        time.monotonic if _CLOCK_ID is None else partial(time.clock_gettime, _CLOCK_ID)
    )
    """Seconds since boot, sleep included where the platform tells."""


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

    def since(self, earlier: Instant) -> float:
        """Give the seconds since then, by whichever clock counted more."""
        return max(self.wall - earlier.wall, self.monotonic - earlier.monotonic)

    def reached(self, other: Instant) -> bool:
        """Tell whether either clock has got to ``other``."""
        return self.monotonic >= other.monotonic or self.wall >= other.wall


@dataclass(frozen=True, slots=True)
class ServerClock:
    """What is known of the server's time: ``server = monotonic + offset``.

    Attributes:
        hint: the offset by this machine's own wall clock.
        low: the offset is not below this.
        high: the offset is not above this.
    """

    hint: float
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def assumed(cls, now: Instant, correction: float = 0.0) -> ServerClock:
        """Believe this machine's wall clock plus ``correction`` seconds, for want of better."""
        return cls(now.wall + correction - now.monotonic)

    @property
    def observed(self) -> bool:
        """Whether a server has said anything yet."""
        return self.high < math.inf

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
        if low <= self.high and self.low <= high:
            low, high = max(low, self.low), min(high, self.high)
        if (low, high) == (self.low, self.high):
            return self
        return replace(self, low=low, high=high)

    @property
    def offset(self) -> float:
        """The best estimate: this machine's clock where it fits what servers said.

        Where it does not, the latest that the server's clock may read: better a
        renewal early than a request refused.
        """
        return self.hint if self.low <= self.hint <= self.high else self.high

    def time_at(self, monotonic: float) -> float:
        """Estimate what the server's clock reads when the monotonic one reads this."""
        return monotonic + self.offset

    def correction(self, now: Instant) -> float:
        """Seconds to add to this machine's wall clock to get the server's time."""
        return self.time_at(now.monotonic) - now.wall


def seconds_of(date: str | None) -> float | None:
    """Read a ``Date`` header (RFC 9110 5.6.7); ``None`` for none and for nonsense."""
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
