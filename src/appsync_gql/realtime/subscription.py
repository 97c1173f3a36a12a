"""One subscription, which outlives connections and tokens."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from gql.transport.exceptions import TransportClosed, TransportError

from ..error_types import ErrorMeaning
from ..events import EventsMissed, RealtimeErrorReceived, Resubscribed
from ..exceptions import AppSyncError, RenewalFailed
from .buffer import Buffer
from .errors import Completed, End, Lost, NotStarted, ServerError, Unanswered, error_of
from .handover import STOP_SECONDS, Registered, end_merging, hand_over
from .lease import NotConnected
from .receiver import Receiver
from .retry import Action, Failure, Retry
from .websocket import first_done

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..events import RealtimeEvent
    from .authorization import Authorization, Sent
    from .buffer import OnFull
    from .lease import Lease
    from .pool import ConnectionPool
    from .settings import RealtimeSettings

__all__ = ["Subscription"]


class Subscription:
    """Keeps one operation subscribed through lost connections and expired tokens.

    Args:
        pool: opens and shares connections.
        authorization: of handshakes and starts.
        data: the operation and its variables as JSON: the exact text that is signed and sent.
        settings: how subscriptions behave.
        report: called with each event.
        size: how many events wait for the consumer at the most.
        on_full: what happens to the next one.

    Attributes:
        buffer: the events for the consumer.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        authorization: Authorization,
        data: str,
        *,
        settings: RealtimeSettings,
        report: Callable[[RealtimeEvent], object],
        size: int,
        on_full: OnFull,
    ) -> None:
        self._pool, self._authorization, self._data = pool, authorization, data
        self._settings, self._report = settings, report
        self.buffer = Buffer(
            size,
            on_full,
            on_gap=lambda gap: report(EventsMissed(reason=gap.reason)),
            on_overflow=self.leave,
        )
        self._retry = Retry(settings.delays, settings.attempts)
        self._lease: Lease | None = None
        self._registered: Registered | None = None
        self._releasing = False
        self._reason: Exception = TransportClosed("The subscription's task was cancelled.")
        self._task = asyncio.get_running_loop().create_task(
            self._run(), name="appsync-gql-subscription"
        )
        self._task.add_done_callback(self._done)

    @property
    def ended(self) -> asyncio.Future[None]:
        """Done when the subscription has ended and its connection is released."""
        return self._task

    def leave(self) -> None:
        """Unsubscribe in the background; the consumer does not wait for the server."""
        self.buffer.leave()
        if not self._releasing:  # what it does then must not be interrupted
            self._task.cancel()

    async def end(self, error: Exception) -> None:
        """Unsubscribe and wait for the end of it; a consumer that still waits gets the error."""
        self._reason = error
        self.leave()
        try:
            await asyncio.gather(self._task, return_exceptions=True)
        finally:
            self.buffer.end(error)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Called when the task ended, also if somebody cancelled all tasks of the event loop."""
        if task.cancelled():
            self.buffer.end(self._reason)
        else:
            self.buffer.end(task.exception())

    # -- connecting and moving ---------------------------------------------------------------------

    async def _run(self) -> None:
        """Subscribe again and again, until the server completes it.

        Raises:
            Exception: trying again is of no use.
        """
        try:
            while (failure := await self._subscribe()) is not None:
                await self._recover(failure)
        finally:
            await self._release()

    async def _subscribe(self) -> Failure | None:
        """Connect, start and deliver events; return why that ended, ``None`` if completed."""
        sent: Sent | None = None
        try:
            if self._lease is None:
                self._lease = await self._acquire()
            sent = await self._authorization.for_start(self._data)
            receiver = Receiver(self.buffer)
            self._registered = await self._start(self._lease, sent, receiver)
        except NotConnected as error:
            return Failure(error.end, connecting=True, sent=error.sent)
        except NotStarted as error:
            end = error.end
        except RenewalFailed as error:
            return Failure(Unanswered(str(error)), error=error)
        else:
            self._begin(receiver)
            end = await self._until_ended(self._registered)
        return None if isinstance(end, Completed) else Failure(end, sent=sent)

    async def _acquire(self) -> Lease:
        return await self._pool.acquire(self._authorization, exclusive=self.buffer.waits)

    async def _start(self, lease: Lease, sent: Sent, receiver: Receiver) -> Registered:
        registration = await lease.connection.start(
            self._data, sent.authorization, receiver, self._settings.start_timeout
        )
        return Registered(registration, lease)

    def _begin(self, receiver: Receiver) -> None:
        """Deliver events, after a gap if others may have been missed."""
        if self._retry.subscribed_once:
            self.buffer.gap(self._retry.lost)
            self._report(Resubscribed())
        self._retry.subscribed(_now())
        receiver.deliver()

    async def _until_ended(self, registered: Registered) -> End:
        """Stay subscribed, on one connection after the other, until that ends."""
        ended, pause = registered.registration.ended, 0.0
        while not ended.done():
            if pause:  # no other connection was to be had
                await first_done(ended, seconds=pause)
            retiring = registered.lease.connection.retiring
            await first_done(ended, retiring)
            if ended.done():
                break
            outcome = await self._move(registered)
            if not isinstance(outcome, Registered):
                return outcome
            pause = self._retry.pause() if outcome is registered else 0.0
            registered, ended = outcome, outcome.registration.ended
        return ended.result()

    async def _move(self, old: Registered) -> Registered | End:
        """Move to another connection, because this one will end soon.

        Returns:
            The registration that goes on, which is the old one if there can be no other now;
            or how the subscription ended.
        """
        receiver = old.registration.receiver
        new = sent = lease = None
        try:
            lease = await self._acquire()
            sent = await self._authorization.for_start(self._data)
            if old.registration.ended.done():
                return old.registration.ended.result()
            receiver.record()
            new = await self._start(lease, sent, Receiver(self.buffer))
        except NotConnected as error:
            return await self._stay(old, error.end, error.sent)
        except NotStarted as error:
            return await self._stay(old, error.end, sent)
        except TransportError:
            return await self._stay(old, None, None)
        else:
            return await self._hand_over(old, new)
        finally:
            if new is None and lease is not None:
                await lease.release()

    async def _hand_over(self, old: Registered, new: Registered) -> Registered | End:
        """Hand over to the new registration; return what :meth:`_move` returns."""
        outcome = await hand_over(old, new, self._settings.overlap)
        if outcome is new:
            self._lease, self._registered = new.lease, new
            await old.lease.release()
            await end_merging(new.registration)
        return outcome

    async def _stay(self, old: Registered, end: End | None, sent: Sent | None) -> Registered:
        """Go on with the old registration; get newer headers if its successor was refused."""
        old.registration.receiver.deliver()
        if sent is None or not isinstance(end, ServerError):
            return old
        if end.meaning in {ErrorMeaning.REFUSED, ErrorMeaning.DENIED}:
            with contextlib.suppress(TransportError):  # the next attempt will show
                denied = end.meaning is ErrorMeaning.DENIED
                await self._authorization.newer(sent, denied=denied)
        return old

    # -- after a failure --------------------------------------------------------------

    async def _recover(self, failure: Failure) -> None:
        """Do what may help before the next attempt.

        Raises:
            TransportError: nothing will.
        """
        end = failure.end
        registered, self._registered = self._registered, None
        received = registered is not None and registered.registration.receiver.received
        self._retry.ended(end.reason, _now(), received=received)
        if isinstance(end, ServerError) and not failure.connecting:
            self._report(RealtimeErrorReceived(message=end.message, error_type=end.error_type))
        decision = self._retry.decide(
            end,
            connecting=failure.connecting,
            reachable=self._pool.connected_once,
            alone=self._lease is None or self._lease.connection.leases == 1,
        )
        await self._release_unless_useful(failure)
        if decision.action is Action.GIVE_UP:
            raise failure.error or self._error_of(end)
        if decision.action is Action.RENEW:
            await self._renew(failure)
        if decision.pause:
            await asyncio.sleep(self._retry.pause())

    async def _release_unless_useful(self, failure: Failure) -> None:
        """Release the connection unless the next attempt can be made on it."""
        lease, end = self._lease, failure.end
        if lease is None or (failure.error is not None and lease.connection.usable):
            return
        full = isinstance(end, ServerError) and end.meaning is ErrorMeaning.FULL
        if full or not isinstance(end, ServerError) or not lease.connection.usable:
            self._lease = None
            await lease.release()

    async def _renew(self, failure: Failure) -> None:
        """Get newer headers than those that were refused.

        Raises:
            TransportError: there are none, and trying the old ones again is of no use.
        """
        end, sent = failure.end, failure.sent
        denied = isinstance(end, ServerError) and end.meaning is ErrorMeaning.DENIED
        try:
            renewed = sent is None or await self._authorization.newer(sent, denied=denied)
        except AppSyncError as error:
            if denied:
                # The permission is missing; newer headers were only an attempt to get it.
                raise self._error_of(end) from error
            if not isinstance(error, RenewalFailed) or not self._retry.may_go_on():
                raise
            renewed = False
        else:
            if not (renewed or self._retry.proven):
                raise self._error_of(end)
        if not renewed:
            await asyncio.sleep(self._retry.pause())

    def _error_of(self, end: Lost | Unanswered | ServerError) -> TransportError:
        return error_of(end, self._authorization.authorizer.advice)

    async def _release(self) -> None:
        """Stop the subscription and release the connection."""
        self._releasing = True
        self.buffer.leave()
        try:
            if self._registered is not None:
                await self._registered.leave(STOP_SECONDS)
        finally:
            if self._lease is not None:
                await self._lease.release()
            await self._pool.close_if_idle()


def _now() -> float:
    return asyncio.get_running_loop().time()
