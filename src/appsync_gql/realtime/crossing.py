"""Go over from one connection to the next: on the new one first, nothing missed or doubled."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import TransportError

from .errors import TroubleKind
from .handover import Merge
from .sink import Lost, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .buffer import Buffer
    from .operation import Operation, Stand
    from .sink import Sink

__all__ = ["STOP_SECONDS", "cross", "ignore", "take"]

STOP_SECONDS = 2.0
"""Seconds to wait for the server's ``complete``."""

_AT_LEISURE = 300.0
"""The same where the server waits for the consumer, who may take its time to get there."""

_KEPT = 1000
"""How many events are kept on the way over, or as many as the buffer holds if that is more."""


def ignore(_payload: object) -> None:
    """Throw an event away: nobody is there to take it."""


def take(buffer: Buffer, held: Iterable[dict[str, Any]], sink: Sink) -> None:
    """Deliver what was held back, and from now on directly."""
    for payload in held:
        buffer.deliver(payload)
    sink.deliver = buffer.deliver
    sink.room = buffer.room if buffer.waits else None


async def cross(operation: Operation, buffer: Buffer, old: Stand) -> Stand:
    """Subscribe on another connection, then leave this one.

    Returns:
        The new place; or the old one where there can be no new one now.

    Raises:
        Lost: the subscription stands in neither place.
    """
    most = max(buffer.size, _KEPT)
    brought: deque[dict[str, Any]] = deque(maxlen=most)
    held: deque[dict[str, Any]] = deque(maxlen=most)
    over = asyncio.Event()

    def old_delivers(payload: dict[str, Any]) -> None:
        brought.append(payload)
        buffer.deliver(payload)

    async def room() -> None:
        if len(held) >= most:
            await over.wait()

    sink = operation.sink(held.append)
    sink.room = room if buffer.waits else None
    try:
        connection = await operation.connection()
        old.sink.deliver = old_delivers
        new = await operation.start(connection, sink)
    except (Lost, Refusal, TransportError) as error:
        # The old one stands for some time yet.
        old.sink.deliver = buffer.deliver
        await _prepare_the_next(operation, error)
        return old
    try:
        lasted = not old.sink.over.done()
        seconds = _AT_LEISURE if buffer.waits else STOP_SECONDS
        lasted = await old.connection.stop(old.id, seconds) and lasted
        _check_that_all_was_kept(most, brought, () if buffer.waits else held)
    except BaseException:
        sink.deliver = ignore
        over.set()
        await new.connection.stop(new.id)
        raise
    over.set()
    if not lasted:
        # Nobody knows whether it was alive until the new one stood.
        buffer.gap("the connection ended before its successor stood")
    _merge(buffer, list(brought), held, sink)
    return new


async def _prepare_the_next(operation: Operation, error: Exception) -> None:
    trouble = error.trouble if isinstance(error, Refusal) else None
    if trouble is not None and trouble.kind in {TroubleKind.REFUSED, TroubleKind.DENIED}:
        with contextlib.suppress(TransportError):
            await operation.renew(trouble)


def _check_that_all_was_kept(most: int, *kept: deque[Any] | tuple[()]) -> None:
    if any(len(events) == most for events in kept):
        raise Lost("more events than the buffer holds came during a hand-over")


def _merge(
    buffer: Buffer, brought: list[dict[str, Any]], held: Iterable[dict[str, Any]], sink: Sink
) -> None:
    """Deliver what the new connection brings and the old one did not."""
    merge = Merge(brought)
    take(buffer, [new for event in held for new in merge.feed(event)], sink)

    def merged(payload: dict[str, Any]) -> None:
        for event in merge.feed(payload):
            buffer.deliver(event)
        if merge.done:
            sink.deliver = buffer.deliver

    if not merge.done:
        sink.deliver = merged  # the new connection is behind the old one
