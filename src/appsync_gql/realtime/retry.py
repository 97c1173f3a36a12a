"""When to try again after a failure, and how often. Pure."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..error_types import ErrorMeaning
from .errors import Lost, ServerError, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..exceptions import AppSyncError
    from .authorization import Sent

__all__ = ["Action", "Decision", "Failure", "Retry"]

_REFUSALS_AT_FIRST, _REFUSALS = 1, 8
"""How many refusals in a row are followed by newer tokens: one at first; several, with pauses,
where the right to subscribe was proven."""

_REJECTED_STARTS = 8
"""How many times in a row a start is tried again that was accepted before and is rejected now."""

_PROOF = 1.0
"""Seconds that a subscription must have lasted to prove the right to it, if no event came. The
``start_ack`` alone proves nothing, since an error may follow at once."""


class Action(enum.Enum):
    """What follows a failure."""

    GIVE_UP = "give up"
    """The same would happen again: the consumer gets the error."""
    RENEW = "renew"
    """Get newer headers, then try again."""
    RETRY = "retry"
    """Try again."""


@dataclass(frozen=True)
class Failure:
    """Why there is no subscription now.

    Attributes:
        end: how the last attempt ended.
        connecting: whether there was no connection yet.
        sent: the headers of that attempt; ``None`` if it sent none.
        error: what the consumer gets if this is final; ``None`` for that of ``end``.
    """

    end: Lost | Unanswered | ServerError
    connecting: bool = False
    sent: Sent | None = None
    error: AppSyncError | None = None


class Decision(NamedTuple):
    """What follows a failure, and whether after a pause."""

    action: Action
    pause: bool = False


class Retry:
    """Counts one subscription's attempts and decides what follows a failure.

    Args:
        delays: makes an endless iterator of the seconds to wait between attempts.
        attempts: how many are made before the first success.

    Attributes:
        subscribed_once: whether the server ever acknowledged the subscription.
        proven: whether it lasted for a while, or brought an event.
        lost: why it is interrupted; empty while it is not.
    """

    def __init__(self, delays: Callable[[], Iterator[float]], attempts: int) -> None:
        self._delays, self._waits, self._attempts = delays, delays(), attempts
        self._since = math.inf
        self._refusals = self._rejected_starts = 0
        self.subscribed_once = self.proven = False
        self.lost = ""

    def subscribed(self, now: float) -> None:
        """Note that the server acknowledged the subscription, at this moment in seconds."""
        self.subscribed_once, self._since, self.lost = True, now, ""

    def ended(self, reason: str, now: float, *, received: bool) -> None:
        """Note that the subscription, or an attempt at it, ended.

        Args:
            reason: why. The first reason of an interruption is kept.
            now: in seconds, of the same clock as for :meth:`subscribed`.
            received: whether an event came since the last :meth:`subscribed`.
        """
        self.lost = self.lost or reason
        if received or now - self._since > _PROOF:
            self.proven = True
            self._waits = self._delays()
            self._refusals = self._rejected_starts = 0
        self._since = math.inf

    def decide(
        self,
        end: Lost | Unanswered | ServerError,
        *,
        connecting: bool = False,
        reachable: bool = False,
        alone: bool = False,
    ) -> Decision:
        """Decide what follows a failure.

        Args:
            end: how the attempt ended.
            connecting: whether there was no connection yet. Then the connection pool pauses.
            reachable: whether the endpoint accepted a connection before.
            alone: whether no other subscription was on the connection.
        """
        meaning = end.meaning if isinstance(end, ServerError) else ErrorMeaning.FAILED
        if meaning in {ErrorMeaning.REFUSED, ErrorMeaning.DENIED}:
            return self._refused(connecting=connecting)
        if meaning is ErrorMeaning.FULL:
            return Decision(Action.RETRY, pause=alone)
        if meaning in {ErrorMeaning.INVALID, ErrorMeaning.BLOCKED}:
            return self._rejected(connecting=connecting)
        if not self.may_go_on(reachable=reachable and connecting):
            return Decision(Action.GIVE_UP)
        return Decision(Action.RETRY, pause=not connecting and not isinstance(end, Lost))

    def _refused(self, *, connecting: bool) -> Decision:
        self._refusals += 1
        if self._refusals > (_REFUSALS if self.proven else _REFUSALS_AT_FIRST):
            return Decision(Action.GIVE_UP)
        return Decision(Action.RENEW, pause=self._refusals > 1 and not connecting)

    def _rejected(self, *, connecting: bool) -> Decision:
        """What was accepted before was rejected by something in between, or by a passing fault."""
        if self.subscribed_once and connecting:
            return Decision(Action.RETRY)
        self._rejected_starts += 1
        if self.proven and self._rejected_starts <= _REJECTED_STARTS:
            return Decision(Action.RETRY, pause=True)
        return Decision(Action.GIVE_UP)

    def may_go_on(self, *, reachable: bool = False) -> bool:
        """Count an attempt that failed for no lasting reason; return whether to try again."""
        self._attempts -= 1
        return self.subscribed_once or reachable or self._attempts > 0

    def pause(self) -> float:
        """Return the seconds to wait before the next attempt."""
        return next(self._waits)
