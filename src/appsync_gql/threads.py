"""Runs blocking work: worker threads, and queues of events for listeners.

boto3, locks, files, keyrings and databases block, so they are called on the threads of this
module and nowhere else. All stores of a process share them: a store costs no thread of its own.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from .forks import after_fork_in_child
from .worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EventQueue", "after_fork_in_child", "run_in_thread"]

log = logging.getLogger(__name__)

_MOST_EVENTS = 10_000
"""Events that may wait for a listener that does not return; later ones are dropped."""

_threads = WorkerThreads()


def run_in_thread(work: Callable[[], object], description: str = "work") -> None:
    """Run blocking work on a worker thread.

    Args:
        work: what blocks. An error of it is logged.
        description: what it is, for the warning of work that is left at the program's end.

    Raises:
        RuntimeError: no thread can be had now. The work is not done; the next call tries again.
    """
    _threads.run(work, description)


class EventQueue:
    """Calls one listener with events, in order, on a worker thread.

    Each queue is independent: a listener that blocks delays its own events only.

    Args:
        listener: what to call; ``None`` for none. What it raises is logged.
        run: runs work on a worker thread.
    """

    def __init__(
        self,
        listener: Callable[[Any], object] | None,
        run: Callable[[Callable[[], object], str], None] = run_in_thread,
    ) -> None:
        self._listener = listener
        self._run = run
        if listener is not None:
            self._begin()
            after_fork_in_child(self, EventQueue._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[object] = deque()
        self._delivering = False
        self._dropped = 0

    def put(self, event: object) -> None:
        """Call the listener with this event after the earlier ones; never blocks, never raises."""
        if self._listener is None:
            return
        with self._lock:
            if len(self._events) >= _MOST_EVENTS:
                self._dropped += 1
                if self._dropped == 1:
                    log.warning("on_event does not return: %d events wait", _MOST_EVENTS)
                return
            self._events.append(event)
            if self._delivering:
                return
            self._delivering = True
        try:
            self._run(self._deliver, "a call of on_event")
        except RuntimeError:
            log.debug("%s is reported later: there is no thread now", type(event))
            with self._lock:
                self._delivering = False

    def _deliver(self) -> None:
        listener, lock = self._listener, self._lock
        while True:
            with lock:
                if not self._events:
                    self._delivering = False
                    self._dropped = 0
                    return
                event = self._events.popleft()
            try:
                listener(event)  # type: ignore[misc] # put() does nothing without one
            except Exception:
                log.exception("on_event raised at %s; the session is not affected", type(event))
