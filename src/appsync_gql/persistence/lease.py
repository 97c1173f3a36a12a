"""A lock that comes free by itself when its holder dies, for places that several machines share.

A lease is taken for some seconds and extended while its holder lives. Every
taking gets a higher number, the fence; a place takes no write with a lower
fence than its last one. So a holder that was stopped for longer than the lease
(a paused machine, say) can't undo what others wrote since
(https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html).
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..exceptions import StorageFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Fence", "extended"]

log = logging.getLogger(__name__)

_LONGEST_HOLD = 120.0
"""Seconds after which a lease is extended no more: nothing done under it takes that long."""


class Fence:
    """The fence under which this thread writes at present."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def of(self, number: int) -> Iterator[None]:
        """Write under this number meanwhile."""
        self._local.number = number
        try:
            yield
        finally:
            del self._local.number

    @property
    def number(self) -> int:
        """The number.

        Raises:
            StorageFailed: this thread does not hold the lock.
        """
        number: int | None = getattr(self._local, "number", None)
        if number is None:
            raise StorageFailed("Sessions are saved under the lock: use it around save().")
        return number


@contextmanager
def extended(extend: Callable[[], bool], seconds: float) -> Iterator[None]:
    """Extend a lease meanwhile, from a thread of its own.

    Args:
        extend: extends it once more, and tells whether it still was one's own.
        seconds: how long it lasts each time.
    """
    done = threading.Event()

    def keep() -> None:
        left = _LONGEST_HOLD
        while left > 0 and not done.wait(seconds / 3):
            left -= seconds / 3
            try:
                if not extend():
                    log.warning("The lease of a session was lost: its holder had stood still.")
                    return
            except StorageFailed as error:
                log.warning("The lease of a session was not extended: %s", error)

    thread = threading.Thread(target=keep, name="appsync-gql-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        # Joined, so that nothing of a lease outlives it.
        thread.join()
