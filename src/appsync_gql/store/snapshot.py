"""The tokens of a store at one moment, as one value that is replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy

from ..clock import Instant
from ..secret import Secret
from .validity import TokenState, Validity

if TYPE_CHECKING:
    from ..clock import ServerClock
    from ..headers import Headers
    from ..tokens import Tokens, TokenUse

__all__ = ["Scheme", "Snapshot", "TokenSettings"]

Scheme: TypeAlias = Literal["Bearer"] | None
"""The word before the token in the ``Authorization`` header; ``None`` for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """How tokens are sent, and when they are renewed.

    Attributes:
        use: which JWT is sent.
        window: the refresh window in seconds.
        scheme: the word before the token in the header.
    """

    use: TokenUse = "access"
    window: float = 30.0
    scheme: Scheme = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """Tokens, the headers made of them, and when they must be renewed or saved.

    Readers take one reference and need no lock: nothing in here changes.

    Attributes:
        tokens: ``None`` before a user has signed in.
        headers: ``None`` if there is no token of the wanted use.
        validity: until when the token is fresh, and alive.
        server: what is known of the server's time.
        received: when the provider issued the tokens to this process; ``None`` if it did not.
        save_at: when to try again to save them; ``None`` once they are saved.
        check_monotonic: until then the headers are returned without a further check.
        check_wall: the same by the wall clock; whichever comes first.
    """

    tokens: Tokens | None
    headers: Headers | None
    validity: Validity
    server: ServerClock
    received: Instant | None
    save_at: Instant | None
    check_monotonic: float
    check_wall: float

    @classmethod
    def of(
        cls,
        tokens: Tokens | None,
        settings: TokenSettings,
        *,
        server: ServerClock,
        now: Instant,
        spread: float = 0.0,
        received: Instant | None = None,
        save_at: Instant | None = None,
    ) -> Snapshot:
        """Compute what a request must not spend time on; ``spread`` as in :meth:`Validity.of`."""
        token = tokens.token(settings.use) if tokens else None
        claims = tokens.claims(settings.use) if tokens else None
        headers, validity = None, Validity.never()
        if token is not None and claims is not None:
            # AppSync takes the bare JWT; some gateways before it want a scheme.
            value = token if settings.scheme is None else Secret(f"{settings.scheme} {token}")
            headers = CIMultiDictProxy(CIMultiDict(Authorization=value))
            validity = Validity.of(
                claims,
                window=settings.window,
                server=server,
                now=now,
                received=received,
                spread=spread,
            )
        check_at = _earlier(validity.fresh_until, save_at)
        return cls(
            tokens=tokens,
            headers=headers,
            validity=validity,
            server=server,
            received=received,
            save_at=save_at,
            check_monotonic=check_at.monotonic,
            check_wall=check_at.wall,
        )

    def with_the_same_token(
        self, *, tokens: Tokens | None, server: ServerClock, save_at: Instant | None
    ) -> Snapshot:
        """Return a snapshot with the same headers and validity.

        The validity is not computed anew: where the monotonic clock stands still while the
        machine sleeps, only the moments computed before the sleep show that time has passed.
        """
        check_at = _earlier(self.validity.fresh_until, save_at)
        return replace(
            self,
            tokens=tokens,
            server=server,
            save_at=save_at,
            check_monotonic=check_at.monotonic,
            check_wall=check_at.wall,
        )

    def has(self, headers: Headers) -> bool:
        """Return whether these headers carry the present token."""
        mine = self.headers
        return mine is not None and headers.get("Authorization") == mine["Authorization"]

    def expired(self, now: Instant) -> bool:
        """Return whether there is no token that may be sent."""
        return self.headers is None or self.validity.state(now) is TokenState.EXPIRED

    def young(self, now: Instant, use: TokenUse) -> bool:
        """Return whether the tokens are so new that newer ones can hardly be better."""
        claims = self.tokens.claims(use) if self.tokens else None
        if self.received is None or claims is None or claims.lifetime is None:
            return False
        return now.monotonic - self.received.monotonic < claims.lifetime / 4


def _earlier(fresh_until: Instant, save_at: Instant | None) -> Instant:
    if save_at is None:
        return fresh_until
    return Instant(
        min(fresh_until.wall, save_at.wall), min(fresh_until.monotonic, save_at.monotonic)
    )
