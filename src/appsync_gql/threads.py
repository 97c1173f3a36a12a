"""The one door to everything that blocks.

boto3, locks, files, keyrings and databases block, so they are called on the
threads here and nowhere else. All stores of a process share them: a store
costs no thread of its own.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .forks import after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["notify", "submit"]

log = logging.getLogger(__name__)

RENEWAL_THREADS = 16
"""Bounds the provider calls under way at once, for all stores together."""


class _Threads:
    """The pools of this process; threads are made when there is work."""

    def __init__(self) -> None:
        self.begin()
        # In a child process the parent's threads do not exist.
        after_fork_in_child(self, _Threads.begin)

    def begin(self) -> None:
        """Make the pools, which is cheap."""
        self.work = ThreadPoolExecutor(RENEWAL_THREADS, "appsync-gql")
        # One thread apart, so that listeners are called in order and one that
        # waits for a renewal can't take the thread the renewal needs.
        self.events = ThreadPoolExecutor(1, "appsync-gql-events")


_threads = _Threads()


def submit(work: Callable[[], None]) -> None:
    """Run something that blocks, on one of the shared threads.

    Raises:
        RuntimeError: the interpreter is shutting down.
    """
    _threads.work.submit(work)


def notify(listener: Callable[[Any], object] | None, event: object) -> None:
    """Call a listener with an event, after the earlier ones and outside of all locks."""
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
        log.debug("%s was not told: the interpreter is shutting down", type(event))
