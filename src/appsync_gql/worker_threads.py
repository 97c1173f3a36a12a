"""Daemon threads that do blocking work, replaced while they are stuck.

Sixteen threads do the work of any number of stores, as long as it makes progress. Work that hangs
is not counted among the sixteen, so that the users of one identity provider do not wait for those
of another. The threads are daemons: none of them can keep the program from ending.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .forks import after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["AwakeClock", "WorkerThreads", "threads_wanted"]

log = logging.getLogger(__name__)

_MOST = 16
"""How many threads work at the same time, those that are stuck not counted."""

_STUCK_AFTER = 0.5
"""Seconds after which a thread that still does the same work counts as stuck."""

_IDLE = 5.0
"""Seconds without work after which a thread ends."""

_AT_EXIT = 5.0
"""Seconds that the end of the program waits for work under way, such as saving a rotated token."""

_NAME = "appsync-gql"


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Something to do on a worker thread.

    Attributes:
        run: blocks.
        description: what it is, for the warning at the end of the program.
        since: monotonic seconds at which it was asked for, or began.
    """

    run: Callable[[], object]
    description: str
    since: float


def threads_wanted(
    now: float,
    *,
    queued: Iterable[float],
    running: Iterable[float],
    most: int = _MOST,
    stuck_after: float = _STUCK_AFTER,
) -> int:
    """Return how many threads there may be.

    Args:
        now: monotonic seconds.
        queued: since when each piece of work waits for a thread.
        running: since when each thread does its present work.
        most: how many threads work at the same time.
        stuck_after: seconds after which work counts as stuck, or as waiting for too long.
    """
    under_way = [now - since >= stuck_after for since in running]
    stuck = sum(under_way)
    if stuck < len(under_way):
        return most + stuck
    # Nothing makes progress: all work that has waited for too long gets a thread of its own.
    overdue = sum(now - since >= stuck_after for since in queued)
    return stuck + max(most, overdue)


