"""Work on the background loop that an interrupt of the cell cancels."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from ..background_loop import background_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["InterruptibleTask"]

_STOP_SECONDS = 5.0
"""Seconds that :meth:`InterruptibleTask.stop` waits for what it cancelled."""


class InterruptibleTask:
    """A coroutine function that runs while the cell's thread does something else.

    That thread can ask the person, show results, and take an interrupt. Nothing happens before
    :meth:`start`.

    Args:
        name: of the thread that waits for the coroutine.
        function: what runs on the background loop.
        ended: called in another thread at the end, with the error; ``None`` if there is none or if
            it was stopped.
    """

    def __init__(
        self,
        name: str,
        function: Callable[[], Coroutine[None, None, None]],
        *,
        ended: Callable[[BaseException | None], None],
    ) -> None:
        self._function, self._ended = function, ended
        self._stopped = False
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start it, once."""
        self._thread.start()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            background_loop.run(self._main())
        except BaseException as found:  # noqa: BLE001 - it is passed on
            error = found
        self._ended(error)

    async def _main(self) -> None:
        self._task = asyncio.current_task()
        try:
            if not self._stopped:
                await self._function()
        except asyncio.CancelledError:
            if not self._stopped:
                raise

    def stop(self) -> None:
        """Cancel it if it has not ended, and wait until it has, for some seconds at most.

        Also if it has not begun: an interrupt can come at any moment.
        """
        self._stopped = True
        if self.is_running:
            background_loop.run(self._cancel())
            self._thread.join(_STOP_SECONDS)

    async def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
