"""Settings of subscriptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..backoff import full_jitter
from ..clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["RealtimeSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeSettings:
    """How subscriptions behave.

    Attributes:
        ack_timeout: seconds to wait for a connection, up to the server's ``connection_ack``.
        start_timeout: seconds to wait for the server's answer to a ``start``.
        max_age: seconds after which a connection is replaced, ahead of the server's own
            limit of 24 hours.
        overlap: seconds for which a subscription stays on the connection that is replaced
            after the server acknowledged it on the new one. AppSync may deliver nothing for
            a moment after its ``start_ack``.
        delays: makes an endless iterator of the seconds to wait between attempts.
        attempts: how often the very first connection is tried, and the first start of each
            subscription. What was subscribed once is tried again without limit.
        clock: where the time comes from.
    """

    ack_timeout: float = 15.0
    start_timeout: float = 15.0
    max_age: float = 86_400.0 - 600.0
    overlap: float = 2.0
    delays: Callable[[], Iterator[float]] = full_jitter
    attempts: int = 3
    clock: Clock = field(default_factory=SystemClock)
