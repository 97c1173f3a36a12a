"""What the token store asks of the durable copy of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..tokens import Tokens

__all__ = ["TokenPersistence"]


class TokenPersistence(Protocol):
    """Keeps the tokens of one session. Plain blocking code: called on a worker thread.

    Any exception of ``load`` or ``lock`` is a transient failure of the
    renewal; one of ``save`` loses nothing, because the running process goes on
    with the tokens it has and saves them later.
    """

    def load(self) -> Tokens | None:
        """Return what was saved last, by any process; ``None`` if there is nothing."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Keep these in place of the earlier ones, wholly or not at all."""
        ...

    def delete(self) -> None:
        """Remove what is kept; nothing happens if there is nothing."""
        ...

    def lock(self) -> AbstractContextManager[object]:
        """Keep other processes and threads from renewing the same session meanwhile."""
        ...
