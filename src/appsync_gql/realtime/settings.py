"""Settings of subscriptions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..backoff import full_jitter
from ..clock import Clock, SystemClock
from ..exceptions import ConfigurationError

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

    Raises:
        ConfigurationError: one of them is of a wrong type or out of range.
    """

    ack_timeout: float = 15.0
    start_timeout: float = 15.0
    max_age: float = 86_400.0 - 600.0
    overlap: float = 2.0
    delays: Callable[[], Iterator[float]] = full_jitter
    attempts: int = 3
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        for name in ("ack_timeout", "start_timeout", "max_age"):
            _check(name, "a number of seconds above 0", right=_seconds(getattr(self, name)) > 0)
        _check("overlap", "a number of seconds, 0 or more", right=_seconds(self.overlap) >= 0)
        attempts: object = self.attempts
        whole = isinstance(attempts, int) and not isinstance(attempts, bool) and attempts >= 1
        _check("attempts", "a whole number of 1 or more", right=whole)
        _check("delays", "a function", right=callable(self.delays))
        methods = (getattr(self.clock, name, None) for name in ("wall", "monotonic"))
        is_clock = not isinstance(self.clock, type) and all(map(callable, methods))
        _check("clock", "an object with the methods wall and monotonic", right=is_clock)


def _seconds(value: object) -> float:
    """Return a finite number as it is, and -1.0 for anything else."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and math.isfinite(value) else -1.0  # type: ignore[arg-type]


def _check(name: str, what: str, *, right: bool) -> None:
    if not right:
        raise ConfigurationError(f"RealtimeSettings({name}=…) is {what}.", setting=name)
