"""A clock that a test turns by hand."""

from __future__ import annotations

__all__ = ["FakeClock"]


class FakeClock:
    """Both clocks of a made-up machine; time passes only when told.

    Args:
        wall: seconds since the epoch.
        monotonic: seconds since some fixed moment.
    """

    def __init__(self, wall: float = 1_800_000_000.0, monotonic: float = 1000.0) -> None:
        self._wall, self._monotonic = wall, monotonic

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._wall += seconds
        self._monotonic += seconds

    def jump_wall(self, seconds: float) -> None:
        """Set the wall clock only: somebody changed it, or the machine slept."""
        self._wall += seconds
