"""What the token store asks of the durable copy of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["TokenPersistence"]


class TokenPersistence(Protocol):
    """Keeps sessions where other processes find them. Plain blocking code, on worker threads.

    ``save`` and ``delete`` are called by the thread that holds the lock, and
    only while it does. ``load`` is also called without: it never sees half of
    what a ``save`` wrote.

    Errors lose nothing: the running process goes on with the tokens it has.
    ``StorageFailed``, and any exception that is not this package's, means that
    the place can't be reached now; ``ConfigurationError`` that the developer must act.

    :class:`appsync_gql.testing.PersistenceContract` tests a class of your own.
    """

    def load(self, key: SessionKey) -> Tokens | None:
        """Return what was saved last for this key, by any process; ``None`` if there is nothing.

        Raises:
            SignedOut: the session that the key tells of was deleted.
            StorageCorrupt: something else is kept there.
        """
        ...

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Keep these in place of the key's earlier ones, wholly or not at all."""
        ...

    def delete(self, key: SessionKey) -> None:
        """Remove the key's tokens, leaving a note for other processes that still have them."""
        ...

    def lock(self, key: SessionKey) -> AbstractContextManager[object]:
        """Keep others from renewing this session, and perhaps others, meanwhile.

        Entering it does not wait: the store does that, and looks in between
        whether there is anything left to wait for.

        Raises:
            LockTimeout: somebody else holds it.
        """
        ...
