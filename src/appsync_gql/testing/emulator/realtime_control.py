"""The real-time endpoint as a test holds it in its hands, from any thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .realtime import Realtime, RealtimeSettings
    from .realtime_faults import RealtimeFaults

__all__ = ["RealtimeControl"]


class RealtimeControl:
    """Sends events and makes trouble. Calls return at once; the emulator's loop does the rest.

    Attributes:
        settings: how the endpoint behaves; may be changed at any time.
        faults: what is to go wrong at the next handshakes and starts.
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
        """How many sockets are open."""
        return self._realtime.connections

    @property
    def registrations(self) -> int:
        """How many subscriptions there are, on all sockets."""
        return self._realtime.registrations

    def publish(self, name: str, payload: Any) -> None:
        """Send an event to all subscribers of a field who want it, without any mutation."""
        self._do(lambda: self._realtime.publish(name, payload))

    def close_sockets(self, code: int = 1001) -> None:
        """Close all sockets, as a server does that goes away."""
        self._do(lambda: self._realtime.close_sockets(code))

    def drop_sockets(self) -> None:
        """Cut all connections without a goodbye."""
        self._do(lambda: _at_once(self._realtime.drop_sockets))

    def silence_sockets(self) -> None:
        """Send and hear nothing more on the sockets that there are, and leave them open.

        So does a network that is cut in two, or a peer that lost its power.
        """
        self._do(lambda: _at_once(self._realtime.silence_sockets))

    def end_subscriptions(
        self, error_type: str = "UnauthorizedException", message: str = "Permission denied"
    ) -> None:
        """End all subscriptions, by an error frame each."""
        self._do(lambda: self._realtime.end_subscriptions(error_type, message))

    def send_error(
        self, error_type: str = "LimitExceededError", message: str = "Rate limit exceeded"
    ) -> None:
        """Send an error frame that names no subscription, by default that of the rate limit."""
        self._do(lambda: self._realtime.send_error(error_type, message))

    def started(self) -> None:
        """Take the loop that runs from now on; called by the emulator."""
        self._loop = asyncio.get_running_loop()

    def _do(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        if self._loop is None:
            msg = "start the emulator first"
            raise RuntimeError(msg)

        def begin() -> None:
            task = asyncio.ensure_future(make())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin)


async def _at_once(work: Callable[[], None]) -> None:
    work()
