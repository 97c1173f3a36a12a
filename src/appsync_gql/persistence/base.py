"""The Protocol of the durable copy of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["TokenPersistence"]


class TokenPersistence(Protocol):
    """The durable copy of sessions, shared by processes. Blocking code, called on worker threads.

    ``save`` and ``delete`` are called only by the thread that holds the lock.
    ``load`` is also called without the lock: it must return what a ``save`` wrote
    completely or what was saved before, never a part.

    No error loses a session: the running process continues with the tokens that it
    has. Raise ``StorageFailed``, or any exception of your own, when the storage can't
    be used at the moment, and ``ConfigurationError`` when the developer must act.

    :class:`appsync_gql.testing.PersistenceContract` tests a class of your own.
    """

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the tokens that any process saved last for this key; ``None`` without any.

        ``clock_correction`` of the returned tokens is ``None``: it belongs to the machine
        that measured it.

        Raises:
            SignedOut: the session was deleted.
            StorageCorrupt: what is stored is not a saved session.
        """
        ...

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Replace the key's saved tokens by these, in one step."""
        ...

    def delete(self, key: SessionKey) -> None:
        """Remove the key's tokens, and record the sign-out for processes that still have them."""
        ...

    def lock(self, key: SessionKey) -> AbstractContextManager[object]:
        """Return a context manager that keeps others from renewing this session.

        It may lock other sessions of the same storage as well. Entering it does not
        wait: the token store retries, and loads the session before each attempt.

        Raises:
            LockTimeout: another process or thread holds the lock.
        """
        ...
