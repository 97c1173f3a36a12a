"""A clock that a test sets."""

from __future__ import annotations

__all__ = ["FakeClock"]


class FakeClock:
    """The wall clock and the monotonic clock of an imaginary machine; a test advances them.

    Args:
        wall: seconds since the epoch.
        monotonic: seconds since some fixed moment.
    """

    def __init__(self, wall: float = 1_800_000_000.0, monotonic: float = 1000.0) -> None:
        self._wall, self._monotonic = wall, monotonic

    def wall(self) -> float:
        """Return the seconds since the epoch."""
        return self._wall

    def monotonic(self) -> float:
        """Return the seconds since some fixed moment."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass on both clocks."""
        self._wall += seconds
        self._monotonic += seconds

    def jump_wall(self, seconds: float) -> None:
        """Set the wall clock only, as when a user changes it or the machine was suspended."""
        self._wall += seconds
