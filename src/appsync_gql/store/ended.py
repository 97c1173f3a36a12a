"""An event that Ctrl-C can't damage."""

from __future__ import annotations

import threading

__all__ = ["Ended"]


class Ended:
    """Something that ends once, which any number of threads may wait for.

    ``threading.Event`` has a lock that Ctrl-C may leave taken, if it comes between taking it and
    entering the ``with`` block of Python's own code. Then all who wait for the event wait for
    ever, and so does the thread that sets it. Here only locks of C are used, which are taken and
    noted in one step.
    """

    __slots__ = ("_gates", "_has_ended", "_lock")

    def __init__(self) -> None:
        self._has_ended = False
        self._lock = threading.Lock()
        self._gates: set[threading.Lock] = set()

    def is_set(self) -> bool:
        """Return whether it has ended."""
        return self._has_ended

    def set(self) -> None:
        """Wake all who wait."""
        with self._lock:
            self._has_ended = True
            gates, self._gates = self._gates, set()
        for gate in gates:
            gate.release()

    def wait(self, seconds: float | None = None) -> bool:
        """Block until it has ended, for ``seconds`` at most; return whether it has."""
        gate = threading.Lock()
        gate.acquire()
        with self._lock:
            if self._has_ended:
                return True
            self._gates.add(gate)
        try:
            gate.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX))
        finally:
            with self._lock:
                self._gates.discard(gate)
        return self._has_ended
