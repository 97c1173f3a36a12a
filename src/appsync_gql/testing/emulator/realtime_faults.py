"""What goes wrong at the real-time endpoint on demand, each a stated number of times."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["FrameError", "RealtimeFaults"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FrameError:
    """An error frame's content.

    Attributes:
        error_type: ``errorType``.
        message: for the client.
        code: ``errorCode``, which only ``connection_error`` frames have.
    """

    error_type: str
    message: str
    code: int = 400


EXPIRED = FrameError("UnauthorizedException", "Token has expired.", 401)


class RealtimeFaults:
    """Faults that wait for their handshakes and starts, first come first served: one each.

    May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handshakes: deque[FrameError | None] = deque()
        self._starts: deque[FrameError | float] = deque()
        self._acks = 0

    def refuse_connections(self, n: int = 1, error: FrameError = EXPIRED) -> None:
        """Answer handshakes with a ``connection_error``, by default that of an expired token."""
        self._add(self._handshakes, n, error)

    def drop_connections(self, n: int = 1) -> None:
        """Cut connections right after their handshakes."""
        self._add(self._handshakes, n, None)

    def refuse_starts(self, n: int = 1, error: FrameError = EXPIRED) -> None:
        """Answer ``start`` with an ``error``, by default that of an expired token."""
        self._add(self._starts, n, error)

    def ignore_starts(self, n: int = 1) -> None:
        """Register subscriptions without a ``start_ack``."""
        self._add(self._starts, n, math.inf)

    def delay_starts(self, n: int = 1, seconds: float = 1.0) -> None:
        """Register subscriptions, and send their ``start_ack`` so many seconds later."""
        self._add(self._starts, n, seconds)

    def ignore_connections(self, n: int = 1) -> None:
        """Send no ``connection_ack``."""
        if n < 1:
            raise ValueError(_AT_LEAST_ONCE)
        with self._lock:
            self._acks += n

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._handshakes.clear()
            self._starts.clear()
            self._acks = 0

    def next_handshake(self) -> tuple[bool, FrameError | None]:
        """Take the fault for a handshake: whether there is one, and its error."""
        with self._lock:
            waiting = self._handshakes
            return (True, waiting.popleft()) if waiting else (False, None)

    def next_start(self) -> FrameError | float:
        """Take the fault for a ``start``: its error, or the seconds before its ``start_ack``."""
        with self._lock:
            return self._starts.popleft() if self._starts else 0.0

    def next_ack(self) -> bool:
        """Tell whether this ``connection_ack`` is kept back."""
        with self._lock:
            self._acks -= (kept := self._acks > 0)
        return kept

    def _add(self, waiting: deque[T], n: int, fault: T) -> None:
        if n < 1:
            raise ValueError(_AT_LEAST_ONCE)
        with self._lock:
            waiting.extend([fault] * n)


_AT_LEAST_ONCE = "a fault happens at least once"
