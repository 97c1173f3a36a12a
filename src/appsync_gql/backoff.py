"""How long to wait between attempts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["at_most", "delays", "full_jitter", "lock_delays"]


def delays(
    base: float = 0.5,
    cap: float = 30.0,
    rand: Callable[[], float] = random.random,
) -> Iterator[float]:
    """Yield seconds to wait after the first, second, … failure in a row, for ever.

    Exponential with "equal jitter": between half and the whole of
    ``base * 2**n``, never above ``cap``; so processes that failed at the same time do
    not try again at the same time, and no wait is near zero.
    """
    ceiling = base
    while True:
        yield ceiling * (0.5 + rand() / 2)
        ceiling = min(cap, ceiling * 2)


def full_jitter(
    base: float = 0.5,
    cap: float = 30.0,
    rand: Callable[[], float] = random.random,
) -> Iterator[float]:
    """Yield seconds to wait before the first, second, … attempt to connect again, for ever.

    Between nothing and ``base * 2**n``, never above ``cap``: clients that lost
    their connections in one moment connect again spread over the whole time.
    """
    ceiling = base
    while True:
        yield ceiling * rand()
        ceiling = min(cap, ceiling * 2)


def lock_delays(
    patience: float = 30.0,
    first: float = 0.01,
    longest: float = 0.25,
    rand: Callable[[], float] = random.random,
) -> Iterator[float]:
    """Yield seconds to wait between attempts at a lock that another process or thread holds.

    Args:
        patience: seconds in all; longer than the lease of a holder that was killed.
        first: about how long the first wait is; each is twice the one before.
        longest: no wait is longer.
        rand: for jitter, so that those who wait do not try all at once.
    """
    while patience > 0:
        wait = min(first * (0.5 + rand()), patience)
        yield wait
        patience -= wait
        first = min(longest, first * 2)


def at_most(seconds: float, waits: Iterator[float]) -> Iterator[float]:
    """Yield the waits until they add up to so many seconds; the last one is cut short."""
    for wait in waits:
        yield min(wait, seconds)
        seconds -= wait
        if seconds <= 0:
            return
