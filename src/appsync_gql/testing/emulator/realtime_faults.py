"""Faults of the real-time endpoint that a test asks for, a given number of times."""

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
    """The error in an error message of the real-time protocol.

    Attributes:
        error_type: ``errorType``.
        message: for the client.
        code: ``errorCode``, which only ``connection_error`` messages contain.
    """

    error_type: str
    message: str
    code: int = 400


EXPIRED = FrameError("UnauthorizedException", "Token has expired.", 401)


class RealtimeFaults:
    """Queues of faults for handshakes and ``start`` messages; each takes one.

    ``n`` is the number of handshakes or messages. May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handshakes: deque[FrameError | None] = deque()
        self._starts: deque[FrameError | float] = deque()
        self._acks = 0

    def refuse_connections(self, n: int = 1, error: FrameError = EXPIRED) -> None:
        """Refuse handshakes with a ``connection_error``, by default that of an expired token."""
        self._add(self._handshakes, n, error)

    def drop_connections(self, n: int = 1) -> None:
        """Drop connections right after their handshakes, without a closing handshake."""
        self._add(self._handshakes, n, None)

    def refuse_starts(self, n: int = 1, error: FrameError = EXPIRED) -> None:
        """Refuse ``start`` with an ``error``, by default that of an expired token."""
        self._add(self._starts, n, error)

    def ignore_starts(self, n: int = 1) -> None:
        """Register subscriptions, but send no ``start_ack``."""
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
        """Remove all faults."""
        with self._lock:
            self._handshakes.clear()
            self._starts.clear()
            self._acks = 0

    def next_handshake(self) -> tuple[bool, FrameError | None]:
        """Take the next fault of a handshake.

        Returns:
            Whether there is a fault, and its error; ``None`` drops the connection.
        """
        with self._lock:
            queue = self._handshakes
            return (True, queue.popleft()) if queue else (False, None)

    def next_start(self) -> FrameError | float:
        """Take the next fault of a ``start``.

        Returns:
            The error, or the seconds before the ``start_ack``: 0 without a fault, infinity if
            none is sent.
        """
        with self._lock:
            return self._starts.popleft() if self._starts else 0.0

    def omits_next_ack(self) -> bool:
        """Return whether the next ``connection_ack`` is not sent."""
        with self._lock:
            omitted = self._acks > 0
            self._acks -= omitted
        return omitted

    def _add(self, queue: deque[T], n: int, fault: T) -> None:
        if n < 1:
            raise ValueError(_AT_LEAST_ONCE)
        with self._lock:
            queue.extend([fault] * n)


_AT_LEAST_ONCE = "n is at least 1: a fault happens at least once"
