"""Notice that a connection is dead though its socket looks alive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..clock import Instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock

__all__ = ["Watchdog"]

_OFTEN = 5.0
"""Seconds between looks at the most: often enough to notice soon that a laptop slept."""


class Watchdog:
    """Looks now and then whether anything was heard.

    Args:
        silence: seconds without any frame after which a connection is dead.
        clock: where the time comes from; its clocks go on while the machine sleeps.
        dead: called once, with the reason.

    Attributes:
        heard: set by whoever reads, at each frame: cheaper than looking at a clock.
        held_up: whether nothing is read just now, because a consumer is slow.
    """

    def __init__(self, silence: float, clock: Clock, dead: Callable[[str], object]) -> None:
        self.heard = self.held_up = False
        self._silence, self._clock, self._dead = silence, clock, dead
        self._pause = min(_OFTEN, silence / 4)
        self._last = self._looked = Instant.now(clock)
        self._looked_awake = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Look from now on."""
        loop = asyncio.get_running_loop()
        self._looked, self._looked_awake = Instant.now(self._clock), loop.time()
        self._timer = loop.call_later(self._pause, self._look)

    def stop(self) -> None:
        """Look no longer."""
        if self._timer is not None:
            self._timer.cancel()

    def pulse(self) -> Instant:
        """Give about the moment of the last frame: the same object if there was none since."""
        if self.heard or self.held_up:
            self.heard, self._last = False, Instant.now(self._clock)
        return self._last

    def _look(self) -> None:
        loop, now = asyncio.get_running_loop(), Instant.now(self._clock)
        awake, self._looked_awake = loop.time() - self._looked_awake, loop.time()
        slept, self._looked = now.since(self._looked) - awake, now
        if slept > self._silence:
            # What came before the machine fell asleep says nothing of the other side now.
            self._dead(f"this machine slept for {slept:.0f} s")
            return
        if awake > 2 * self._pause:
            self._last = now  # the loop stood still: what has come is yet to be read
        if now.since(self.pulse()) > self._silence:
            self._dead(f"nothing was heard for {self._silence:g} s")
            return
        self._timer = loop.call_later(self._pause, self._look)
