"""What is subscribed to, and how it is begun on a connection."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import Trouble, TroubleKind
from .sink import Sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..auth.base import Headers
    from .connection import Connection
    from .pool import Hub
    from .settings import Signer

__all__ = ["Operation", "Stand"]


class Stand(NamedTuple):
    """Where a subscription stands: on which connection, by which name, and what hears of it."""

    connection: Connection
    id: str
    sink: Sink


class Operation:
    """One subscription's operation.

    Args:
        hub: gives connections.
        data: the operation and its variables as JSON.
        signer: gives headers for each ``start``.
        alone: whether it has its connection to itself.
        most: how many events may come before their consumer gets its turn.
    """

    def __init__(self, hub: Hub, data: str, signer: Signer, *, alone: bool, most: int) -> None:
        self._hub, self._data, self._signer = hub, data, signer
        self._alone, self._most = alone, most
        self._sent: Headers | None = None

    async def connection(self) -> Connection:
        """Give a connection with room.

        Raises:
            TransportError: there can be none.
        """
        return await self._hub.connection(self._signer, alone=self._alone)

    def sink(self, deliver: Callable[[dict[str, Any]], object]) -> Sink:
        """Make what hears of it."""
        return Sink(deliver, self._most)

    async def start(self, connection: Connection, sink: Sink) -> Stand:
        """Begin, by a name that is never used twice, not on another connection either.

        Raises:
            Refusal: the server does not take it.
            Lost: the connection is gone, or no word came in time.
            TransportError: there are no headers to be had.
        """
        self._sent = None
        self._sent = await self._signer.headers(self._data)
        id_ = str(uuid.uuid4())
        await connection.start(id_, self._data, self._sent, sink, self._hub.start_timeout)
        return Stand(connection, id_, sink)

    async def renew(self, trouble: Trouble) -> bool:
        """Get newer headers than those of the last start; tell whether there are any.

        Raises:
            TransportError: they were needed and could not be had.
        """
        denied = trouble.kind is TroubleKind.DENIED
        return await self._signer.renewed(self._sent, denied=denied)
