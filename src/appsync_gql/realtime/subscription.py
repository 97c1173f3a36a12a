"""One subscription: what waits for its consumer, and how it outlives connections."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any, Literal

from gql.transport.exceptions import TransportError

from ..exceptions import RenewalFailed, SubscriptionOverflow
from .handover import Merge
from .sink import Lost, Refusal, Sink
from .trouble import Step, Trouble, TroubleKind, error_of, step_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..auth.base import Headers
    from .connection import Connection
    from .hub import Hub, Signer

__all__ = ["Gap", "OnFull", "Subscription"]

OnFull = Literal["drop_oldest", "fail", "wait"]

_STOP_SECONDS = 2.0

_AT_A_HAND_OVER = 1000
"""How many events are kept while a subscription goes over to another connection, or as many as its
buffer holds if that is more."""

_PATIENCE_AT_FIRST, _PATIENCE = 1, 4
"""How many refusals in a row are answered with newer tokens: once for a subscription that never
stood; a few times for one that did, whose right to be there was proven."""


class Gap(dict[str, Any]):
    """Stands among a subscription's results where events may have been missed.

    AppSync sends each event once and keeps none: what happened while there was
    no connection is not sent later. A query brings it.

    Attributes:
        reason: the connection's end, or a consumer that was too slow.
    """

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def __repr__(self) -> str:
        return f"Gap({self.reason!r})"


class _End:
    """The last thing that a consumer gets."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class _Course:
    """How it goes for a subscription since it last stood.

    Attributes:
        stood: whether it ever did.
        lost: why it does not stand any more.
        refusals: in a row.
        patience: how many of them are answered with newer tokens.
    """

    def __init__(self, delays: Callable[[], Iterator[float]]) -> None:
        self._delays, self._waits = delays, delays()
        self.stood = False
        self.lost, self.refusals, self.patience = "", 0, _PATIENCE_AT_FIRST

    def stands(self) -> None:
        """Begin anew, with the patience that it has earned."""
        self._waits, self.stood = self._delays(), True
        self.lost, self.refusals, self.patience = "", 0, _PATIENCE

    def pause(self) -> float:
        """Give the seconds to wait before the next attempt."""
        return next(self._waits)


