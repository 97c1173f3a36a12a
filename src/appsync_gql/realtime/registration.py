"""One subscription's operation, registered on one connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import End
    from .receiver import Receiver

__all__ = ["Registration", "resolve"]


class Registration:
    """One subscription's operation, registered on one connection.

    Attributes:
        id: its name on that connection.
        receiver: what takes its events.
        acknowledged: done when the server answered the ``start``; the result is ``None``,
            or how it ended instead.
        ended: done when it is over; the result is how it ended.
    """

    __slots__ = ("acknowledged", "ended", "id", "receiver")

    def __init__(self, id_: str, receiver: Receiver) -> None:
        loop = asyncio.get_running_loop()
        self.id, self.receiver = id_, receiver
        self.acknowledged: asyncio.Future[End | None] = loop.create_future()
        self.ended: asyncio.Future[End] = loop.create_future()

    def end(self, end: End) -> None:
        """Note how it ended."""
        resolve(self.acknowledged, end)
        resolve(self.ended, end)


def resolve(future: asyncio.Future[Any], result: object) -> None:
    """Set a future's result unless it is done already."""
    if not future.done():
        future.set_result(result)
