"""Where a connection puts what comes for one subscription, and how it says that it ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .errors import Trouble

__all__ = ["TURN", "Lost", "Refusal", "Sink", "unheard_future"]

TURN = 128
"""How many messages are read at the most before those who consume them get their turn."""


class Lost(Exception):
    """The connection is gone, or never came about; what was said of it."""


class Refusal(Exception):
    """The server said no."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


class Sink:
    """Where a connection puts what comes for one subscription.

    Attributes:
        deliver: takes each event's payload; may be replaced at any time.
        over: done when the subscription is no longer on the connection. Its
            result is a trouble, or ``None`` when it was completed; its exception
            is :class:`Lost`.
        room: waits until there is room for more, which holds the whole
            connection up; ``None`` if that never happens.
        most: how many events may come before their consumer gets its turn.
    """

    __slots__ = ("deliver", "most", "over", "room")

    def __init__(self, deliver: Callable[[dict[str, Any]], object], most: int = TURN) -> None:
        self.deliver, self.most = deliver, min(most, TURN)
        self.room: Callable[[], Awaitable[object]] | None = None
        self.over: asyncio.Future[Trouble | None] = unheard_future()


def unheard_future() -> asyncio.Future[Any]:
    """Make a future whose error may go unheard: whoever waited may have left."""
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future
