"""The events that wait for a consumer, and what happens if they are too many."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from typing import TYPE_CHECKING, Any, Literal

from ..exceptions import SubscriptionOverflow

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Buffer", "Gap", "OnFull"]

OnFull = Literal["drop_oldest", "fail", "wait"]


class Gap(dict[str, Any]):
    """Marks among a subscription's results where events may have been missed.

    AppSync sends each event once and keeps none: what happened while there was
    no connection is not sent later. A query brings it.

    Attributes:
        reason: how the connection ended, or that the consumer was too slow.
    """

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def __repr__(self) -> str:
        # A traceback also shows an object whose __init__ raised.
        return f"Gap({getattr(self, 'reason', None)!r})"


class _End:
    """The end of a subscription, as an item of the buffer.

    Attributes:
        error: what to raise; ``None`` for a completion.
    """

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class Buffer:
    """Events on their way to a consumer, and the gaps among them.

    Args:
        size: how many events wait for the consumer at the most.
        on_full: what happens to the next one.
        on_gap: called with each gap.
        on_overflow: called once when ``on_full="fail"`` ends the subscription.

    Attributes:
        items: what waits for the consumer, who may take plain ``dict`` off its
            left directly, and leaves everything else to :meth:`next`.
        size: as given.
        waits: whether the server has to wait for the consumer.
    """

    def __init__(
        self,
        size: int,
        on_full: OnFull,
        *,
        on_gap: Callable[[Gap], object],
        on_overflow: Callable[[], object],
    ) -> None:
        self.items: deque[Any] = deque()
        self.size, self.waits = size, on_full == "wait"
        self._fails = on_full == "fail"
        # A server that has to wait is not read from while this is full: see wait_for_space().
        self._limit = sys.maxsize if self.waits else size
        self._on_gap, self._on_overflow = on_gap, on_overflow
        self._changed = asyncio.Event()
        self._consumer_waits = self._consumer_left = self._ended = False

    # -- the consumer's side --------------------------------------------------------

    async def next(self) -> dict[str, Any] | None:
        """Wait for the next payload or :class:`Gap`; ``None`` when the server completed it.

        Raises:
            BaseException: the subscription is over; whatever ended it.
        """
        items = self.items
        while not items:
            self._consumer_waits = True
            self._changed.clear()
            await self._changed.wait()
        if type(items[0]) is _End:
            if items[0].error is not None:
                raise items[0].error
            return None
        if self.waits:
            self._changed.set()  # there will be space again
        return items.popleft()  # type: ignore[no-any-return]

    def leave(self) -> None:
        """Note that the consumer has left: stop waiting for space."""
        self._consumer_left = True
        self._changed.set()

    # -- what comes in ----------------------------------------------------------------

    def put(self, payload: dict[str, Any]) -> None:
        """Take an event, or do what ``on_full`` says if the buffer is full."""
        items = self.items
        if len(items) >= self._limit and not self._make_space():
            return
        items.append(payload)
        if self._consumer_waits:
            self._consumer_waits = False
            self._changed.set()

    def gap(self, reason: str) -> None:
        """Mark that events may be missing here: once, if nothing came in between."""
        gap = Gap(reason)
        self._on_gap(gap)
        if not (self.items and type(self.items[-1]) is Gap):
            self._put(gap)

    def end(self, error: BaseException | None) -> None:
        """Put the end behind everything else: the error, or ``None`` for a completion.

        Only the first end counts.
        """
        if not self._ended:
            self._ended = True
            self._put(_End(error))

    @property
    def full(self) -> bool:
        """Whether a server that has to wait for the consumer has to wait now."""
        return self.waits and len(self.items) >= self.size and not self._consumer_left

    async def wait_for_space(self) -> None:
        """Wait until the consumer has taken an event."""
        while self.full:
            self._changed.clear()
            await self._changed.wait()

    def _put(self, item: object) -> None:
        self.items.append(item)
        self._changed.set()

    def _make_space(self) -> bool:
        """Drop old items if needed; return whether the next event can be added."""
        if self._fails:
            return self._fail_if_full()
        # The gap in front shows that something is missing; it counts as one of those that wait.
        gap = self.items.popleft()
        if type(gap) is not Gap:
            self._on_gap(gap := Gap("the consumer was too slow"))
        if self.items:
            self.items.popleft()
        self.items.appendleft(gap)
        return True

    def _fail_if_full(self) -> bool:
        if sum(type(item) is dict for item in self.items) < self.size:
            return True  # gaps are no events
        if not self._ended:
            self._on_overflow()
            text = f"The consumer of a subscription left {self.size} events waiting."
            self.end(SubscriptionOverflow(text))
        return False
