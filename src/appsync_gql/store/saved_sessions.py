"""The saved sessions: a persistence of any maker, whose errors become this package's."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..backoff import at_most
from ..exceptions import (
    AppSyncError,
    ConfigurationError,
    LockTimeout,
    StorageCorrupt,
    StorageFailed,
)
from ..session_key import SessionKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from ..persistence.base import TokenPersistence
    from ..tokens import Tokens

__all__ = ["LOCKED", "SavedSessions"]

log = logging.getLogger(__name__)

LOCKED = "Another process or thread held the session's lock; the tokens are kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSessions:
    """Where sessions are saved; every method blocks.

    Attributes:
        persistence: loads, saves, deletes and locks.
        lock_delays: returns the seconds to wait between attempts at a lock that others hold.
        sleep: waits for so many seconds.
    """

    persistence: TokenPersistence
    lock_delays: Callable[[], Iterator[float]]
    sleep: Callable[[float], None]

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the saved tokens; ``None`` if there are none.

        Raises:
            SignedOut: the session was signed out.
            StorageCorrupt: something else is kept there.
            StorageFailed: they can't be read, or are those of another session.
        """
        with _storage_errors("read"):
            stored = self.persistence.load(key)
        if stored is not None and not key.fits(SessionKey.of(stored)):
            raise StorageFailed(
                f"The saved session is of {SessionKey.of(stored)}, and this one is of {key}: it is "
                "neither used nor replaced. Use a persistence for each."
            )
        return stored

    def load_if_possible(self, key: SessionKey) -> Tokens | None:
        """Return the saved tokens; ``None`` also if they can't be read, or were signed out."""
        try:
            return self.load(key)
        except AppSyncError:
            return None

    def load_or_error(
        self, key: SessionKey, known: Tokens | None
    ) -> tuple[Tokens | None, StorageCorrupt | None]:
        """Return the saved tokens, or else the error that lets a renewal go on with ``known``.

        Raises:
            StorageCorrupt: something else is kept there, and there are no known tokens.
        """
        try:
            return self.load(key), None
        except StorageCorrupt as error:
            if known is None:
                raise
            return None, error

    def save(self, key: SessionKey, tokens: Tokens) -> Exception | None:
        """Save tokens, under the lock; return the error if it failed."""
        try:
            self.persistence.save(key.with_tokens(tokens), tokens)
        except Exception as error:  # noqa: BLE001 - whatever a persistence raises
            return error
        return None

    def delete(self, key: SessionKey) -> None:
        """Delete the session, under the lock."""
        with _storage_errors("deleted"):
            self.persistence.delete(key)

    def lock(self, key: SessionKey, seconds: float | None = None) -> AcquiredLock:
        """Acquire the lock, waiting for it.

        Args:
            key: whose session is locked.
            seconds: how long to wait at most; ``None`` for as long as ``lock_delays`` says.

        Raises:
            LockTimeout: another process or thread holds it all the time.
        """
        for wait in self.delays(seconds):
            lock = self.try_lock(key)
            if lock is not None:
                return lock
            self.sleep(wait)
        raise LockTimeout(LOCKED)

    def try_lock(self, key: SessionKey) -> AcquiredLock | None:
        """Acquire the lock; return ``None`` if another process or thread holds it."""
        with _storage_errors("locked"):
            lock = self.persistence.lock(key)
            try:
                lock.__enter__()
            except LockTimeout:
                return None
        return AcquiredLock(lock)

    def delays(self, seconds: float | None = None) -> Iterator[float]:
        """Return the seconds to wait between attempts at the lock, so many at most in all."""
        return self.lock_delays() if seconds is None else at_most(seconds, self.lock_delays())

    def unsaved_error(self, what: str, error: Exception) -> AppSyncError:
        """Return the error that says that the newest tokens exist in this process only.

        Args:
            what: what has been done all the same, as the beginning of a sentence.
            error: why they are not saved.
        """
        message = (
            f"{what}, but the newest tokens could not be saved in "
            f"{type(self.persistence).__name__} ({type(error).__name__}: {error}). They are lost "
            "with this process: the next one finds older tokens there, or none."
        )
        if isinstance(error, ConfigurationError):
            return ConfigurationError(message, setting=error.setting)
        return StorageFailed(message)


class AcquiredLock:
    """The persistence's lock, acquired already. An error while it is released is logged only."""

    def __init__(self, lock: AbstractContextManager[object]) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        try:
            self._lock.__exit__(None, None, None)
        except Exception as error:  # noqa: BLE001 - the work is done; its result must not be lost
            log.warning("The session's lock could not be released (%s)", type(error).__name__)


@contextmanager
def _storage_errors(done: str) -> Iterator[None]:
    """Raise errors that are not of this package as ``StorageFailed``.

    Args:
        done: what could not be done with the session: ``"read"``, ``"locked"``, …
    """
    try:
        yield
    except AppSyncError:
        raise
    except Exception as error:
        raise StorageFailed(
            f"The saved session could not be {done} ({type(error).__name__}); the tokens are kept."
        ) from error
