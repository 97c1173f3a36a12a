"""An event loop for a thread that gevent runs as a greenlet.

With ``gevent.monkey.patch_all()`` all threads are greenlets of one real thread. For each real
thread asyncio stores which loop is running, and Python stores the hooks of asynchronous
generators. A loop in the background would therefore look like the running loop of all other
greenlets: ``asyncio.run`` and Django's database access would refuse to work. A greenlet is left
only where it waits, which for a loop is its selector; there the values of the other greenlets are
restored.

``asyncio._set_running_loop`` is meant for event loops, but it is not in asyncio's documentation.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RestoringSelector", "new_loop"]


def new_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop for a thread of its own, greenlet or not."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return asyncio.new_event_loop()
    # gevent has replaced selectors.DefaultSelector with a class of its own.
    selector = type("Selector", (RestoringSelector, selectors.DefaultSelector), {})()
    return _GreenletLoop(selector)


class _ThreadState:
    """What asyncio and Python store for a real thread: the running loop, and the hooks."""

    def __init__(self) -> None:
        self._loop = asyncio._get_running_loop()  # noqa: SLF001
        self._hooks = sys.get_asyncgen_hooks()

    def restore(self) -> None:
        """Store the same values again."""
        asyncio._set_running_loop(self._loop)  # noqa: SLF001
        sys.set_asyncgen_hooks(*self._hooks)


class RestoringSelector:
    """The part of a selector that restores the state of other greenlets while its loop waits.

    Attributes:
        others: the state that was stored when the loop continued.
    """

    others: _ThreadState

    def select(self, timeout: float | None = None) -> Any:
        """Wait for events; see ``selectors.BaseSelector``."""
        own = _ThreadState()
        self.others.restore()
        try:
            return super().select(timeout)  # type: ignore[misc] # of the other base class
        finally:
            self.others = _ThreadState()
            own.restore()


class _GreenletLoop(asyncio.SelectorEventLoop):
    """A loop that may run while another one runs in the same real thread."""

    def __init__(self, selector: Any) -> None:
        self._restoring: RestoringSelector = selector
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
        """Store the state of other greenlets until the outermost call ends."""
        if self._entered:
            yield
            return
        self._entered, self._restoring.others = True, _ThreadState()
        asyncio._set_running_loop(None)  # noqa: SLF001
        try:
            yield
        finally:
            self._entered = False
            self._restoring.others.restore()
