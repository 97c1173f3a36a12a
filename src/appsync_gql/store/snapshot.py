"""What a store holds at one moment, as one value that replaces the former one whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from multidict import CIMultiDict, CIMultiDictProxy

from ..events import Renewed
from .validity import TokenState, Validity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..auth.base import Headers
    from ..clock import Instant, ServerClock
    from ..events import Reason
    from ..exceptions import AppSyncError
    from ..tokens import TokenClaims, Tokens, TokenUse

__all__ = ["Held", "StoreStatus", "renewed_event"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """Tokens, the headers made of them, and when they want attention.

    Readers take one reference and need no lock: nothing in here changes.

    Attributes:
        tokens: ``None`` before anybody has signed in.
        headers: ``None`` if there is no token of the wanted use.
        validity: until when the token is fresh, and alive.
        server: what is known of the server's time.
        received: when the tokens came fresh from the provider; ``None`` if not seen.
        save_at: when to try again to save them; ``None`` once they are saved.
        attend_monotonic: until then the headers are handed out without a further thought.
        attend_wall: the same by the wall clock; whichever comes first.
    """

    tokens: Tokens | None
    headers: Headers | None
    validity: Validity
    server: ServerClock
    received: Instant | None
    save_at: Instant | None
    attend_monotonic: float
    attend_wall: float

    @classmethod
    def of(
        cls,
        tokens: Tokens | None,
        *,
        use: TokenUse,
        window: float,
        server: ServerClock,
        now: Instant,
        spread: float = 0.0,
        received: Instant | None = None,
        save_at: Instant | None = None,
    ) -> Held:
        """Work everything out that a request must not spend time on."""
        token = tokens.token(use) if tokens else None
        claims = tokens.claims(use) if tokens else None
        headers, validity = None, Validity.never()
        if token is not None and claims is not None:
            # AppSync wants the bare JWT: no "Bearer".
            headers = CIMultiDictProxy(CIMultiDict(Authorization=token))
            validity = Validity.of(
                claims, window=window, server=server, now=now, received=received, spread=spread
            )
        until = validity.fresh_until if headers is not None else Validity.never().fresh_until
        return cls(
            tokens=tokens,
            headers=headers,
            validity=validity,
            server=server,
            received=received,
            save_at=save_at,
            attend_monotonic=min(
                until.monotonic, save_at.monotonic if save_at else until.monotonic
            ),
            attend_wall=min(until.wall, save_at.wall if save_at else until.wall),
        )

    def made_of(self, headers: Headers) -> bool:
        """Tell whether these headers carry the token that is held."""
        mine = self.headers
        return mine is not None and headers.get("Authorization") == mine["Authorization"]

    def young(self, now: Instant, use: TokenUse) -> bool:
        """Tell whether the tokens are so new that newer ones can hardly be better."""
        claims = self.tokens.claims(use) if self.tokens else None
        if self.received is None or claims is None or claims.lifetime is None:
            return False
        return now.monotonic - self.received.monotonic < claims.lifetime / 4


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """A store at one moment, fit to be logged: no token is in it.

    Attributes:
        state: fresh, stale or expired.
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
        held: Held,
        *,
        use: TokenUse,
        now: Instant,
        renewing: bool,
        error: AppSyncError | None,
        counts: Mapping[str, int],
    ) -> StoreStatus:
        """Read it off what is held."""
        claims = held.tokens.claims(use) if held.tokens else None
        return cls(
            state=held.validity.state(now),
            username=held.tokens.username if held.tokens else None,
            user_pool_id=held.tokens.user_pool_id if held.tokens else None,
            seconds_left=held.validity.seconds_left(now),
            expires_at=_datetime(claims.expires_at) if claims else None,
            renewing=renewing,
            unsaved=held.save_at is not None,
            last_error=str(error) if error else None,
            counts=dict(counts),
        )


def renewed_event(claims: TokenClaims, *, reason: Reason, took: float, api: str | None) -> Renewed:
    """Make the event that tells of tokens with these claims."""
    return Renewed(
        reason=reason,
        issued_at=None if claims.issued_at is None else _datetime(claims.issued_at),
        expires_at=_datetime(claims.expires_at),
        took=took,
        api=api,
    )


def _datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
