"""What two connections delivered of one subscription, put together. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["overlap"]


def overlap(old: Sequence[Any], new: Sequence[Any]) -> int:
    """Count the events at the start of the new that the old brought already.

    Both connections deliver the same events in the same order; the new one
    begins later, the old one ends earlier. So what they share is the longest
    end of the old that is a start of the new. Events have no ids: they are
    compared by content.

    Args:
        old: what the old connection brought since the new one was asked.
        new: what the new one brought until the old one had ended.
    """
    for count in range(min(len(old), len(new)), 0, -1):
        if all(old[len(old) - count + i] == new[i] for i in range(count)):
            return count
    return 0
