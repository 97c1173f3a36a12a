"""The pauses between handshakes, shared by all subscriptions of one endpoint. Pure."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from .errors import Lost, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..auth.adapters import Authorizer

__all__ = ["Backoff", "EndpointBackoff"]

_STABLE = 5.0
"""Seconds that a connection must have lasted for the pauses to begin anew."""

_REMEMBERED = 60.0
"""Seconds after the end of a user's last pause for which it is remembered."""


class Backoff:
    """The pauses between attempts that fail one after the other, shared by all who attempt.

    Args:
        delays: makes an endless iterator of the seconds to wait.
    """

    def __init__(self, delays: Callable[[], Iterator[float]]) -> None:
        self._delays, self._waits = delays, delays()
        self._failed_at = -math.inf
        self.not_before = -math.inf

    def failed(self, began: float, now: float) -> None:
        """Count a failure; all times are in seconds of the event loop's clock.

        Args:
            began: when the attempt began, or the connection that is lost now. Attempts that
                began before the last failure do not make the pause any longer.
            now: when it failed.
        """
        if began < self._failed_at:
            return
        if now - began >= _STABLE:
            self._waits = self._delays()
        self._failed_at, self.not_before = now, now + next(self._waits)


class EndpointBackoff:
    """The pauses before handshakes at one endpoint: for all users, and for one user.

    All times are in seconds of the event loop's clock.

    Args:
        delays: makes an endless iterator of the seconds to wait.
    """

    def __init__(self, delays: Callable[[], Iterator[float]]) -> None:
        self._delays, self._shared = delays, Backoff(delays)
        self._personal: dict[Authorizer, Backoff] = {}

    def seconds(self, authorizer: Authorizer, now: float) -> float:
        """Return how long this user has to wait; 0 or less for not at all."""
        mine = self._personal.get(authorizer, self._shared)
        return max(self._shared.not_before, mine.not_before) - now

    def failed(
        self, end: Lost | ServerError, authorizer: Authorizer, began: float, now: float
    ) -> None:
        """Count a handshake that failed: for everybody, or for the user whom the error is for."""
        if isinstance(end, Lost) or end.of_endpoint:
            self._shared.failed(began, now)
            return
        kept = self._personal.items()
        self._personal = {a: b for a, b in kept if b.not_before > now - _REMEMBERED}
        # Newer tokens are tried at once; only then there are pauses.
        fresh = Backoff(lambda: itertools.chain((0.0,), self._delays()))
        self._personal.setdefault(authorizer, fresh).failed(began, now)

    def lost(self, opened: float, now: float) -> None:
        """Count a connection that was opened, and is lost or of no use."""
        self._shared.failed(opened, now)

    def succeeded(self, authorizer: Authorizer) -> None:
        """Forget the failures of one user."""
        self._personal.pop(authorizer, None)
