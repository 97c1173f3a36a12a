"""A lock that ends by itself when its holder is killed, for storage that several machines share.

A lease is taken for some seconds, and extended while its holder works. Every taking gets
a higher number, the fence, and the storage accepts no write with a lower fence than its
last one. So a holder that was stopped for longer than the lease (a paused machine, for
example) can't undo what others wrote since
(https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html).

A fence is at least the number of microseconds since 1970, so that a storage that has lost
its data goes on with higher fences than before.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..exceptions import AppSyncError, StorageFailed
from ..threads import after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["CurrentFence", "hold_lease"]

log = logging.getLogger(__name__)

_LONGEST_HOLD = 120.0
"""Seconds after which a lease is no longer extended: nothing that is done under it takes so long.
"""

_RELEASE_SECONDS = 1.0
"""Seconds for which a holder waits at most until its lease is released."""


class CurrentFence:
    """The fence with which this thread writes while it holds the lease."""

    def __init__(self) -> None:
        self._forget_all()
        after_fork_in_child(self, CurrentFence._forget_all)

    def _forget_all(self) -> None:
        self._local = threading.local()

    @contextmanager
    def set(self, number: int) -> Iterator[None]:
        """Write with this fence in the block."""
        local = self._local
        local.number = number
        try:
            yield
        finally:
            del local.number

    @property
    def number(self) -> int:
        """The fence.

        Raises:
            StorageFailed: this thread does not hold the lock.
        """
        number: int | None = getattr(self._local, "number", None)
        if number is None:
            raise StorageFailed("save() and delete() need the lock: call them inside lock().")
        return number


@contextmanager
def hold_lease(
    *,
    extend: Callable[[], bool],
    release: Callable[[], object],
    seconds: float,
    release_seconds: float = _RELEASE_SECONDS,
    start: Callable[[threading.Thread], None] = threading.Thread.start,
) -> Iterator[None]:
    """Extend a lease in the block and release it after the block, both on a thread of its own.

    The release only saves others time, since the lease ends by itself. So the holder does
    not wait for it as long as a storage may hang.

    Args:
        extend: extends the lease, and returns whether it still belonged to this holder.
        release: releases the lease if it still belongs to this holder.
        seconds: how long the lease lasts each time.
        release_seconds: how long to wait at most until it is released.
        start: starts the thread. Where none can be started, the lease is not extended.
    """
    done, process = threading.Event(), os.getpid()

    def work() -> None:
        _extend_until(done, extend, seconds)
        done.wait()
        _release(release, seconds)

    thread = threading.Thread(target=work, name="appsync-gql-lease", daemon=True)
    started = _started(thread, start)
    try:
        yield
    finally:
        # A child that was forked in the block has neither the lease nor the thread.
        if os.getpid() == process:
            done.set()
            if started:
                thread.join(release_seconds)
            else:
                _release(release, seconds)


def _started(thread: threading.Thread, start: Callable[[threading.Thread], None]) -> bool:
    try:
        start(thread)
    except RuntimeError as error:
        log.warning("A session's lease is not extended (%s): it may end too early", error)
        return False
    return True


def _extend_until(done: threading.Event, extend: Callable[[], bool], seconds: float) -> None:
    left = _LONGEST_HOLD
    while left > 0 and not done.wait(seconds / 3):
        left -= seconds / 3
        try:
            if not extend():
                log.warning("The lease of a session was lost: its holder was stopped for too long")
                return
        except AppSyncError as error:
            log.warning("The lease of a session was not extended: %s", error)


def _release(release: Callable[[], object], seconds: float) -> None:
    try:
        release()
    except AppSyncError as error:
        log.warning(
            "The lease of a session was not released, and ends by itself within %g seconds: %s",
            seconds,
            error,
        )
