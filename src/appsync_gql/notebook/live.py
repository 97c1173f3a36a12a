"""A subscription as a table that grows while its cell runs."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from ..background_loop import background_loop
from ..realtime.buffer import Gap

if TYPE_CHECKING:
    from collections.abc import Callable

    from gql import GraphQLRequest

    from ..client import AppSyncClient

__all__ = ["EventLog", "SubscriptionReader", "follow"]

_TICK = 0.2
"""Seconds between two looks at an interrupt, and between two updates of the table."""

_END = object()


class EventLog:
    """What a subscription has brought so far.

    Attributes:
        events: the data of each event.
        gaps: the reasons of gaps, in which events may have been missed.
        state: what is shown of the subscription.
    """

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.gaps: list[str] = []
        self.state = "waiting for events; interrupt the kernel to stop"

    def add(self, event: Any) -> None:
        """Take an event, or a gap."""
        if isinstance(event, Gap):
            self.gaps.append(str(event.reason))
        else:
            self.events.append(event)

    @property
    def title(self) -> str:
        """One line: how many events, gaps, and the state."""
        count = len(self.events)
        gaps = f", {len(self.gaps)} gap{'s' * (len(self.gaps) != 1)}" if self.gaps else ""
        return f"{count} event{'s' * (count != 1)}{gaps}: {self.state}"


class SubscriptionReader:
    """Reads a subscription on the background loop, so that the caller can wait for a while only.

    Nothing happens before :meth:`start`.

    Args:
        client: of the API.
        request: one subscription.
        arguments: as for :meth:`AppSyncTransport.subscribe`.
    """

    def __init__(self, client: AppSyncClient, request: GraphQLRequest, **arguments: Any) -> None:
        self._results = client.subscribe_async(request, gaps=True, **arguments)
        self._found: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="appsync-gql-notebook", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def _run(self) -> None:
        try:
            background_loop.run(self._read())
        except BaseException as error:  # noqa: BLE001 - it is raised where events are taken
            self._error = error
        self._found.put(_END)

    async def _read(self) -> None:
        self._task = asyncio.current_task()
        try:
            if not self._stopped:
                async for event in self._results:
                    self._found.put(event)
        except asyncio.CancelledError:
            pass  # the reader was stopped
        finally:
            await self._results.aclose()

    def take(self, seconds: float) -> list[Any] | None:
        """Return the events that came within some seconds; ``None`` at the end.

        Raises:
            AppSyncError: the subscription has failed.
        """
        found: list[Any] = []
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 or not self._found.empty():
            try:
                event = self._found.get(timeout=max(left, 0.001))
            except queue.Empty:
                break
            if event is _END:
                self._found.put(_END)
                if not found and self._error is not None:
                    raise self._error
                return found or None
            found.append(event)
        return found

    def stop(self) -> None:
        """End the subscription, and wait until it has ended, for some seconds at most.

        Also if it has not begun: an interrupt can come at any moment.
        """
        self._stopped = True
        if self._thread.is_alive():
            background_loop.run(self._cancel())
            self._thread.join(5.0)

    async def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


def follow(
    reader: SubscriptionReader, log: EventLog, *, until: int | None, update: Callable[[], None]
) -> None:
    """Take events until so many have come, the subscription ends, or an interrupt.

    Args:
        reader: of the subscription; it is started and stopped here.
        log: takes the events.
        until: how many events; ``None`` for no limit.
        update: called at first, and when the log has changed.

    Raises:
        AppSyncError: the subscription has failed; what came before is in the log.
    """
    try:
        update()
        reader.start()
        while until is None or len(log.events) < until:
            found = reader.take(_TICK)
            if found is None:
                log.state = "AppSync ended the subscription"
                return
            for event in found:
                if until is None or len(log.events) < until:
                    log.add(event)
            if found:
                update()
        log.state = "complete"
    except KeyboardInterrupt:
        log.state = "stopped"
    except BaseException:
        log.state = "failed"
        raise
    finally:
        reader.stop()
        update()
