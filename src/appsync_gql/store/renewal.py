"""One renewal, step by step: look → lock → reload → compare → refresh → hand over → save.

Plain blocking code, run on a worker thread. It knows no store, no loop and no state.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..clock import Clock, Instant, ServerClock
from ..exceptions import (
    AppSyncError,
    LockTimeout,
    NotSignedIn,
    SessionExpired,
    SignedOut,
    StorageCorrupt,
    StorageFailed,
)
from ..session_key import SessionKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from ..persistence.base import TokenPersistence
    from ..providers.base import Grant, TokenProvider
    from ..tokens import Tokens

__all__ = ["Renewal", "Renewed", "signed_in"]

log = logging.getLogger(__name__)

_LOCKED = "The session's lock stayed with somebody else; the tokens are kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """Newer tokens, and how they were had.

    Attributes:
        tokens: the newer tokens.
        api: the provider's call; ``None`` when they had been saved by somebody else.
        just_issued: whether the provider made them for this call.
        sent: monotonic seconds before the provider was asked.
        received: monotonic seconds after it had answered.
    """

    tokens: Tokens
    api: str | None
    just_issued: bool
    sent: float
    received: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How one session is renewed, saved and ended; every method blocks.

    Attributes:
        provider: asked only if nobody else has newer tokens.
        persistence: where others may have left them.
        clock: for the time that the provider takes.
        looks: makes the seconds to wait between looks at a lock that others hold.
        sleep: waits.
        usable: whether tokens found in the persistence are still alive.
        trouble: hears of a storage that could not be read when that stops nothing.
    """

    provider: TokenProvider
    persistence: TokenPersistence
    clock: Clock
    looks: Callable[[], Iterator[float]]
    sleep: Callable[[float], None]
    usable: Callable[[Tokens], bool]
    trouble: Callable[[StorageFailed], None]

    def renew(
        self, known: Tokens | None, key: SessionKey, publish: Callable[[Renewed], None]
    ) -> Exception | None:
        """Get newer tokens than the known ones, and publish them.

        They are published *before* they are saved, so that whatever the saving
        calls finds them in place, and while the lock is held, so that no other
        process refreshes with the same refresh token.

        Args:
            known: the tokens that are no longer good enough; ``None`` if there are none.
            key: whose they are.
            publish: takes the newer tokens into use.

        Returns:
            The error of the saving; ``None`` if it went well.

        Raises:
            AppSyncError: there are no newer tokens to be had.
        """
        try:
            for wait in self.looks():
                found = self._look(known, key)
                if found is not None:
                    publish(found)
                    return None
                lock = self._try_lock(key)
                if lock is not None:
                    with lock:
                        return self._renew_locked(known, key, publish)
                self.sleep(wait)
        except StorageFailed as error:
            if known is None or known.rotates is not False:
                raise
            # No refresh can hurt another one here, so the outage of a storage needs stop nobody.
            self.trouble(error)
            publish(self._refresh(known))
            return error
        raise LockTimeout(_LOCKED)

    def settle(
        self, tokens: Tokens, key: SessionKey, publish: Callable[[Renewed], None]
    ) -> Exception | None:
        """Save tokens, or publish those that are saved if they are newer; return the error.

        Raises:
            SignedOut: the session was signed out meanwhile.
        """
        try:
            with self._lock(key):
                stored = self._load(key, tokens)
                if stored is not None and stored.newer_than(tokens):
                    publish(self._adopted(stored))
                elif stored != tokens:
                    self.persistence.save(key, tokens)
        except SignedOut:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a third party's storage raises
            return error
        return None

    def save(self, tokens: Tokens, key: SessionKey) -> Exception | None:
        """Save tokens of a new sign-in in place of whatever there is; return the error."""
        try:
            with self._lock(key):
                self.persistence.save(key, tokens)
        except Exception as error:  # noqa: BLE001 - whatever a third party's storage raises
            return error
        return None

    def end(self, known: Tokens | None, key: SessionKey) -> None:
        """Revoke the session and remove it.

        Raises:
            AppSyncError: it could not be done, and nothing is changed.
        """
        with self._lock(key):
            try:
                stored = self._load(key, known)
            except SignedOut:
                return
            newest = stored if stored is not None and stored.newer_than(known) else known
            if newest is not None:
                self.provider.revoke(newest)
            with _told("removed"):
                self.persistence.delete(key.with_tokens(newest))

    # -- under the lock -----------------------------------------------------------

    def _renew_locked(
        self, known: Tokens | None, key: SessionKey, publish: Callable[[Renewed], None]
    ) -> Exception | None:
        renewed = self._newer_than(known, key)
        publish(renewed)
        if renewed.api is None:
            return None
        try:
            self.persistence.save(key.with_tokens(renewed.tokens), renewed.tokens)
        except Exception as error:  # noqa: BLE001 - whatever a third party's storage raises
            return error
        return None

    def _newer_than(self, known: Tokens | None, key: SessionKey) -> Renewed:
        stored = self._load(key, known)
        best = known
        if stored is not None and stored.newer_than(known):
            if self.usable(stored):
                return self._adopted(stored)
            best = stored
        if best is None:
            raise NotSignedIn(
                f"Nobody is signed in ({key}): call sign_in(), or give the store tokens=."
            )
        try:
            return self._refresh(best)
        except SessionExpired:
            # Somebody who does not keep to the lock may have used the refresh token up.
            again = self._load(key, known)
            if again is None or again.refresh_token in {best.refresh_token, None}:
                raise
            return self._adopted(again) if self.usable(again) else self._refresh(again)

    def _load(self, key: SessionKey, known: Tokens | None) -> Tokens | None:
        """Load what is saved; without it, tokens at hand must do if that harms nothing."""
        with _told("read"):
            try:
                stored = self.persistence.load(key)
            except StorageCorrupt as error:
                if known is None:
                    raise
                self.trouble(error)
                return None
        if stored is not None and not key.fits(SessionKey.of(stored)):
            raise StorageFailed(
                f"The saved session is of {SessionKey.of(stored)}, and this one is of {key}: it is "
                "neither used nor replaced. Give each a place of its own."
            )
        return stored

    # -- parts ----------------------------------------------------------------------

    def _look(self, known: Tokens | None, key: SessionKey) -> Renewed | None:
        """Look, without the lock, whether somebody has newer tokens already."""
        try:
            stored = self._load(key, None)
        except StorageCorrupt:
            return None  # under the lock it is told, and mended
        if stored is not None and stored.newer_than(known) and self.usable(stored):
            return self._adopted(stored)
        return None

    def _refresh(self, tokens: Tokens) -> Renewed:
        if tokens.refresh_token is None:
            raise SessionExpired(
                "The tokens can't be renewed: there is no refresh token. Sign in again, or give "
                "the store the refresh token as well."
            )
        sent = self.clock.monotonic()
        renewed = signed_in(self.provider.refresh(tokens), sent, self.clock)
        rotates = renewed.tokens.refresh_token != tokens.refresh_token
        newer = replace(renewed.tokens, rotates=rotates, renewals=tokens.renewals + 1)
        return replace(renewed, tokens=newer)

    def _adopted(self, tokens: Tokens) -> Renewed:
        now = self.clock.monotonic()
        return Renewed(tokens=tokens, api=None, just_issued=False, sent=now, received=now)

    def _lock(self, key: SessionKey) -> _Held:
        for wait in self.looks():
            lock = self._try_lock(key)
            if lock is not None:
                return lock
            self.sleep(wait)
        raise LockTimeout(_LOCKED)

    def _try_lock(self, key: SessionKey) -> _Held | None:
        with _told("locked"):
            lock = self.persistence.lock(key)
            try:
                lock.__enter__()
            except LockTimeout:
                return None
        return _Held(lock)


def signed_in(grant: Grant, sent: float, clock: Clock) -> Renewed:
    """Put together what a provider gave, when, and what it tells of the provider's clock.

    Args:
        grant: what it gave.
        sent: monotonic seconds before it was asked.
        clock: for the present moment, when it has answered.
    """
    now = Instant.now(clock)
    tokens, claims = grant.tokens, grant.tokens.any_claims
    if grant.just_issued and claims is not None and claims.issued_at is not None:
        server = ServerClock.assumed(now).observe(claims.issued_at, sent, now.monotonic)
        tokens = replace(tokens, clock_correction=server.correction(now))
    return Renewed(
        tokens=tokens,
        api=grant.api,
        just_issued=grant.just_issued,
        sent=sent,
        received=now.monotonic,
    )


class _Held:
    """The persistence's lock, held already; failing to release it fails nothing else."""

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
def _told(done: str) -> Iterator[None]:
    """Tell of any error of a third party's storage as ours."""
    try:
        yield
    except AppSyncError:
        raise
    except Exception as error:
        raise StorageFailed(
            f"The saved session could not be {done} ({type(error).__name__}); the tokens are kept."
        ) from error
