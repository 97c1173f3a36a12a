"""The two clocks of this machine, and an estimate of the server's.

Whether a token has expired is a question about the *server's* time. This module
estimates it from what servers say (``iat`` of a token just issued, the ``Date``
header of a response), both of which are whole seconds: each observation is an
interval, and intervals that overlap are narrowed to their intersection.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass, replace
from datetime import timezone
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Bounds", "Clock", "Instant", "ServerClock", "SystemClock", "retry_after", "seconds_of"]


class Clock(Protocol):
    """The clocks that a store uses. Tests pass one of their own."""

    def wall(self) -> float:
        """Seconds since the epoch (UTC), by this machine's clock, right or wrong."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment: never set, never decreases."""
        ...


_COUNTS_SLEEP = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}
"""The clock of each platform that goes on while the machine sleeps (clock_gettime(2)).

Darwin's ``CLOCK_MONOTONIC`` does, whereas Python's ``time.monotonic`` there does not.
"""


def monotonic_through_sleep(platform: str) -> Callable[[], float]:
    """Return the function that reads the platform's monotonic clock, sleep included if it can."""
    name = _COUNTS_SLEEP.get(platform)
    if name is None:
        return time.monotonic
    return partial(time.clock_gettime, getattr(time, name))


class SystemClock:
    """This machine's own clocks."""

    # Called at every request, so these are the functions themselves, without methods around them.
    wall = staticmethod(time.time)
    """Seconds since the epoch."""

    monotonic = staticmethod(monotonic_through_sleep(sys.platform))
    """Seconds since boot, sleep included where the platform counts it."""


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
        """Return the moment that many seconds later."""
        return Instant(self.wall + seconds, self.monotonic + seconds)

    def since(self, earlier: Instant) -> float:
        """Return the seconds since ``earlier``, by whichever clock counted more."""
        return max(self.wall - earlier.wall, self.monotonic - earlier.monotonic)

    def reached(self, other: Instant) -> bool:
        """Return whether either clock has reached ``other``."""
        return self.monotonic >= other.monotonic or self.wall >= other.wall


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the offset ``server time - monotonic time`` lies, in seconds, both ends included."""

    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def of(cls, server_second: float, sent: float, received: float) -> Bounds:
        """Return what follows from one response.

        Args:
            server_second: what the server's clock read, in whole seconds since the
                epoch: it was in ``[server_second, server_second + 1)``.
            sent: monotonic seconds before the request was sent.
            received: monotonic seconds after the response had arrived.
        """
        return cls(server_second - received, server_second + 1.0 - sent)

    def contains(self, offset: float) -> bool:
        """Return whether the offset may be this one."""
        return self.low <= offset <= self.high

    def intersection(self, other: Bounds) -> Bounds | None:
        """Return what satisfies both; ``None`` if they contradict each other."""
        if other.low > self.high or self.low > other.high:
            return None
        return Bounds(max(self.low, other.low), min(self.high, other.high))


EVERYTHING = Bounds()
"""Bounds without any observation."""

_DATES_LAST = 300.0
"""Seconds after which ``Date`` headers that contradict everything else are dropped."""

_FARTHEST_DATE = 86_400.0
"""Seconds by which a ``Date`` header may differ from this machine's clock, for dates to count."""