class AwakeClock:
    """Seconds that go on only while this process runs.

    A process that was stopped, or had no processor for a second, would take all of its work for
    stuck when it goes on.

    Args:
        monotonic: a clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._stopped = monotonic, 0.0

    def now(self) -> float:
        """Return the seconds so far."""
        return self._monotonic() - self._stopped

    def woke(self, began: float, seconds: float) -> None:
        """Leave out the time by which a wait took more than twice as long as it should.

        Args:
            began: :meth:`now` before the wait.
            seconds: how long the wait should have taken at most.
        """
        late = self.now() - began - seconds
        if late > seconds:
            self._stopped += late


class WorkerThreads:
    """Daemon threads that are started when there is work, and used again.

    Args:
        most: how many work at the same time, those that are stuck not counted.
        stuck_after: seconds after which a thread counts as stuck.
        idle: seconds without work after which a thread ends.
        at_exit: seconds that the end of the program waits for work under way.
        ending: whether the program is about to end.
    """

    def __init__(
        self,
        *,
        most: int = _MOST,
        stuck_after: float = _STUCK_AFTER,
        idle: float = _IDLE,
        at_exit: float = _AT_EXIT,
        ending: Callable[[], bool] | None = None,
    ) -> None:
        self._most, self._stuck_after = most, stuck_after
        self._idle_seconds, self._at_exit = idle, at_exit
        self._ending = _program_is_ending if ending is None else ending
        self._clock = AwakeClock(time.monotonic)
        self._begin()
        after_fork_in_child(self, WorkerThreads._begin)

    def _begin(self) -> None:
        """Start without threads and without work, as a forked child does."""
        self._lock = lock = threading.Lock()
        self._queued = threading.Condition(lock)
        self._finished = threading.Condition(lock)
        self._queue: deque[_Work] = deque()
        self._running: set[_Work] = set()
        self._threads, self._idle, self._limit = 0, 0, self._most
        self._supervised = False

    @property
    def count(self) -> int:
        """How many threads there are."""
        return self._threads

    def run(self, run: Callable[[], object], description: str) -> None:
        """Run blocking work on a thread.

        Raises:
            RuntimeError: no thread can be started, and there is none. The work is not done.
        """
        work = _Work(run, description, self._clock.now())
        with self._lock:
            self._queue.append(work)
            more = self._idle < len(self._queue) and self._threads < self._limit
            self._threads += more
            supervise, self._supervised = not self._supervised, True
            self._queued.notify()
        try:
            if more:
                self._start_worker(work)
            if supervise:
                self._start_supervisor()
        except BaseException:
            with self._lock:
                self._supervised &= not supervise
            raise

    def _wanted(self) -> int:
        return threads_wanted(
            self._clock.now(),
            queued=[work.since for work in self._queue],
            running=[work.since for work in self._running],
            most=self._most,
            stuck_after=self._stuck_after,
        )

    def _start_worker(self, work: _Work | None = None) -> None:
        """Start a thread that is counted already; without any thread, raise the error."""
        try:
            threading.Thread(target=self._serve, name=_NAME, daemon=True).start()
        except BaseException as error:
            with self._lock:
                self._threads -= 1
                if work is not None and work in self._queue:
                    if self._threads and isinstance(error, RuntimeError):
                        return  # one of the others does it
                    self._queue.remove(work)
            raise

    def _serve(self) -> None:
        """Do one piece of work after the other, on a thread of its own."""
        lock = self._lock
        while (work := self._next_work()) is not None:
            try:
                work.run()
            except BaseException:
                log.exception("%s failed on a worker thread", work.description)
            if lock is not self._lock:
                return  # this thread has forked, and this is the child: others do the work here
            with lock:
                self._running.discard(work)
                if not self._running and not self._queue:
                    self._finished.notify_all()

    def _next_work(self) -> _Work | None:
        """Wait for work; return ``None`` if there was none for a while, so that the thread ends."""
        with self._lock:
            while not self._queue:
                self._idle += 1
                notified = self._queued.wait(self._idle_seconds)
                self._idle -= 1
                if not notified and not self._queue:
                    self._threads -= 1
                    return None
            queued = self._queue.popleft()
            work = _Work(queued.run, queued.description, self._clock.now())
            self._running.add(work)
            return work

    # -- the supervisor -------------------------------------------------------------

    def _start_supervisor(self) -> None:
        # No daemon: the end of the program waits for it, and it waits for the work.
        try:
            threading.Thread(target=self._supervise, name=_NAME, daemon=False).start()
        except RuntimeError:
            log.debug("No thread for the supervisor: the next piece of work tries again")
            with self._lock:
                self._supervised = False

    def _supervise(self) -> None:
        """Start threads in place of those that are stuck, and end with the work or the program."""
        left, tick = self._at_exit, self._stuck_after / 5
        while True:
            with self._lock:
                if not self._queue and not self._running:
                    self._supervised, self._limit = False, self._most
                    return
                began = self._clock.now()
                self._finished.wait(tick)
                self._clock.woke(began, tick)
                self._limit = self._wanted()
                waiting = len(self._queue) - self._idle
                more = max(0, min(waiting, self._limit - self._threads))
                self._threads += more
            for _ in range(more):
                with suppress(RuntimeError):  # the next round tries again
                    self._start_worker()
            if self._ending():
                left -= tick
                if left <= 0:
                    self._warn_of_unfinished()
                    return

    def _warn_of_unfinished(self) -> None:
        with self._lock:
            left = Counter(work.description for work in (*self._running, *self._queue))
        if left:
            log.warning(
                "The program ends while this has not finished after %.0f s: %s. Tokens that are "
                "renewed now may be lost.",
                self._at_exit,
                ", ".join(f"{what} ({count})" for what, count in sorted(left.items())),
            )


def _program_is_ending() -> bool:
    """Return whether the main thread and all others that the program waits for have ended."""
    main = threading.main_thread()
    return not main.is_alive() and all(
        thread.daemon or thread is main or thread.name == _NAME for thread in threading.enumerate()
    )
