"""What a forked child must create anew."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["after_fork_in_child"]

T = TypeVar("T")

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


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
