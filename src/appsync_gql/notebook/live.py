"""A subscription as a table that grows while its cell runs."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

from ..realtime.buffer import Gap
from .interruptible_task import InterruptibleTask

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
        self._task = InterruptibleTask("appsync-gql-notebook", self._read, ended=self._end)

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._task.is_running

    def start(self) -> None:
        """Begin to read."""
        self._task.start()

    async def _read(self) -> None:
        try:
            async for event in self._results:
                self._found.put(event)
        finally:
            await self._results.aclose()

    def _end(self, error: BaseException | None) -> None:
        self._error = error
        self._found.put(_END)

    def take(self, add: Callable[[Any], None], seconds: float) -> bool:
        """Pass the events of some seconds on; return whether more may come.

        Args:
            add: called with each event when it comes, so that an interrupt loses none.
            seconds: how long to wait.

        Raises:
            AppSyncError: the subscription has failed; the events before were passed on.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                event = self._found.get(timeout=left)
            except queue.Empty:
                break
            if event is _END:
                self._found.put(_END)
                if self._error is not None:
                    raise self._error
                return False
            add(event)
        return True

    def stop(self) -> None:
        """End the subscription, and wait until it has ended, for some seconds at most."""
        self._task.stop()


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

    def add(event: Any) -> None:
        if until is None or len(log.events) < until:
            log.add(event)

    try:
        update()
        reader.start()
        while until is None or len(log.events) < until:
            title = log.title
            if not reader.take(add, _TICK):
                log.state = "AppSync ended the subscription"
                return
            if log.title != title:
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
