"""The one door to everything that blocks.

boto3, locks, files, keyrings and databases block, so they are called on the
threads here and nowhere else. All stores of a process share them: a store
costs no thread of its own.
"""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["notify", "submit"]

log = logging.getLogger(__name__)

RENEWAL_THREADS = 16
"""Bounds the provider calls under way at once, for all stores together."""


class _Threads:
    """The pools of this process, made at first use and made anew after a fork."""

    def __init__(self) -> None:
        self.work = ThreadPoolExecutor(RENEWAL_THREADS, "appsync-gql")
        # One thread apart, so that listeners are called in order and one that
        # waits for a renewal can't take the thread the renewal needs.
        self.events = ThreadPoolExecutor(1, "appsync-gql-events")


_threads: _Threads | None = None
_making = threading.Lock()


def _pools() -> _Threads:
    global _threads  # noqa: PLW0603
    if _threads is None:
        with _making:
            if _threads is None:
                _threads = _Threads()
    return _threads


def _forget_threads() -> None:
    """In a child process the parent's threads do not exist."""
    global _threads, _making  # noqa: PLW0603
    _threads = None
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)


def submit(work: Callable[[], None]) -> None:
    """Run something that blocks, on one of the shared threads.

    Raises:
        RuntimeError: the interpreter is shutting down.
    """
    _pools().work.submit(work)


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
        _pools().events.submit(call)
    except RuntimeError:
        log.debug("%s was not told: the interpreter is shutting down", type(event))
