"""Worker threads for everything that blocks, and what a forked child must create anew.

boto3, locks, files, keyrings and databases block, so they are called on the threads of this
module and nowhere else. All stores of a process share them: a store costs no thread of its own.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EventQueue", "after_fork_in_child", "run_in_thread"]

T = TypeVar("T")

log = logging.getLogger(__name__)

_resets: WeakKeyDictionary[Any, Callable[[Any], object]] = WeakKeyDictionary()


def after_fork_in_child(thing: T, reset: Callable[[T], object]) -> None:
    """Call ``reset(thing)`` in every forked child, for as long as the thing exists.

    A program may fork at any time (gunicorn, multiprocessing), also while another thread
    holds a lock. The child has a copy of that lock, but not the thread that would release it.
    """
    _resets[thing] = reset


def _reset_all() -> None:
    for thing, reset in list(_resets.items()):
        reset(thing)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)


class _Threads:
    """The thread pools of this process; a thread is started when there is work for it."""

    def __init__(self) -> None:
        self.begin()
        after_fork_in_child(self, _Threads.begin)

    def begin(self) -> None:
        """Create the pools."""
        self.work = ThreadPoolExecutor(16, "appsync-gql")
        self.events = ThreadPoolExecutor(1, "appsync-gql-events")


_threads = _Threads()


def run_in_thread(work: Callable[[], None]) -> None:
    """Run blocking work on a worker thread.

    Raises:
        RuntimeError: no thread can be had, for example because the interpreter is shutting down.
    """
    _threads.work.submit(work)


class EventQueue:
    """Calls one listener with events, in order, on a worker thread.

    Args:
        listener: what to call; ``None`` for nobody. What it raises is logged.
    """

    def __init__(self, listener: Callable[[Any], object] | None) -> None:
        self._listener = listener

    def put(self, event: object) -> None:
        """Call the listener with this event after the earlier ones; never blocks, never raises."""
        listener = self._listener
        if listener is None:
            return

        def call() -> None:
            try:
                listener(event)
            except Exception:
                log.exception("on_event raised at %s; the session is not affected", type(event))

        try:
            _threads.events.submit(call)
        except RuntimeError:
            log.debug("%s was not reported: the interpreter is shutting down", type(event))
