"""What all places have in common that keep sessions as one piece of bytes."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ..exceptions import StorageCorrupt, StorageFailed
from .encryption import cipher_of
from .sessions import Document, NewerFormat, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["DocumentPersistence"]

log = logging.getLogger(__name__)

_DAYS = 86_400.0


class DocumentPersistence(ABC):
    """Keeps the sessions of one or several users in one place, under one lock.

    A subclass reads and writes bytes and has a lock; finding the right
    session, encryption, and what to do about things that are not sessions is here.
    """

    def __init__(
        self,
        *,
        encryption_key: str | bytes | Sequence[str | bytes] | None = None,
        refresh_token_validity: float = 30 * _DAYS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._cipher = cipher_of(encryption_key)
        self._validity = refresh_token_validity
        self._now = now

    # -- what a subclass does -------------------------------------------------------

    @abstractmethod
    def _read(self) -> bytes | None:
        """Return what is kept; ``None`` if there is nothing."""

    @abstractmethod
    def _write(self, raw: bytes, expires_at: float) -> None:
        """Keep this instead, wholly or not at all; the lock is held."""

    @abstractmethod
    def _set_aside(self, raw: bytes) -> str:
        """Keep something that is not ours under another name, and return that name."""

    @property
    @abstractmethod
    def _where(self) -> str:
        """The name of the place, for errors."""

    @abstractmethod
    def lock(self, key: SessionKey) -> AbstractContextManager[object]:
        """Lock the place; see :class:`TokenPersistence`."""

    # -- what the store asks ----------------------------------------------------------

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the tokens kept for a key; see :class:`TokenPersistence`."""
        raw = self._read()
        try:
            document = self._document(raw)
        except Unreadable as error:
            raise StorageCorrupt(
                f"{self._where} has no saved sessions in it: {error}. It is left as it is, and set "
                "aside when sessions are saved there again."
            ) from None
        return document.find(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Keep these tokens; see :class:`TokenPersistence`."""
        self._change(lambda document: document.with_tokens(key, tokens))

    def delete(self, key: SessionKey) -> None:
        """Remove the key's tokens; see :class:`TokenPersistence`."""
        self._change(lambda document: document.without(key))

    def _change(self, change: Callable[[Document], Document]) -> None:
        raw = self._read()
        try:
            document = self._document(raw)
        except Unreadable as error:
            where = self._set_aside(raw or b"")
            log.warning(
                "%s had no saved sessions in it (%s): moved to %s", self._where, error, where
            )
            document = Document()
        after = change(document)
        expires_at = after.expires_at(self._validity, self._now())
        self._write(self._cipher.encrypt(after.dumps()), expires_at)

    def _document(self, raw: bytes | None) -> Document:
        if raw is None:
            return Document()
        try:
            return Document.loads(self._cipher.decrypt(raw))
        except NewerFormat as error:
            raise StorageFailed(
                f"{self._where} was written by a later version of appsync-gql ({error}): update "
                "this one. Nothing is changed there."
            ) from None
