"""An event loop for a thread that gevent has made a greenlet of one and the same real thread.

asyncio notes for each real thread which loop runs there, and what is to be called for new
asynchronous generators. With ``gevent.monkey.patch_all()`` all threads are greenlets of one real
thread, so that a loop in the background would make everybody else there believe to be inside of
it: ``asyncio.run`` and Django's database access refuse that. Greenlets change only where one of
them waits, which in a loop is its selector; so the notes are put aside there.

``asyncio._set_running_loop`` is meant for event loops, and is not in asyncio's documentation.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AsideSelector", "new_loop"]


def new_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop for a thread of its own, whether it is a greenlet or not."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return asyncio.new_event_loop()
    # The class is gevent's own, which has replaced the module's.
    selector = type("Selector", (AsideSelector, selectors.DefaultSelector), {})()
    return _GreenletLoop(selector)


class _Notes:
    """What asyncio and Python note for a real thread: the running loop, and hooks."""

    def __init__(self) -> None:
        self._loop = asyncio._get_running_loop()  # noqa: SLF001
        self._hooks = sys.get_asyncgen_hooks()

    def restore(self) -> None:
        """Note the same again."""
        asyncio._set_running_loop(self._loop)  # noqa: SLF001
        sys.set_asyncgen_hooks(*self._hooks)


class AsideSelector:
    """The part of a selector that restores the notes of others while its loop waits.

    Attributes:
        others: what was noted when the loop went on.
    """

    others: _Notes

    def select(self, timeout: float | None = None) -> Any:
        """Wait for events; see ``selectors.BaseSelector``."""
        own = _Notes()
        self.others.restore()
        try:
            return super().select(timeout)  # type: ignore[misc] # of the other base class
        finally:
            self.others = _Notes()
            own.restore()


class _GreenletLoop(asyncio.SelectorEventLoop):
    """A loop that may run while another one runs in the same real thread."""

    def __init__(self, selector: Any) -> None:
        self._aside: AsideSelector = selector
        self._entered = False
        super().__init__(selector)

    def run_forever(self) -> None:
        """Run until ``stop`` is called."""
        with self._enter():
            super().run_forever()

    def run_until_complete(self, future: Any) -> Any:
        """Run until a future or coroutine has ended; return its result."""
        with self._enter():
            return super().run_until_complete(future)

    @contextmanager
    def _enter(self) -> Iterator[None]:
        """Put the notes of others aside, in the outermost call."""
        if self._entered:
            yield
            return
        self._entered, self._aside.others = True, _Notes()
        asyncio._set_running_loop(None)  # noqa: SLF001
        try:
            yield
        finally:
            self._entered = False
            self._aside.others.restore()
