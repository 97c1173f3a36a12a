"""Checks of the emulator's arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["check_lifetime", "check_numbers", "strings"]

_LONGEST_GRACE_PERIOD = 60
_LARGEST_PORT = 65_535


def check_numbers(
    *, lifetimes: tuple[int, int], grace_period: float, latency: float, port: int
) -> None:
    """Raise ``ValueError`` if a number is out of range.

    Args:
        lifetimes: seconds of JWTs and of sessions.
        grace_period: seconds.
        latency: seconds.
        port: TCP port.
    """
    problem = None
    if not 0 <= grace_period <= _LONGEST_GRACE_PERIOD:
        problem = f"grace_period is 0 to {_LONGEST_GRACE_PERIOD} seconds, as in Cognito"
    elif min(lifetimes) < 1:
        problem = "token_lifetime and refresh_token_lifetime are at least 1 second"
    elif not latency >= 0:  # also true for NaN
        problem = "latency is 0 seconds or more"
    elif not 0 <= port <= _LARGEST_PORT:
        problem = f"port is 0 to {_LARGEST_PORT}"
    if problem is not None:
        raise ValueError(problem)


def check_lifetime(name: str, seconds: float | None) -> None:
    """Raise ``ValueError`` unless a lifetime is ``None`` or above 0 seconds."""
    if seconds is not None and not seconds > 0:
        msg = f"{name} is above 0 seconds, or None"
        raise ValueError(msg)


def strings(values: Collection[str], argument: str) -> tuple[str, ...]:
    """Return a collection of strings as a tuple.

    Raises:
        TypeError: it is one string, which would be a collection of letters.
    """
    if isinstance(values, str):
        msg = f"{argument} is a collection: put the string in a list"
        raise TypeError(msg)
    return tuple(values)
