"""What the real-time part is told, and whom it asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ..backoff import full_jitter
from ..clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..auth.base import Headers

__all__ = ["RealtimeSettings", "Signer"]


class Signer(Protocol):
    """Gives the authorization of handshakes and starts, ``host`` among it.

    Two that are equal stand for the same authorization.
    """

    async def headers(self, data: str | None) -> Mapping[str, str]:
        """Return it for a ``start`` with that data, or for a handshake (``None``)."""
        ...

    async def renewed(self, rejected: Headers | None, *, denied: bool) -> bool:
        """Get newer ones than those that were rejected; tell whether there are any."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeSettings:
    """How subscriptions behave.

    Attributes:
        ack_timeout: seconds to wait for the server at a handshake.
        start_timeout: seconds to wait for the server's word on a subscription.
        max_age: seconds after which a connection is replaced ahead of the
            server's own limit of 24 hours.
        delays: makes the seconds to wait between attempts, without an end.
        attempts: how often the very first connection is tried, and the first start
            of each subscription. What once stood is tried again without limit.
        clock: where the time comes from.
    """

    ack_timeout: float = 15.0
    start_timeout: float = 15.0
    max_age: float = 86_400.0 - 600.0
    delays: Callable[[], Iterator[float]] = full_jitter
    attempts: int = 3
    clock: Clock = field(default_factory=SystemClock)
