"""One renewal, step by step: lock → reload → compare → refresh → hand over → save.

Plain blocking code, run on a worker thread. It knows no store, no loop and no state.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .clock import Clock, Instant, ServerClock
from .exceptions import AppSyncError, NotSignedIn, RenewalFailed, SessionExpired

if TYPE_CHECKING:
    from collections.abc import Callable

    from .persistence.base import TokenPersistence
    from .providers.base import Grant, TokenProvider
    from .tokens import Tokens

__all__ = ["Renewed", "differ", "latest", "renew", "save", "signed_in"]

log = logging.getLogger(__name__)


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


def renew(
    known: Tokens | None,
    *,
    provider: TokenProvider,
    persistence: TokenPersistence,
    clock: Clock,
    usable: Callable[[Tokens], bool],
    publish: Callable[[Renewed], None],
) -> Exception | None:
    """Get newer tokens than the known ones, and publish them.

    They are published *before* they are saved, so that whatever the saving
    calls finds them in place, and while the lock is held, so that no other
    process refreshes with the same refresh token.

    Args:
        known: the tokens that are no longer good enough; ``None`` if there are none.
        provider: asked only if nobody else has newer ones.
        persistence: where others may have left them.
        clock: for the time that the provider took.
        usable: whether tokens found in the persistence are still alive.
        publish: takes the newer tokens into use.

    Returns:
        The error of the saving; ``None`` if it went well.

    Raises:
        AppSyncError: there are no newer tokens to be had.
    """
    walk = _Walk(provider, persistence, clock, usable)
    with _Locked(persistence):
        renewed = walk.newer_than(known)
        publish(renewed)
        return save(renewed.tokens, persistence) if renewed.api else None


def save(tokens: Tokens, persistence: TokenPersistence) -> Exception | None:
    """Save tokens; return the error instead of raising it."""
    try:
        persistence.save(tokens)
    except Exception as error:  # noqa: BLE001 - whatever a third party's storage raises
        return error
    return None


@dataclass(frozen=True, slots=True)
class _Walk:
    provider: TokenProvider
    persistence: TokenPersistence
    clock: Clock
    usable: Callable[[Tokens], bool]

    def newer_than(self, known: Tokens | None) -> Renewed:
        stored = self.load()
        if stored is not None and differ(stored, known) and self.usable(stored):
            return self.adopt(stored)
        best = latest(known, stored)
        if best is None:
            raise NotSignedIn("Nobody is signed in: call sign_in(), or give the store tokens=.")
        if best.refresh_token is None:
            raise SessionExpired(
                "The tokens can't be renewed: there is no refresh token. Sign in again, or give "
                "the store the refresh token as well."
            )
        try:
            return self.refresh(best)
        except SessionExpired:
            # Another process may have used the refresh token up since we looked.
            again = self.load()
            if again is None or again.refresh_token in {best.refresh_token, None}:
                raise
            return self.adopt(again) if self.usable(again) else self.refresh(again)

    def load(self) -> Tokens | None:
        try:
            return self.persistence.load()
        except AppSyncError:
            raise
        except Exception as error:
            raise RenewalFailed(
                f"The saved tokens could not be read ({type(error).__name__}).", kind="storage"
            ) from error

    def adopt(self, tokens: Tokens) -> Renewed:
        now = self.clock.monotonic()
        return Renewed(tokens=tokens, api=None, just_issued=False, sent=now, received=now)

    def refresh(self, tokens: Tokens) -> Renewed:
        sent = self.clock.monotonic()
        return signed_in(self.provider.refresh(tokens), sent, self.clock)


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


def differ(one: Tokens, other: Tokens | None) -> bool:
    """Tell whether the JWTs are others: compared by token, not by clock."""
    if other is None:
        return True
    return (one.access_token, one.id_token) != (other.access_token, other.id_token)


def latest(known: Tokens | None, stored: Tokens | None) -> Tokens | None:
    """Choose the set whose refresh token was issued last."""
    if known is None or stored is None:
        return known or stored
    return stored if _issued(stored) >= _issued(known) else known


def _issued(tokens: Tokens) -> float:
    claims = tokens.any_claims
    return claims.issued_at or 0.0 if claims else 0.0


class _Locked:
    """The persistence's lock, its failures told apart from those of the work inside."""

    def __init__(self, persistence: TokenPersistence) -> None:
        self._persistence = persistence

    def __enter__(self) -> None:
        try:
            self._lock = self._persistence.lock()
            self._lock.__enter__()
        except AppSyncError:
            raise
        except Exception as error:
            raise RenewalFailed(
                f"The session's lock could not be had ({type(error).__name__}); the tokens are "
                "kept.",
                kind="storage",
            ) from error

    def __exit__(self, *exc: object) -> None:
        try:
            self._lock.__exit__(None, None, None)
        except Exception as error:  # noqa: BLE001 - the work is done; its result must not be lost
            log.warning("The session's lock could not be released (%s)", type(error).__name__)
