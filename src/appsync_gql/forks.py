"""What a forked child must create anew, and when a program must not fork."""

from __future__ import annotations

# Imported here, since it registers a function for "before fork" and one for "after fork": if
# boto3 imported it while a fork waits for that, only the second would be called.
import concurrent.futures.thread  # noqa: F401
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Imports", "after_fork_in_child", "importing"]

T = TypeVar("T")

_WAIT_FOR_IMPORTS = 3.0
"""Seconds that a fork waits for imports at most."""

_resets: WeakKeyDictionary[Any, Callable[[Any], object]] = WeakKeyDictionary()


def after_fork_in_child(thing: T, reset: Callable[[T], object]) -> None:
    """Call ``reset(thing)`` in every forked child, for as long as the thing exists.

    A program may fork at any time (gunicorn, multiprocessing), also while another thread
    holds a lock. The child has a copy of that lock, but not the thread that would release it.
    """
    _resets[thing] = reset


def _reset_all() -> None:
    """Reset everything, even if one thing can't be reset; Python prints its error."""
    failed: Exception | None = None
    for thing, reset in list(_resets.items()):
        try:
            reset(thing)
        except Exception as error:  # noqa: BLE001, PERF203 - the others must be reset too
            failed = error
    if failed is not None:
        raise failed


class Imports:
    """Makes forks wait for imports on other threads.

    Python locks each module while it is imported. A child that is forked meanwhile has the locked
    lock and half of the module, but not the thread that goes on: it waits for ever as soon as it
    imports that module too. Packages such as boto3 take a second to import.

    Args:
        seconds: how long a fork waits at most.
    """

    def __init__(self, seconds: float = _WAIT_FOR_IMPORTS) -> None:
        self._seconds = seconds
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._threads: list[int] = []

    @contextmanager
    def importing(self) -> Iterator[None]:
        """Make forks in other threads wait while the block runs."""
        thread, changed = threading.get_ident(), self._changed
        with changed:
            self._threads.append(thread)
        try:
            yield
        finally:
            with changed:
                if thread in self._threads:  # not in a child that was forked in the block
                    self._threads.remove(thread)
                changed.notify_all()

    def before_fork(self) -> None:
        """Wait for imports, and let none begin until the fork is over."""
        mine = threading.get_ident()
        self._changed.acquire()
        self._changed.wait_for(lambda: not set(self._threads) - {mine}, self._seconds)

    def after_fork_in_parent(self) -> None:
        """Let imports begin again."""
        self._changed.release()

    def after_fork_in_child(self) -> None:
        """Start without imports: only the thread that forked exists here."""
        self._begin()


_imports = Imports()
importing = _imports.importing
"""Make forks in other threads wait while the block runs: for imports on worker threads."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_imports.before_fork,
        after_in_parent=_imports.after_fork_in_parent,
        after_in_child=_imports.after_fork_in_child,
    )
    os.register_at_fork(after_in_child=_reset_all)
