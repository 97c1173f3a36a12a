"""The emulated server's clock, which may differ from this machine's."""

from __future__ import annotations

import threading
import time

__all__ = ["ServerClock"]


class ServerClock:
    """A clock with an offset that may be changed from any thread.

    Args:
        offset: the server's clock minus this machine's, in seconds.
    """

    def __init__(self, offset: float = 0.0) -> None:
        self._lock, self._offset = threading.Lock(), offset

    def now(self) -> float:
        """Return the server's time, seconds since the epoch."""
        return time.time() + self._offset

    def shift(self, seconds: float) -> None:
        """Set the clock ahead by so many seconds; back, if negative."""
        with self._lock:
            self._offset += seconds
