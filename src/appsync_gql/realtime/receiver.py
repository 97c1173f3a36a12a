"""Where a connection puts the events of one subscription."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from typing import TYPE_CHECKING, Any

from .merge import Merge

if TYPE_CHECKING:
    from .buffer import Buffer

__all__ = ["KEPT", "TURN", "Mode", "Receiver"]

TURN = 128
"""How many messages are read at the most before other tasks run."""

KEPT = 10_000
"""How many events are kept during a hand-over, unless the buffer holds more."""


class Mode(enum.Enum):
    """What happens to an event that arrives."""

    HOLD = "hold"
    """It is kept until it is decided what happens to it."""
    DELIVER = "deliver"
    """It goes to the consumer's buffer."""
    RECORD = "record"
    """It goes to the consumer's buffer, and is kept as well, to recognise it if it comes again."""
    MERGE = "merge"
    """It goes to the consumer's buffer unless the old connection brought it already."""
    DROP = "drop"
    """It is dropped: the subscription goes on elsewhere, or has ended."""


_DELIVER = Mode.DELIVER


class Receiver:
    """Takes the events that one connection brings for one subscription.

    Args:
        buffer: the consumer's.
        limit: how many events are kept at the most.

    Attributes:
        mode: what happens to events now; changed by the methods below.
        buffer: as given.
        kept: the events that were kept, the oldest first.
        received: whether an event ever went to the buffer.
        turn: how many events may come before their consumer gets its turn.
        waits: whether :meth:`wait_for_space` must be awaited after each event.
    """

    __slots__ = (
        "_changed",
        "_limit",
        "_merge",
        "buffer",
        "kept",
        "mode",
        "received",
        "turn",
        "waits",
    )

    def __init__(self, buffer: Buffer, limit: int = KEPT) -> None:
        self.mode, self.buffer = Mode.HOLD, buffer
        self._limit = max(limit, buffer.size)
        self.kept: deque[dict[str, Any]] = deque(maxlen=self._limit)
        self.received = False
        self.turn, self.waits = min(buffer.size, TURN), buffer.waits
        self._changed = asyncio.Event()
        self._merge = Merge(())

    def receive(self, payload: dict[str, Any]) -> None:
        """Take one event."""
        mode = self.mode
        if mode is _DELIVER:
            self.received = True
            self.buffer.put(payload)
        elif mode is Mode.MERGE:
            self._deliver_all(self._merge.add(payload))
            if self._merge.done:
                self._switch(Mode.DELIVER)
        elif mode is not Mode.DROP:
            self.kept.append(payload)
            if mode is Mode.RECORD:
                self.buffer.put(payload)

    @property
    def overflowed(self) -> bool:
        """Whether there may have been more events than can be kept."""
        return len(self.kept) == self._limit

    def deliver(self) -> None:
        """Deliver what was held, and everything from now on."""
        if self.mode is Mode.HOLD:
            self._deliver_all(self.kept)
        self.kept.clear()
        self._switch(Mode.DELIVER)

    def record(self) -> None:
        """Deliver and keep everything from now on."""
        self._switch(Mode.RECORD)

    def merge(self, old: Receiver) -> None:
        """Deliver what was held, and what comes, but for what the old connection brought."""
        self._merge = Merge(list(old.kept))
        held = list(self.kept)
        self.kept.clear()
        self._switch(Mode.MERGE)
        for payload in held:
            self.receive(payload)
        if self._merge.done:
            self._switch(Mode.DELIVER)

    def finish_merging(self) -> None:
        """Deliver everything from now on, and what was kept back as a possible repetition."""
        if self.mode is Mode.MERGE:
            self._deliver_all(self._merge.finish())
            self._switch(Mode.DELIVER)

    def drop(self) -> None:
        """Drop everything from now on."""
        self.kept.clear()
        self._switch(Mode.DROP)

    async def wait_for_space(self) -> None:
        """Wait until there is space for more, if the server has to wait for the consumer."""
        while self.mode is Mode.HOLD and self.overflowed:
            self._changed.clear()
            await self._changed.wait()
        if self.mode is not Mode.DROP:
            await self.buffer.wait_for_space()

    def _deliver_all(self, payloads: deque[dict[str, Any]] | list[dict[str, Any]]) -> None:
        for payload in payloads:
            self.received = True
            self.buffer.put(payload)

    def _switch(self, mode: Mode) -> None:
        self.mode = mode
        self._changed.set()
