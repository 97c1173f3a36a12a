"""How it goes for a subscription or a connection: when to try again, and how often. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Course"]

_PATIENCE_AT_FIRST, _PATIENCE = 1, 8
"""How many refusals in a row are answered with newer tokens: once at first; a few times,
with pauses, where the right to be there was proven."""

_PROVEN = 1.0
"""Seconds that a subscription must have stood for that, if no event came: the server's word alone
proves nothing, since an error may come right behind it."""


class Course:
    """Counts attempts and refusals, and gives the pauses between them.

    Args:
        delays: makes the seconds to wait between attempts.
        attempts: how many are made for one that never stood.
        proven: whether the right to be there was proven before.

    Attributes:
        stood: whether it ever did.
        lost: why it does not stand any more; empty while it does.
    """

    def __init__(
        self, delays: Callable[[], Iterator[float]], attempts: int, *, proven: bool = False
    ) -> None:
        self._delays, self._waits, self._attempts = delays, delays(), attempts
        self._since, self._refusals, self._patience = math.inf, 0, _PATIENCE_AT_FIRST
        self.stood, self.lost = proven, ""
        if proven:
            self.proven()

    def stands(self, now: float) -> None:
        """Note that it does, from this moment (in seconds) on."""
        self.stood, self._since, self.lost = True, now, ""

    def ended(self, why: str, now: float) -> None:
        """Note that it does no more; to have stood for a while is a proof too."""
        self.lost = self.lost or why
        if now - self._since > _PROVEN:
            self.proven()
        self._since = math.inf

    def proven(self) -> None:
        """Note that it has a right to be there, and forget what went wrong before."""
        self._waits, self._refusals, self._patience = self._delays(), 0, _PATIENCE

    @property
    def out_of_patience(self) -> bool:
        """Whether one more refusal is one too many."""
        return self._refusals >= self._patience

    def refused(self) -> bool:
        """Note a refusal that newer tokens are to answer; tell whether it is the first in a row."""
        self._refusals += 1
        return self._refusals == 1

    def may_go_on(self) -> bool:
        """Take one attempt; tell whether there is another one."""
        self._attempts -= 1
        return self.stood or self._attempts > 0

    def pause(self) -> float:
        """Give the seconds to wait before the next attempt."""
        return next(self._waits)
