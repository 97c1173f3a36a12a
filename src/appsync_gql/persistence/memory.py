"""A session that lives as long as the process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..tokens import Tokens

__all__ = ["MemoryPersistence"]


class MemoryPersistence:
    """Keeps tokens in this object: stores that are given the same one share a session."""

    def __init__(self) -> None:
        self._tokens: Tokens | None = None
        self._lock = threading.Lock()

    def load(self) -> Tokens | None:
        """Return the tokens saved last."""
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        """Keep these tokens."""
        self._tokens = tokens

    def delete(self) -> None:
        """Forget the tokens."""
        self._tokens = None

    def lock(self) -> threading.Lock:
        """Give the lock that stores sharing this object renew under."""
        return self._lock

    def __repr__(self) -> str:
        return f"MemoryPersistence({self._tokens!r})"
