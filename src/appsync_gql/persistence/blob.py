"""The common part of every persistence that stores its sessions as one value of bytes."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ..exceptions import StorageCorrupt, StorageFailed
from .checks import check_seconds
from .encryption import cipher_for
from .session_json import NewerFormat, NotSessions, from_json, to_json
from .sessions import DEFAULT_VALIDITY, SavedSessions

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ..secret import Secret, SecretBytes
    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["BlobPersistence"]

log = logging.getLogger(__name__)

_DAY = 86_400.0

_LONGEST_VALIDITY = 3_660 * _DAY
"""Seconds; Cognito allows ten years at most."""


class BlobPersistence(ABC):
    """Stores the sessions of one or several users together, under one lock.

    A subclass reads and writes bytes and has a lock. This class finds the session,
    encrypts, removes ended sessions, and handles values that are not sessions.
    """

    def __init__(
        self,
        *,
        encryption_key: list[Secret] | None = None,
        accept_unencrypted: bool = False,
        refresh_token_validity: float = DEFAULT_VALIDITY,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._cipher = cipher_for(encryption_key, accept_unencrypted=accept_unencrypted)
        self._validity = check_seconds(
            "refresh_token_validity", refresh_token_validity, longest=_LONGEST_VALIDITY
        )
        self._now = now

    # -- implemented by subclasses ----------------------------------------------------

    @abstractmethod
    def _read(self) -> SecretBytes | None:
        """Return the stored value; ``None`` if there is none.

        Raises:
            NotSessions: there is one, but it can't be sessions.
        """

    @abstractmethod
    def _write(self, raw: SecretBytes, keep_seconds: float) -> None:
        """Replace the stored value in one step. The lock is held.

        Args:
            raw: the new value.
            keep_seconds: seconds from now after which the storage may drop it.
        """

    @abstractmethod
    def _set_aside(self) -> str:
        """Move a stored value that is not sessions to another name, and return that name."""

    def _may_set_aside(self) -> bool:
        """Return whether a stored value that is not sessions may be moved to another name."""
        return True

    @property
    @abstractmethod
    def _where(self) -> str:
        """What the value is stored in, as the beginning of an error message."""

    @abstractmethod
    def lock(self, key: SessionKey) -> AbstractContextManager[object]:
        """Lock the stored value; see :class:`TokenPersistence`."""

    # -- called by the token store ------------------------------------------------------

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the saved tokens; see :class:`TokenPersistence`."""
        sessions, fault = self._load_all()
        if sessions is None:
            raise self._corrupt(fault)
        return sessions.find(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Save these tokens; see :class:`TokenPersistence`."""
        self._change(lambda sessions: sessions.with_tokens(key, tokens))

    def delete(self, key: SessionKey) -> None:
        """Remove the key's tokens; see :class:`TokenPersistence`."""
        self._change(lambda sessions: sessions.signed_out(key, self._now()))

    def _change(self, change: Callable[[SavedSessions], SavedSessions]) -> None:
        sessions, fault = self._load_all()
        if sessions is None:
            if not self._may_set_aside():
                raise self._corrupt(fault)
            log.warning(
                "%s held no saved sessions (%s): it was moved to %s",
                self._where,
                fault,
                self._set_aside(),
            )
            sessions = SavedSessions()
        now = self._now()
        changed = change(sessions).without_ended(self._validity, now)
        self._write(
            self._cipher.encrypt(to_json(changed)), changed.seconds_to_keep(self._validity, now)
        )

    def _load_all(self) -> tuple[SavedSessions | None, str]:
        """Return the saved sessions; or ``None`` and why the stored value is not sessions."""
        try:
            raw = self._read()
            if not raw:  # an empty file may have been made for a container, which mounts it
                return SavedSessions(), ""
            return from_json(self._cipher.decrypt(raw)), ""
        except NotSessions as error:
            return None, str(error)
        except NewerFormat as error:
            newer = str(error)
        # Raised here and not above, so that no frame that read the sessions is attached to it.
        raise StorageFailed(
            f"{self._where} was written by a later version of appsync-gql ({newer}): update this "
            "one. The stored value is not changed."
        )

    def _corrupt(self, fault: str) -> StorageCorrupt:
        if self._may_set_aside():
            then = "It is not changed, and moved to another name when sessions are saved there."
        else:
            then = (
                "Other users can read it, so this package did not write it: it is neither changed "
                "nor moved. Use another name, or move it away yourself."
            )
        return StorageCorrupt(f"{self._where} has no saved sessions in it: {fault}. {then}")
