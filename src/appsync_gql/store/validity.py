"""When a token is fresh, stale or expired: only arithmetic; the time is an argument."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..clock import Instant

if TYPE_CHECKING:
    from ..clock import ServerClock
    from ..tokens import TokenClaims

__all__ = ["TokenState", "Validity", "is_alive"]

_MAX_MARGIN = 1.0
"""Seconds that a request may be on its way; a token is not sent with less left."""


class TokenState(enum.Enum):
    """What a request may do with the token that the store has, or why it has none."""

    FRESH = "fresh"
    """The request sends it."""
    STALE = "stale"
    """The request sends it, and a renewal runs in the background."""
    EXPIRED = "expired"
    """The request waits for a newer one."""
    UNKNOWN = "unknown"
    """There is no token yet, and the persistence has not been read: the first request does that."""
    NOT_SIGNED_IN = "not signed in"
    """There are no tokens, neither here nor in the persistence when it was read last."""


@dataclass(frozen=True, slots=True)
class Validity:
    """Until when a token is fresh and until when it may be sent, on both local clocks.

    The monotonic clock decides; the wall clock can only shorten, which covers
    machines whose monotonic clock stands still while they sleep. A wall clock
    that is set back changes nothing; one that is set ahead causes one renewal.

    Attributes:
        fresh_until: the moment from which the token is stale.
        alive_until: the moment from which it counts as expired.
    """

    fresh_until: Instant
    alive_until: Instant

    @classmethod
    def of(
        cls,
        claims: TokenClaims,
        *,
        window: float,
        server: ServerClock,
        now: Instant,
        received: Instant | None = None,
        spread: float = 0.0,
    ) -> Validity:
        """Return a token's validity.

        Args:
            claims: the token's claims.
            window: the refresh window in seconds. At most half of the token's lifetime is
                used, or tokens that live shorter would be renewed at every request.
            server: what is known of the server's time.
            now: the present moment.
            received: when the issuer issued the token to this process; ``None`` if it did
                not. Such a token stays fresh for a quarter of its life whatever the clocks
                say, so that an issuer and an API whose clocks disagree cause no renewal per
                request, and it never outlives its lifetime as counted here.
            spread: 0.0 to 1.0: where in the first half of the window the renewal
                starts, so that those who share a token do not all start at once.
        """
        remaining = claims.expires_at - server.time_at(now.monotonic)
        lifetime = claims.lifetime
        if lifetime is None or lifetime <= 0:
            lifetime = max(remaining, 0.0)
        window = min(window, lifetime / 2) * (1.0 - spread / 2)
        margin = min(_MAX_MARGIN, lifetime / 20)
        if received is None:
            fresh, alive = remaining - window, remaining - margin
        else:
            age = now.monotonic - received.monotonic
            floor, counted = lifetime / 4 - age, lifetime - age
            # iat is cut down to a whole second; that second must not cause more renewals.
            fresh = max(min(counted, remaining + 1.0) - window, floor)
            alive = max(min(counted, remaining) - margin, floor)
        return cls(now.plus(min(fresh, alive)), now.plus(alive))

    @classmethod
    def never(cls) -> Validity:
        """Return the validity of a token that does not exist."""
        return cls(_PAST, _PAST)

    def state(self, now: Instant) -> TokenState:
        """Return ``FRESH``, ``STALE`` or ``EXPIRED``: the token's state at this moment."""
        if now.reached(self.alive_until):
            return TokenState.EXPIRED
        return TokenState.STALE if now.reached(self.fresh_until) else TokenState.FRESH

    def seconds_left(self, now: Instant) -> float:
        """Return the seconds until the token counts as expired; 0.0 once it does."""
        wall = self.alive_until.wall - now.wall
        return max(0.0, min(self.alive_until.monotonic - now.monotonic, wall))


_PAST = Instant(-math.inf, -math.inf)


def is_alive(claims: TokenClaims | None, server: ServerClock, now: Instant) -> bool:
    """Return whether a token with these claims may be sent; ``None`` stands for no token."""
    if claims is None:
        return False
    validity = Validity.of(claims, window=0.0, server=server, now=now)
    return validity.state(now) is not TokenState.EXPIRED
