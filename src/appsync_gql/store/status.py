"""The status of a store, without tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .outcomes import datetime_of
from .validity import TokenState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ..clock import Instant
    from ..exceptions import AppSyncError
    from ..tokens import TokenUse
    from .snapshot import Snapshot

__all__ = ["StoreStatus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """A store at one moment, which may be logged: it contains no token.

    Attributes:
        state: fresh, stale or expired; unknown before the persistence has been read;
            not signed in if there are no tokens anywhere.
        username: the pool's name of the user; ``None`` if unknown.
        user_pool_id: ``None`` if unknown.
        seconds_left: until the token is no longer sent; 0.0 once expired.
        expires_at: the token's own ``exp``; ``None`` without a token.
        renewing: whether a renewal is under way.
        unsaved: whether the newest tokens could not be saved yet.
        last_error: the message of the last renewal if it failed; ``None`` if not.
        counts: events so far, by class name: ``{"Renewed": 3, "Replayed": 1}``.
    """

    state: TokenState
    username: str | None
    user_pool_id: str | None
    seconds_left: float
    expires_at: datetime | None
    renewing: bool
    unsaved: bool
    last_error: str | None
    counts: Mapping[str, int]

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        *,
        use: TokenUse,
        now: Instant,
        loaded: bool,
        renewing: bool,
        unsaved: bool,
        error: AppSyncError | None,
        counts: Mapping[str, int],
    ) -> StoreStatus:
        """Return the status of a store with these tokens, of which ``use`` is sent.

        ``loaded`` is whether it is known what is saved, ``error`` why the last renewal failed;
        the others are the attributes.
        """
        tokens = snapshot.tokens
        claims = tokens.claims(use) if tokens else None
        state = snapshot.validity.state(now)
        if snapshot.headers is None and not loaded:
            state = TokenState.UNKNOWN
        elif tokens is None:
            state = TokenState.NOT_SIGNED_IN
        return cls(
            state=state,
            username=tokens.username if tokens else None,
            user_pool_id=tokens.user_pool_id if tokens else None,
            seconds_left=snapshot.validity.seconds_left(now),
            expires_at=datetime_of(claims.expires_at) if claims else None,
            renewing=renewing,
            unsaved=unsaved,
            last_error=str(error) if error else None,
            counts=dict(counts),
        )
