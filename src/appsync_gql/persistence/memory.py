"""Sessions that live as long as the process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..exceptions import LockTimeout
from ..threads import after_fork_in_child
from .sessions import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["MemoryPersistence"]


class MemoryPersistence:
    """Keeps sessions in this object: stores that are given the same one share them.

    A forked child has a copy of its own. Where refresh tokens rotate, parent and
    child must not both renew from it: give them a persistence that they share.
    """

    def __init__(self) -> None:
        self._document = Document()
        self._unlock_all()
        after_fork_in_child(self, MemoryPersistence._unlock_all)

    def _unlock_all(self) -> None:
        self._lock = threading.Lock()

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the tokens saved last."""
        return self._document.find(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Keep these tokens."""
        self._document = self._document.with_tokens(key, tokens)

    def delete(self, key: SessionKey) -> None:
        """Forget the key's tokens."""
        self._document = self._document.without(key)

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Hold the one lock of this object."""
        del key
        lock = self._lock
        if not lock.acquire(blocking=False):
            raise LockTimeout("Another store that shares this MemoryPersistence holds its lock.")
        try:
            yield
        finally:
            lock.release()

    def __repr__(self) -> str:
        return f"<MemoryPersistence of {len(self._document.records)} sessions>"
