"""Controls of the real-time endpoint that a test may use from any thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .realtime import Realtime
    from .realtime_connection import RealtimeSettings
    from .realtime_faults import RealtimeFaults

__all__ = ["RealtimeControl"]


class RealtimeControl:
    """Publishes events and disturbs connections.

    Methods return at once; the emulator's event loop does the work afterwards.

    Attributes:
        settings: of the endpoint; may be changed at any time.
        faults: of the next handshakes and ``start`` messages.
    """

    def __init__(
        self, realtime: Realtime, settings: RealtimeSettings, faults: RealtimeFaults
    ) -> None:
        self._realtime = realtime
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.settings, self.faults = settings, faults

    @property
    def connections(self) -> int:
        """How many WebSocket connections are open."""
        return self._realtime.connections

    @property
    def registrations(self) -> int:
        """How many subscriptions are registered, on all connections."""
        return self._realtime.registrations

    def publish(self, name: str, payload: Any) -> None:
        """Send an event to all matching subscriptions of a field, without any mutation."""
        self._schedule(lambda: self._realtime.publish(name, payload))

    def close_sockets(self, code: int = 1001) -> None:
        """Close all connections with this close code; 1001 means that the server shuts down."""
        self._schedule(lambda: self._realtime.close_sockets(code))

    def drop_sockets(self) -> None:
        """Drop all connections without a closing handshake."""
        self._schedule(self._realtime.drop_sockets)

    def silence_sockets(self) -> None:
        """Neither send nor read anything more on the present connections, and leave them open.

        A client sees the same when the network fails without notice.
        """
        self._schedule(self._realtime.silence_sockets)

    def end_subscriptions(
        self, error_type: str = "UnauthorizedException", message: str = "Permission denied"
    ) -> None:
        """End all subscriptions, each with an error message."""
        self._schedule(lambda: self._realtime.end_subscriptions(error_type, message))

    def send_error(
        self, error_type: str = "LimitExceededError", message: str = "Rate limit exceeded"
    ) -> None:
        """Send an error message that names no subscription, by default that of the rate limit."""
        self._schedule(lambda: self._realtime.send_error(error_type, message))

    def started(self) -> None:
        """Called by the emulator, in the event loop that runs from now on."""
        self._loop = asyncio.get_running_loop()

    def _schedule(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Run a coroutine in the emulator's event loop."""
        if self._loop is None:
            msg = "start the emulator first"
            raise RuntimeError(msg)

        def begin() -> None:
            task = asyncio.ensure_future(make())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin)
