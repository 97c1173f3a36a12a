"""One WebSocket and the subscriptions on it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import aiohttp

from .dial import closing, timeout
from .errors import Trouble, TroubleKind
from .keepalive import Watchdog
from .protocol import Completed, Ended, Nonsense, Protocol, Rejected, Started, Troubled
from .sink import TURN, Lost, Refusal, Sink, unheard_future

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..clock import Clock
    from .dial import Socket

__all__ = ["Connection"]


class Connection:
    """Begins to read with :meth:`run`; once it is gone it never has room again.

    Args:
        socket: on which the handshake is done.
        protocol: what did it; understands what comes.
        silence: seconds without any frame after which the socket is dead.
        clock: where the time comes from.
        troubled: hears of what concerns no subscription.
        gone: hears of the end: why, and how many subscriptions were on it.

    Attributes:
        shut: whether it takes no further subscription, whatever its load.
        most: how many the server lets it have; ``None`` while that is not known.
        retired: whether its subscriptions are to go over to another one.
        used: whether there ever was a subscription on it.
        expires_at: when the token expires that opened it, in seconds since the
            epoch; ``None`` if there was none.
    """

    def __init__(
        self,
        socket: Socket,
        protocol: Protocol,
        silence: float,
        *,
        clock: Clock,
        troubled: Callable[[Trouble], object],
        gone: Callable[[Connection, str, int], object],
    ) -> None:
        self._socket, self._protocol = socket, protocol
        self._troubled, self._gone = troubled, gone
        self._sinks: dict[str, Sink] = {}
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._turn = TURN
        self._reader: asyncio.Task[None] | None = None
        self._watchdog = Watchdog(silence, clock, self._give_up)
        self._end = ""
        self.shut = self.retired = self.used = False
        self.most: int | None = None
        self.expires_at: float | None = None

    # -- subscriptions --------------------------------------------------------------

    @property
    def load(self) -> int:
        """How many subscriptions are on it."""
        return len(self._sinks)

    @property
    def has_room(self) -> bool:
        """Whether a further subscription may begin on it."""
        return not self.shut and not self._end and (self.most is None or self.load < self.most)

    async def start(
        self, id_: str, data: str, authorization: Mapping[str, str], sink: Sink, seconds: float
    ) -> None:
        """Begin a subscription and wait for the server's word.

        Raises:
            Refusal: the server does not take it.
            Lost: the connection is gone, or no word came within ``seconds``.
        """
        if self._end:
            raise Lost(self._end)
        acknowledged = unheard_future()
        self._sinks[id_], self._waiting[id_] = sink, acknowledged
        self.used, self._turn = True, min(s.most for s in self._sinks.values())
        before = self._watchdog.pulse()
        try:
            async with timeout(seconds):
                await self._socket.send_str(self._protocol.start(id_, data, authorization))
                await acknowledged
        except asyncio.TimeoutError:
            # Nothing at all was heard: the watchdog will see. Others try their luck elsewhere.
            self.shut = self.shut or self._watchdog.pulse() is before
            await self._leave(id_)
            raise Lost(f"no start_ack within {seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            await self._leave(id_)
            raise Lost(type(error).__name__) from None
        except Refusal as refusal:
            await self._leave(id_)
            if refusal.trouble.kind is TroubleKind.FULL:
                self.most = self.load if self.most is None else min(self.most, self.load)
            raise
        except BaseException:
            await self._leave(id_)
            raise
        self._waiting.pop(id_, None)

    async def _leave(self, id_: str) -> None:
        self._waiting.pop(id_, None)
        await self.stop(id_)

    async def stop(self, id_: str, seconds: float = 0.0) -> bool:
        """End a subscription; wait so many seconds for the server's ``complete``.

        What comes until then is still delivered. Tells whether the server said it:
        only then was the connection alive to the end.
        """
        sink, frame = self._sinks.get(id_), self._protocol.stop(id_)
        try:
            if sink is not None and frame is not None and not self._end:
                async with timeout(seconds or _SENT):
                    await self._socket.send_str(frame)
                    if seconds:
                        return await sink.over is None
        except (asyncio.TimeoutError, aiohttp.ClientError, OSError, Lost):
            return False
        finally:
            self._sinks.pop(id_, None)
        return False

    async def close(self) -> None:
        """Say goodbye, and leave nothing behind."""
        self._finish("closed by this side")
        self.shut, reader = True, self._reader
        if reader is not None and reader is not asyncio.current_task():
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        await self._socket.close()

    # -- what comes in ----------------------------------------------------------------

    def run(self) -> None:
        """Begin."""
        self._reader = asyncio.get_running_loop().create_task(
            self._read(), name="appsync-gql-realtime"
        )
        self._watchdog.begin()

    def _give_up(self, why: str) -> None:
        self._finish(why)
        if self._reader is not None:
            self._reader.cancel()

    async def _read(self) -> None:
        try:
            while await self._read_some():  # noqa: ASYNC110 - a turn for others, not a wait
                # What has arrived is had without waiting: in a burst nobody else would run.
                await asyncio.sleep(0)
        finally:
            self._finish("the connection broke")
            with contextlib.suppress(Exception):
                await self._socket.close()

    async def _read_some(self) -> bool:
        """Read the messages of one turn; tell whether there will be more."""
        receive, understand, sinks = self._socket.receive, self._protocol.receive, self._sinks
        watchdog = self._watchdog
        for _ in range(self._turn):
            message = await receive()
            kind, data, _ = message
            if kind is not _TEXT:
                if kind in _ENDS:
                    self._finish(closing(self._socket, message))
                    return False
                continue
            watchdog.heard = True
            event = understand(data)
            if type(event) is dict:
                sink = sinks.get(event["id"])
                if sink is not None:
                    sink.deliver(event["payload"])
                    if sink.room is not None:
                        watchdog.held_up = True
                        await sink.room()
                        watchdog.held_up = False
            elif event is not None:
                self._heed(event)
                break  # the next turn may have to be a shorter one
        return True

    def _heed(self, event: object) -> None:
        if isinstance(event, Started):
            _resolve(self._waiting.get(event.id))
        elif isinstance(event, Completed):
            _resolve(self._waiting.get(event.id))
            self._over(event.id, None)
        elif isinstance(event, Ended):
            waiting = self._waiting.get(event.id)
            if waiting is not None:
                _fail(waiting, Refusal(event.trouble))
            self._over(event.id, event.trouble)
        elif isinstance(event, Troubled):
            if event.trouble.kind is TroubleKind.LIMITED or len(self._waiting) == 1:
                # It names none, and so means those that have just been asked for.
                for waiting in self._waiting.values():
                    _fail(waiting, Refusal(event.trouble))
            self._troubled(event.trouble)
        elif isinstance(event, Rejected):
            self._finish(event.trouble.message)
        elif isinstance(event, Nonsense):
            text = f"A frame was not understood: {event.reason}."
            self._troubled(Trouble(TroubleKind.TRANSIENT, text))

    def _over(self, id_: str, trouble: Trouble | None) -> None:
        sink = self._sinks.pop(id_, None)
        if sink is not None and not sink.over.done():
            sink.over.set_result(trouble)

    def _finish(self, why: str) -> None:
        """Tell everybody, once."""
        if self._end:
            return
        self._end = why
        self._watchdog.stop()
        for waiting in self._waiting.values():
            _fail(waiting, Lost(why))
        sinks, self._sinks = self._sinks, {}
        standing = list(sinks.values())
        sinks.clear()  # the reader has it still, and nothing more is to be delivered
        for sink in standing:
            _fail(sink.over, Lost(why))
        self._gone(self, why, len(standing))


_SENT = 2.0
"""Seconds in which a frame is sent, or never will be."""

_TEXT = aiohttp.WSMsgType.TEXT

_ENDS = {
    aiohttp.WSMsgType.CLOSE,
    aiohttp.WSMsgType.CLOSED,
    aiohttp.WSMsgType.CLOSING,
    aiohttp.WSMsgType.ERROR,
}


def _resolve(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def _fail(waiting: asyncio.Future[Any], error: Exception) -> None:
    if not waiting.done():
        waiting.set_exception(error)
