"""De-duplication of what two connections bring for one subscription. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Merge"]


class Merge:
    """Removes from the new connection's events those that the old connection brought already.

    Both connections bring the same events in the same order; the new one
    begins later, and the old one ends earlier. So the new one repeats the end
    of what the old one brought, perhaps not all at once, and then goes on.
    Events have no ids: they are compared by content, and the longest repetition
    is taken for the true one.

    Args:
        brought: what the old connection brought since the new one was started.
    """

    def __init__(self, brought: Sequence[Any]) -> None:
        self._brought = brought
        self._starts = list(range(len(brought)))
        self._seen: list[Any] = []
        self._repeated = 0

    @property
    def done(self) -> bool:
        """Whether all events from now on are new."""
        return not self._starts

    def add(self, event: Any) -> list[Any]:
        """Take the new connection's next event; return the events to deliver now."""
        if self.done:
            return [event]
        position, end = len(self._seen), len(self._brought)
        self._seen.append(event)
        self._starts = [k for k in self._starts if self._brought[k + position] == event]
        complete = [k for k in self._starts if k + position + 1 == end]
        if complete:
            self._repeated = position + 1
        self._starts = [k for k in self._starts if k not in complete]
        # As long as a longer repetition is possible, its end is waited for.
        return [] if self._starts else self._seen[self._repeated :]

    def finish(self) -> list[Any]:
        """End the de-duplication; return the events that were kept back.

        A repetition follows closely. What has not continued by now was equal by chance.
        """
        if self.done:
            return []
        self._starts = []
        return self._seen[self._repeated :]