@dataclass(frozen=True, slots=True)
class ServerClock:
    """What is known of the server's time: ``server = monotonic + offset``.

    Two kinds of observations are combined. The ``iat`` of a token that was just issued comes
    from the issuer itself and counts at once. A ``Date`` header may come from a cache or from a
    broken machine: one that contradicts what is known counts only after a second one, of a later
    second, has confirmed it, and it is dropped after five minutes without a further one.

    Attributes:
        hint: the offset by this machine's own wall clock.
        known: what tokens just issued, and the dates that agree with them, leave possible.
        dates: what confirmed dates say that contradict ``known``; ``None`` without such dates.
        dates_until: monotonic seconds from which ``dates`` count no more.
        doubt: what the last date says, and its second, if it contradicts and is unconfirmed.
    """

    hint: float
    known: Bounds = EVERYTHING
    dates: Bounds | None = None
    dates_until: float = -math.inf
    doubt: tuple[Bounds, float] | None = None

    @classmethod
    def assumed(cls, now: Instant, correction: float = 0.0) -> ServerClock:
        """Return the estimate that this machine's wall clock plus ``correction`` seconds is right.

        It is used until a server's time was observed.
        """
        return cls(now.wall + correction - now.monotonic)

    @property
    def observed(self) -> bool:
        """Whether the time of any server was observed."""
        return self._bounds.high < math.inf

    def observe_issue(self, issued_at: float, sent: float, received: float) -> ServerClock:
        """Return the estimate with the ``iat`` of a token that was issued for this request.

        Where it contradicts what was known (the server's clock was set, this machine slept),
        the new observation alone counts. The arguments are those of :meth:`Bounds.of`.
        """
        found = Bounds.of(issued_at, sent, received)
        return self._with_known(self.known.intersection(found) or found)

    def observe_date(self, second: float, sent: float, received: float) -> ServerClock:
        """Return the estimate with the ``Date`` header of one response.

        The arguments are those of :meth:`Bounds.of`.
        """
        found = Bounds.of(second, sent, received)
        if abs(found.high - self.hint) > _FARTHEST_DATE:
            return replace(self, doubt=(found, second))  # no second date confirms this one
        if self.known != EVERYTHING or found.contains(self.hint):
            both = self.known.intersection(found)
            if both is not None:
                return self._with_known(both)
        confirmed = None if self.dates is None else self.dates.intersection(found)
        if confirmed is None and self.doubt is not None:
            doubted, at = self.doubt
            confirmed = doubted.intersection(found)
            if confirmed is not None and second <= at:
                return self  # the same second, perhaps the same response out of a cache
        if confirmed is not None:
            until = received + _DATES_LAST
            return replace(self, dates=confirmed, dates_until=until, doubt=None)
        return replace(self, doubt=(found, second))

    def confirmed_date(self, monotonic: float) -> ServerClock:
        """Return the estimate in which the last date counts although it contradicts the others.

        For callers that know of something else that confirms it.

        Args:
            monotonic: monotonic seconds, from which the date counts for five minutes.
        """
        if self.doubt is None:
            return self
        return replace(self, dates=self.doubt[0], dates_until=monotonic + _DATES_LAST, doubt=None)

    def without_old_dates(self, monotonic: float) -> ServerClock:
        """Return the estimate without the contradicting dates if their time is over."""
        if self.dates is None or monotonic < self.dates_until:
            return self
        return replace(self, dates=None)

    def _with_known(self, known: Bounds) -> ServerClock:
        """Return the estimate with these bounds; what contradicted the former ones is forgotten."""
        if known == self.known and self.dates is None and self.doubt is None:
            return self
        return ServerClock(self.hint, known)

    @property
    def _bounds(self) -> Bounds:
        return self.known if self.dates is None else self.dates

    @property
    def offset(self) -> float:
        """The best estimate: this machine's clock where it fits what servers said.

        Where it does not, the latest that the server's clock may read: better a
        renewal early than a request refused.
        """
        bounds = self._bounds
        return self.hint if bounds.contains(self.hint) else bounds.high

    def time_at(self, monotonic: float) -> float:
        """Return what the server's clock probably reads when the monotonic one reads this."""
        return monotonic + self.offset

    def correction(self, now: Instant) -> float:
        """Return the seconds to add to this machine's wall clock to get the server's time."""
        return self.time_at(now.monotonic) - now.wall


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait; ``None`` without a usable one.

    It may be a number of seconds or a date (RFC 9110 10.2.3); a date counts from the response's
    own ``Date``.

    Args:
        headers: the response's headers, by case-insensitive or lower-case name.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
        return seconds if math.isfinite(seconds) else None
    at, now = seconds_of(text or None), seconds_of(headers.get("date"))
    return None if at is None or now is None else max(0.0, at - now)


def seconds_of(date: str | None) -> float | None:
    """Return the seconds since the epoch of a ``Date`` header (RFC 9110 5.6.7).

    ``None`` if there is none, or if it is not a date.
    """
    if date is None:
        return None
    try:
        when = parsedate_to_datetime(date)
        # Without a zone it means UTC too, never the zone of this machine.
        return (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None