class Subscription:
    """Keeps one operation subscribed, whatever becomes of sockets and tokens.

    Args:
        hub: gives connections.
        data: the operation and its variables as JSON.
        signer: gives headers for each ``start``.
        buffer: how many events wait for the consumer at the most.
        on_full: what happens to the next one.

    Attributes:
        items: what waits for the consumer, who may take plain ``dict`` off its
            left by itself, and leaves everything else to :meth:`next`.
    """

    def __init__(
        self, hub: Hub, data: str, signer: Signer, *, buffer: int, on_full: OnFull
    ) -> None:
        self._hub, self._data, self._signer = hub, data, signer
        self._buffer, self._on_full = buffer, on_full
        self.items: deque[Any] = deque()
        self._changed = asyncio.Event()
        self._moving = asyncio.Event()
        self._over = False
        self._idle = False
        self._waits = on_full == "wait"
        # Who makes the server wait is asked for room instead.
        self._limit = sys.maxsize if self._waits else buffer
        self._task = asyncio.get_running_loop().create_task(
            self._run(), name="appsync-gql-subscription"
        )

    # -- the consumer's side --------------------------------------------------------

    async def next(self) -> dict[str, Any] | None:
        """Wait for the next payload or :class:`Gap`; ``None`` when the server completed it.

        Raises:
            TransportError: the subscription is over.
        """
        items = self.items
        while not items:
            self._idle = True
            self._changed.clear()
            await self._changed.wait()
        if type(items[0]) is _End:
            if items[0].error is not None:
                raise items[0].error
            return None
        if self._waits:
            self._changed.set()  # there will be room again
        return items.popleft()  # type: ignore[no-any-return]

    async def end(self, error: Exception | None = None) -> None:
        """Unsubscribe, and leave nothing behind; a consumer that still waits gets the error."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._put(_End(error))

    def move(self) -> None:
        """Go over to another connection: this one is about to end."""
        self._moving.set()

    # -- what comes in ----------------------------------------------------------------

    def _put(self, item: object) -> None:
        self.items.append(item)
        self._changed.set()

    def _deliver(self, payload: dict[str, Any]) -> None:
        items = self.items
        if len(items) >= self._limit and not self._make_room():
            return
        items.append(payload)
        if self._idle:
            self._idle = False
            self._changed.set()

    def _make_room(self) -> bool:
        """Keep to the policy; tell whether the event that has come has a place."""
        if self._on_full == "fail":
            if self._over:
                return False
            self._over = True
            self._task.cancel()
            text = f"The consumer of a subscription left {self._buffer} events waiting."
            self._put(_End(SubscriptionOverflow(text)))
            return False
        # The gap in front shows that something is missing; it counts as one of those that wait.
        first = self.items.popleft()
        gap = first if type(first) is Gap else self._missed("the consumer was too slow")
        if len(self.items) >= self._buffer - 1 and self.items:
            self.items.popleft()
        self.items.appendleft(gap)
        return True

    async def _room(self) -> None:
        """Wait for the consumer; the whole connection does, which is this subscription's own."""
        while len(self.items) >= self._buffer:
            self._changed.clear()
            await self._changed.wait()

    def _missed(self, reason: str) -> Gap:
        gap = Gap(reason)
        self._hub.missed(gap)
        return gap

    # -- staying subscribed -----------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._stay()
        except TransportError as error:
            self._put(_End(error))
        else:
            self._put(_End(None))
        finally:
            self._hub.left(self)

    async def _stay(self) -> None:
        """Subscribe again and again, until the server completes it.

        Raises:
            TransportError: trying again is of no use.
        """
        course = _Course(self._hub.delays)
        while True:
            trouble: Trouble | None = None
            connection: Connection | None = None
            headers: Headers | None = None
            try:
                connection = await self._hub.connection(self._signer, alone=self._waits)
                headers = await self._signer.headers(self._data)
                sink, id_ = await self._start(connection, headers, course)
                trouble = await self._stand(connection, id_, sink, course)
                if trouble is None:
                    return
                course.lost = trouble.message
            except Refusal as refusal:
                trouble = refusal.trouble
            except (Lost, RenewalFailed) as error:
                course.lost = course.lost or str(error)
            if trouble is None:
                await asyncio.sleep(course.pause())
            else:
                await self._mend(trouble, course, connection, headers)

    async def _mend(
        self,
        trouble: Trouble,
        course: _Course,
        connection: Connection | None,
        headers: Headers | None,
    ) -> None:
        """Do what may help before the next attempt.

        Raises:
            AppSyncError: nothing will.
        """
        step = step_after(trouble, renewed=course.refusals >= course.patience)
        if step is Step.GIVE_UP:
            raise error_of(trouble)
        if step is Step.ELSEWHERE and connection is not None:
            connection.full = True
            if not connection.load:  # a new one has no more room: the limit is another
                await asyncio.sleep(course.pause())
        elif step is Step.RENEW:
            course.refusals += 1
            if await self._renewed(trouble, headers):
                return
            if not course.stood:
                raise error_of(trouble)
            await asyncio.sleep(course.pause())
        else:
            await asyncio.sleep(course.pause())

    async def _renewed(self, trouble: Trouble, headers: Headers | None) -> bool:
        return await self._signer.renewed(headers, denied=trouble.kind is TroubleKind.DENIED)

    async def _start(
        self, connection: Connection, headers: Headers, course: _Course
    ) -> tuple[Sink, str]:
        # A name is never used twice, not on another connection either.
        held: list[dict[str, Any]] = []
        sink, id_ = Sink(held.append, self._buffer), _new_id()
        await connection.start(id_, self._data, headers, sink, self._hub.start_timeout)
        if course.stood:
            # In front of what came right behind the server's word.
            self._put(self._missed(course.lost))
            self._hub.resubscribed()
        course.stands()
        self._take(held, sink)
        return sink, id_

    def _take(self, held: Iterable[dict[str, Any]], sink: Sink) -> None:
        """Deliver what was held back, and from now on directly."""
        for payload in held:
            self._deliver(payload)
        sink.deliver = self._deliver
        sink.room = self._room if self._waits else None

    async def _stand(
        self, connection: Connection, id_: str, sink: Sink, course: _Course
    ) -> Trouble | None:
        """Stay on a connection until the subscription is over on it, or moves to the next."""
        again: float | None = None
        while True:
            moving = asyncio.ensure_future(self._moving.wait())
            try:
                either: list[asyncio.Future[Any]] = [sink.over, moving]
                await asyncio.wait(either, timeout=again, return_when=asyncio.FIRST_COMPLETED)
                if sink.over.done():
                    return sink.over.result()
                self._moving.clear()
                again, old = None, connection
                if old.retired:
                    connection, id_, sink = await self._hand_over(old, id_, sink)
                    if connection is old:
                        again = course.pause()
                    else:
                        course.stands()
            except asyncio.CancelledError:
                await connection.stop(id_, _STOP_SECONDS)
                raise
            finally:
                moving.cancel()

    async def _hand_over(
        self, old: Connection, old_id: str, old_sink: Sink
    ) -> tuple[Connection, str, Sink]:
        """Subscribe on another connection first, then leave this one: nothing missed or doubled.

        Gives the same one where that can't be now.

        Raises:
            Lost: neither has the subscription now.
        """
        most = max(self._buffer, _AT_A_HAND_OVER)
        brought: deque[dict[str, Any]] = deque(maxlen=most)
        held: deque[dict[str, Any]] = deque(maxlen=most)

        def old_delivers(payload: dict[str, Any]) -> None:
            brought.append(payload)
            self._deliver(payload)

        try:
            new = await self._hub.connection(self._signer, alone=self._waits)
            headers = await self._signer.headers(self._data)
            sink, id_ = Sink(held.append, self._buffer), _new_id()
            old_sink.deliver = old_delivers
            await new.start(id_, self._data, headers, sink, self._hub.start_timeout)
        except (Lost, Refusal, TransportError):
            # The old one stands for some time yet.
            old_sink.deliver = self._deliver
            return old, old_id, old_sink
        lasted = not old_sink.over.done()
        lasted = await old.stop(old_id, _STOP_SECONDS) and lasted
        if len(held) == most or len(brought) == most:
            await new.stop(id_)
            raise Lost("more events than the buffer holds came during a hand-over")
        if not lasted:
            # Nobody knows whether it was alive until the new one stood.
            self._put(self._missed("the connection ended before its successor stood"))
        self._hub.tidy()
        self._merge(list(brought), held, sink)
        return new, id_, sink

    def _merge(
        self, brought: list[dict[str, Any]], held: Iterable[dict[str, Any]], sink: Sink
    ) -> None:
        """Deliver what the new connection brings and the old one did not."""
        merge = Merge(brought)
        self._take([new for event in held for new in merge.feed(event)], sink)

        def merged(payload: dict[str, Any]) -> None:
            for event in merge.feed(payload):
                self._deliver(event)
            if merge.done:
                sink.deliver = self._deliver

        if not merge.done:
            sink.deliver = merged  # the new connection is behind the old one


def _new_id() -> str:
    return str(uuid.uuid4())
