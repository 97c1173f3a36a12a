"""One call on a worker thread that any task, thread or event loop can wait for."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..exceptions import AppSyncError, RenewalFailed
from ..threads import run_in_thread
from .ended import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import TypeAlias

    T = TypeVar("T")
    Waits: TypeAlias = Generator["Wait", bool, T]
    """A method that yields what it waits for, and is sent whether that has ended in time."""

__all__ = [
    "SharedCall",
    "Wait",
    "call_in_thread",
    "copy_of",
    "wait_in_task",
    "wait_in_thread",
]

_POLL = 0.2
"""Seconds after which a blocked thread looks for Ctrl-C, which may not wake it (``SA_RESTART``)."""


class SharedCall:
    """A call under way, and its end.

    A caller that is cancelled, or whose loop ends, stops waiting; the call and the
    other callers go on. The outcome is kept as a value, of which every caller
    raises a copy of its own, so that no traceback is shared.

    Attributes:
        waiting_for: what the call itself waits for at present; ``""`` before it begins.
        error: why the call failed; ``None`` if it did not, or has not ended.
    """

    __slots__ = ("_callers", "_ended", "_lock", "_thread", "error", "waiting_for")

    def __init__(self) -> None:
        self.waiting_for = ""
        self.error: AppSyncError | None = None
        self._ended = Ended()
        self._lock = threading.Lock()
        self._callers: dict[asyncio.AbstractEventLoop, set[asyncio.Future[None]]] = {}
        self._thread: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the call has ended."""
        return self._ended.is_set()

    def start(self, work: Callable[[], object], description: str) -> None:
        """Do the work on a worker thread. It calls :meth:`end`.

        Raises:
            RuntimeError: no thread can be had now.
        """

        def run() -> None:
            self._thread = threading.get_ident()
            work()

        run_in_thread(run, description)

    def end(self, error: AppSyncError | None = None) -> None:
        """Wake all callers, with an error or without. Only the first time counts."""
        with self._lock:
            if self._ended.is_set():
                return
            self.error = error
            self._ended.set()
            callers, self._callers = self._callers, {}
        for loop, woken in callers.items():
            with suppress(RuntimeError):  # the loop was closed while tasks were waiting in it
                # Once for each loop, however many tasks wait in it.
                loop.call_soon_threadsafe(_wake, woken)

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, for ``seconds`` at most; return whether it has ended.

        Raises:
            RenewalFailed: this thread does the call itself, and would wait for ever.
        """
        self._refuse_own_thread()
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._ended.is_set():
                return True
            self._callers.setdefault(loop, set()).add(woken)
        timer = None if seconds is None else loop.call_later(seconds, _wake, {woken})
        try:
            await woken
        finally:
            if timer is not None:
                timer.cancel()
            self._leave(loop, woken)
        return self._ended.is_set()

    def _leave(self, loop: asyncio.AbstractEventLoop, woken: asyncio.Future[None]) -> None:
        with self._lock:
            callers = self._callers.get(loop)
            if callers is not None:
                callers.discard(woken)
                if not callers:
                    del self._callers[loop]

    def wait_blocking(self, seconds: float | None = None) -> bool:
        """Block this thread until the end, for ``seconds`` at most; see :meth:`wait`."""
        self._refuse_own_thread()
        left = seconds
        while left is None or left > 0:
            part = _POLL if left is None else min(left, _POLL)
            if self._ended.wait(part):
                return True
            left = None if left is None else left - part
        return self._ended.is_set()

    def _refuse_own_thread(self) -> None:
        if self._thread == threading.get_ident() and not self._ended.is_set():
            raise RenewalFailed(
                "A provider or persistence asked the store for tokens from inside the renewal "
                "that is to bring them. Use the tokens that it was called with."
            )


@dataclass(frozen=True, slots=True)
class Wait:
    """What a method waits for.

    Attributes:
        call: until it has ended; ``None`` for a pause.
        seconds: how long at most; ``None`` for no limit.
    """

    call: SharedCall | None
    seconds: float | None


async def wait_in_task(waits: Waits[T]) -> T:
    """Run a method in a task, and return its result."""
    try:
        wait = next(waits)
        while True:
            ended = False
            if wait.call is not None:
                ended = await wait.call.wait(wait.seconds)
            else:
                await asyncio.sleep(wait.seconds or 0.0)
            wait = waits.send(ended)
    except StopIteration as returned:
        value: T = returned.value
        return value


def wait_in_thread(waits: Waits[T]) -> T:
    """Run a method in this thread, and return its result."""
    try:
        wait = next(waits)
        while True:
            ended = False
            if wait.call is not None:
                ended = wait.call.wait_blocking(wait.seconds)
            else:
                time.sleep(wait.seconds or 0.0)
            wait = waits.send(ended)
    except StopIteration as returned:
        value: T = returned.value
        return value


def call_in_thread(work: Callable[[], T], description: str) -> Waits[T]:
    """Call a function on a worker thread for one caller; return or raise what it does.

    A caller that is cancelled stops waiting; the call goes on.

    Raises:
        RenewalFailed: no thread can be started.
    """
    call = SharedCall()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the caller waits
            errors.append(error)
        finally:
            call.end()

    try:
        call.start(run, description)
    except RuntimeError as error:
        raise RenewalFailed(
            f"No worker thread could be started for {description} ({error}).", kind="thread"
        ) from error
    while not (yield Wait(call, None)):
        pass
    if errors:
        raised = errors.pop()
        raise copy_of(raised) if isinstance(raised, AppSyncError) else raised
    return results.pop()


def copy_of(error: AppSyncError) -> AppSyncError:
    """Return a copy of a shared error, to be raised by one caller."""
    # Without __init__, whose arguments a subclass of the user's may have changed.
    own: AppSyncError = type(error).__new__(type(error), *error.args)
    vars(own).update(vars(error))
    own.__cause__ = error.__cause__
    return own


def _wake(callers: set[asyncio.Future[None]]) -> None:
    for woken in callers:
        if not woken.done():
            woken.set_result(None)
