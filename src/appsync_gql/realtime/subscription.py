"""One subscription, and how it outlives connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import TransportConnectionFailed, TransportError

from ..exceptions import RenewalFailed
from .buffer import Buffer
from .crossing import STOP_SECONDS, cross, ignore, take
from .errors import Step, Trouble, TroubleKind, error_of, step_after
from .operation import Operation, Stand
from .retry import Course
from .sink import Lost, Refusal, Sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from .buffer import OnFull
    from .connection import Connection
    from .pool import Hub
    from .settings import Signer

__all__ = ["Subscription"]


class Subscription:
    """Keeps one operation subscribed, whatever becomes of sockets and tokens.

    Args:
        hub: gives connections.
        data: the operation and its variables as JSON.
        signer: gives headers for each ``start``.
        size: how many events wait for the consumer at the most.
        on_full: what happens to the next one.

    Attributes:
        buffer: what the consumer takes from.
    """

    def __init__(self, hub: Hub, data: str, signer: Signer, *, size: int, on_full: OnFull) -> None:
        self._hub = hub
        self.buffer = Buffer(size, on_full, missed=hub.missed, overflowed=self.leave)
        self._operation = Operation(hub, data, signer, alone=self.buffer.waits, most=size)
        self._course = Course(hub.delays, hub.attempts)
        self._moving = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(
            self._run(), name="appsync-gql-subscription"
        )
        self._task.add_done_callback(lambda _: hub.left(self))

    async def end(self, error: Exception | None = None) -> None:
        """Unsubscribe, and leave nothing behind; a consumer that still waits gets the error."""
        self.leave()
        try:
            await asyncio.gather(self._task, return_exceptions=True)
        finally:
            self.buffer.end(error)

    def move(self) -> None:
        """Go over to another connection: this one is about to end."""
        self._moving.set()

    def leave(self) -> None:
        """Unsubscribe behind the consumer's back, who does not wait for the server."""
        self._task.cancel()

    async def _run(self) -> None:
        try:
            await self._stay()
        except Exception as error:  # noqa: BLE001 - a user's own authorization may raise anything
            self.buffer.end(error)
        else:
            self.buffer.end(None)

    async def _stay(self) -> None:
        """Subscribe again and again, until the server completes it.

        Raises:
            TransportError: trying again is of no use.
        """
        course = self._course
        while True:
            connection = await self._operation.connection()
            try:
                trouble = await self._stand(await self._start(connection))
                if trouble is None:
                    return
            except Refusal as refusal:
                trouble = refusal.trouble
            except Lost as lost:
                course.ended(str(lost), _now())
                await self._wait(TransportConnectionFailed(f"There is no subscription: {lost}."))
                continue
            except RenewalFailed as error:
                await self._wait(error)
                continue
            course.ended(trouble.message, _now())
            self._hub.troubled(trouble)
            await self._mend(trouble, connection)

    async def _wait(self, error: TransportError) -> None:
        """Wait before the next attempt.

        Raises:
            TransportError: ``error``, if there is to be none.
        """
        if not self._course.may_go_on():
            raise error
        await asyncio.sleep(self._course.pause())

    async def _mend(self, trouble: Trouble, connection: Connection) -> None:
        """Do what may help before the next attempt.

        Raises:
            TransportError: nothing will.
        """
        step = step_after(trouble, renewed=self._course.out_of_patience)
        if step is Step.GIVE_UP:
            raise error_of(trouble)
        if step is Step.RENEW:
            await self._renew(trouble)
        elif step is Step.ELSEWHERE and connection.load:
            pass  # those that are on it fill it; a new one has room
        elif trouble.kind is TroubleKind.TRANSIENT:
            await self._wait(error_of(trouble))
        else:
            await asyncio.sleep(self._course.pause())

    async def _renew(self, trouble: Trouble) -> None:
        first = self._course.refused()
        try:
            renewed = await self._operation.renew(trouble)
        except RenewalFailed as error:
            await self._wait(error)
            return
        if not (renewed or self._course.stood):
            raise error_of(trouble)
        if not (renewed and first):
            await asyncio.sleep(self._course.pause())

    async def _start(self, connection: Connection) -> Stand:
        held: list[dict[str, Any]] = []
        stand = await self._operation.start(connection, self._operation.sink(held.append))
        if self._course.stood:
            # In front of what came right behind the server's word.
            self.buffer.gap(self._course.lost)
            self._hub.resubscribed()
        self._course.stands(_now())
        take(self.buffer, held, stand.sink)
        stand.sink.deliver = self._first_of(stand.sink)
        return stand

    def _first_of(self, sink: Sink) -> Callable[[dict[str, Any]], None]:
        """Make what hears of the first event only, which proves that all is well."""

        def first(payload: dict[str, Any]) -> None:
            self._course.proven()
            sink.deliver = self.buffer.deliver
            self.buffer.deliver(payload)

        return first

    async def _stand(self, stand: Stand) -> Trouble | None:
        """Stay on a connection until the subscription is over on it, or moves to the next."""
        again: float | None = None
        while True:
            moving = asyncio.ensure_future(self._moving.wait())
            try:
                either: list[asyncio.Future[Any]] = [stand.sink.over, moving]
                await asyncio.wait(either, timeout=again, return_when=asyncio.FIRST_COMPLETED)
                if stand.sink.over.done():
                    return stand.sink.over.result()
                self._moving.clear()
                again, old = None, stand
                if old.connection.retired:
                    stand = await cross(self._operation, self.buffer, old)
                    if stand is old:
                        again = self._course.pause()
                    else:
                        self._course.stands(_now())
                        self._hub.tidy()
            except asyncio.CancelledError:
                stand.sink.deliver = ignore
                self.buffer.leave()
                await stand.connection.stop(stand.id, STOP_SECONDS)
                raise
            finally:
                moving.cancel()


def _now() -> float:
    return asyncio.get_running_loop().time()
