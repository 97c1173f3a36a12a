"""The right of a subscription to use a connection of the pool."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .authorization import Sent
    from .connection import Connection
    from .errors import Lost, ServerError

__all__ = ["Lease", "NotConnected"]


class NotConnected(Exception):
    """There is no connection to be had now.

    Attributes:
        end: how the attempt ended.
        sent: the headers that were rejected; ``None`` if none were sent.
    """

    def __init__(self, end: Lost | ServerError, sent: Sent | None) -> None:
        super().__init__(end)
        self.end, self.sent = end, sent


class Lease:
    """The right to use a connection, until it is released.

    Attributes:
        connection: which one.
    """

    def __init__(
        self, connection: Connection, unused: Callable[[Connection], asyncio.Task[None] | None]
    ) -> None:
        connection.leases += 1
        self.connection, self._unused = connection, unused
        self._released = False

    async def release(self) -> None:
        """Release it. A connection without leases is closed."""
        if self._released:
            return
        self._released = True
        self.connection.leases -= 1
        closing = self._unused(self.connection)
        if closing is not None:
            # The closing belongs to the pool: neither of the two is cancelled with the other.
            await asyncio.wait({closing})
