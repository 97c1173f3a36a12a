"""What two connections deliver of one subscription, put together. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Merge"]


class Merge:
    """Leaves out of the new connection's events those that the old one brought already.

    Both connections deliver the same events in the same order; the new one
    begins later, and the old one ends earlier. So the new one repeats the end
    of what the old one brought, perhaps not all at once, and then goes on.
    Events have no ids: they are compared by content, and the longest repetition
    is taken for the true one.

    Args:
        brought: what the old connection brought since the new one was asked.
    """

    def __init__(self, brought: Sequence[Any]) -> None:
        self._brought = brought
        self._starts = list(range(len(brought)))
        self._seen: list[Any] = []
        self._repeated = 0

    @property
    def done(self) -> bool:
        """Whether all that comes from now on is new."""
        return not self._starts

    def feed(self, event: Any) -> list[Any]:
        """Take the new connection's next event; give those that are to be delivered now."""
        if self.done:
            return [event]
        position, end = len(self._seen), len(self._brought)
        self._seen.append(event)
        self._starts = [k for k in self._starts if self._brought[k + position] == event]
        complete = [k for k in self._starts if k + position + 1 == end]
        if complete:
            self._repeated = position + 1
        self._starts = [k for k in self._starts if k not in complete]
        # As long as a longer repetition is possible, it is waited for.
        return [] if self._starts else self._seen[self._repeated :]
