"""Noticing that a connection is dead although its socket seems to be open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock

__all__ = ["Keepalive", "Reading", "reason_to_close"]

_OFTEN = 5.0
"""Seconds between checks at the most: a machine that slept must be noticed soon."""


class Reading(NamedTuple):
    """One moment, read off two clocks that no user can set.

    Attributes:
        boot: seconds by a clock that goes on while the machine sleeps, if it has one.
        awake: seconds by the event loop's clock, which may stop meanwhile.
    """

    boot: float
    awake: float


def reason_to_close(
    now: Reading, checked: Reading, received: Reading, silence: float
) -> str | None:
    """Return why a connection is dead; ``None`` while it is not.

    Args:
        now: this moment.
        checked: the moment of the last check.
        received: about the moment when the last frame was received.
        silence: seconds without any frame after which a connection is dead.
    """
    slept = (now.boot - checked.boot) - (now.awake - checked.awake)
    if slept > silence:
        # What came before the machine fell asleep says nothing about the other side now.
        return f"this machine slept for {slept:.0f} s"
    if now.boot - received.boot > silence:
        return f"nothing was received for {silence:g} s"
    return None


class Keepalive:
    """Checks now and then whether anything was received.

    Args:
        silence: seconds without any frame after which a connection is dead.
        clock: its ``monotonic`` goes on while the machine sleeps.
        on_dead: called once, with the reason.

    Attributes:
        received: set by the reader at each frame: cheaper than reading a clock.
        paused: whether nothing is read now, because a consumer is slow.
    """

    def __init__(self, silence: float, clock: Clock, on_dead: Callable[[str], object]) -> None:
        self.received = self.paused = False
        self._silence, self._clock, self._on_dead = silence, clock, on_dead
        self._interval = min(_OFTEN, silence / 4)
        self._loop = asyncio.get_running_loop()
        self._last = self._checked = self._now()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Check from now on."""
        self._checked = self._now()
        self._timer = self._loop.call_later(self._interval, self._check)

    def stop(self) -> None:
        """Check no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def last_received(self) -> Reading:
        """Return about the moment of the last frame: the same object if there was none since."""
        if self.received or self.paused:
            self.received, self._last = False, self._now()
        return self._last

    def _check(self) -> None:
        now, checked = self._now(), self._checked
        self._checked = now
        if now.awake - checked.awake > 2 * self._interval:
            self._last = now  # the loop was blocked: what has arrived is still to be read
        reason = reason_to_close(now, checked, self.last_received(), self._silence)
        if reason is not None:
            self.stop()
            self._on_dead(reason)
        else:
            self._timer = self._loop.call_later(self._interval, self._check)

    def _now(self) -> Reading:
        return Reading(self._clock.monotonic(), self._loop.time())
