"""Sessions that are kept as long as the process runs."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..exceptions import LockTimeout
from ..threads import after_fork_in_child
from .sessions import DEFAULT_VALIDITY, SavedSessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["MemoryPersistence"]


class MemoryPersistence:
    """Keeps sessions in this object: token stores with the same object share them.

    A forked child has a copy of its own. Where refresh tokens rotate, parent and child
    must not both renew from it: use a persistence that processes can share.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._sessions = SavedSessions()
        self._create_lock()
        after_fork_in_child(self, MemoryPersistence._create_lock)

    def _create_lock(self) -> None:
        self._lock = threading.Lock()

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the saved tokens."""
        return self._sessions.find(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Save these tokens."""
        changed = self._sessions.with_tokens(key, tokens)
        self._sessions = changed.without_ended(DEFAULT_VALIDITY, self._now())

    def delete(self, key: SessionKey) -> None:
        """Remove the key's tokens."""
        self._sessions = self._sessions.signed_out(key, self._now())

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Lock this object."""
        del key
        lock = self._lock
        if not lock.acquire(blocking=False):
            raise LockTimeout("Another token store holds the lock of this MemoryPersistence.")
        try:
            yield
        finally:
            lock.release()

    def __repr__(self) -> str:
        # A traceback also shows an object whose __init__ raised.
        saved = getattr(self, "_sessions", SavedSessions())
        return f"<MemoryPersistence with {len(saved.sessions)} sessions>"
