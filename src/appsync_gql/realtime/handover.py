"""Moves a subscription from one connection to its successor without lost or repeated events."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .errors import Completed, End, Lost
from .receiver import Mode
from .websocket import first_done

if TYPE_CHECKING:
    from .lease import Lease
    from .registration import Registration

__all__ = ["STOP_SECONDS", "Registered", "end_merging", "hand_over"]

STOP_SECONDS = 2.0
"""Seconds to wait for the server's ``complete``."""

_STOP_SECONDS_WAITING = 300.0
"""The same if the server waits for the consumer, who may take long to read what comes before."""

_MERGE_SECONDS = 2.0
"""Seconds for which the new connection may repeat what the old one brought, after that ended."""


class Registered(NamedTuple):
    """A registration and the lease on its connection.

    Attributes:
        registration: the registration.
        lease: what keeps its connection open.
    """

    registration: Registration
    lease: Lease

    async def stop(self, seconds: float) -> bool:
        """Stop the subscription; return whether the server completed it within ``seconds``."""
        return await self.lease.connection.stop(self.registration, seconds)

    async def leave(self, seconds: float = 0.0) -> None:
        """Drop what still arrives, stop the subscription and release the connection."""
        self.registration.receiver.drop()
        try:
            await self.stop(seconds)
        finally:
            await self.lease.release()


async def hand_over(old: Registered, new: Registered, overlap: float) -> Registered | End:
    """Move from one registration to another one that the server has just acknowledged.

    Both stay registered for a while, because the server may deliver nothing on the new one at
    first. Until the old one has ended, its events are delivered, and those of the new one are
    held.

    Args:
        old: records what it delivers since before the new one was started.
        new: holds what it receives.
        overlap: seconds for which both stay.

    Returns:
        Which of the two goes on; or how the subscription ended.
    """
    try:
        outcome = await _after_overlap(old, new, overlap)
    except BaseException:
        await new.leave()
        raise
    if outcome is not new:
        await new.leave()
    return outcome


async def _after_overlap(old: Registered, new: Registered, overlap: float) -> Registered | End:
    ended = old.registration.ended, new.registration.ended
    await first_done(*ended, seconds=overlap)
    old_end, new_end = (future.result() if future.done() else None for future in ended)
    if isinstance(old_end, Completed) or isinstance(new_end, Completed):
        return Completed()
    receiver, brought = new.registration.receiver, old.registration.receiver
    if new_end is not None and old_end is None:
        brought.deliver()
        return old
    waits = receiver.buffer.waits
    alive = await old.stop(_STOP_SECONDS_WAITING if waits else STOP_SECONDS)
    if brought.overflowed or (receiver.overflowed and not waits):
        return Lost("more events than can be kept arrived during a hand-over")
    if old_end is not None or not alive:
        # It is not known whether it delivered everything until the new one did.
        receiver.buffer.gap("the connection ended before its successor was ready")
    receiver.merge(brought)
    return new


async def end_merging(registration: Registration, seconds: float = _MERGE_SECONDS) -> None:
    """Wait until the new connection repeats nothing any more, then deliver everything.

    Args:
        registration: the one that goes on after a hand-over.
        seconds: how long to wait; longer if the server waits for the consumer meanwhile.
    """
    receiver = registration.receiver
    while receiver.mode is Mode.MERGE and not registration.ended.done():
        await first_done(registration.ended, seconds=seconds)
        if not receiver.buffer.full:
            break
    receiver.finish_merging()
