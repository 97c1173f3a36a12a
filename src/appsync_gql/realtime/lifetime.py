"""When a connection is replaced ahead of its end. Pure."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Retirement", "ended_with_token", "retirement"]

_COINCIDENCE = 2.0
"""A connection that ends within so many seconds of its token's expiry was ended by that."""

_AHEAD = 10.0
"""Seconds by which a connection is replaced ahead of its token's expiry, at the most."""


class Retirement(NamedTuple):
    """When a connection retires.

    Attributes:
        seconds: from now on.
        renew_first: whether it retires only if newer headers can be had for its successor.
    """

    seconds: float
    renew_first: bool


def retirement(
    max_age: float, expires_at: float | None, now: float, *, ends_with_token: bool
) -> Retirement:
    """Return when a connection that was opened now retires.

    Args:
        max_age: seconds, if nothing else ends it earlier.
        expires_at: when the token expires that opened it, in seconds since the epoch;
            ``None`` if there was no such token.
        now: seconds since the epoch.
        ends_with_token: whether this server was seen to end a connection with its token.
            AppSync's documents do not say that it does.
    """
    if ends_with_token and expires_at is not None:
        left = expires_at - now
        seconds = left - min(_AHEAD, left / 4)
        if seconds < max_age:
            return Retirement(max(seconds, 0.0), renew_first=True)
    return Retirement(max_age, renew_first=False)


def ended_with_token(expires_at: float | None, now: float) -> bool:
    """Return whether a connection that ends now ends because its token expires."""
    return expires_at is not None and abs(expires_at - now) < _COINCIDENCE
