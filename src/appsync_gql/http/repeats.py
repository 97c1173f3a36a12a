"""Mutations that gql's reconnecting session would run again."""

from __future__ import annotations

import asyncio
import weakref

__all__ = ["UnfinishedMutations"]


class UnfinishedMutations:
    """Remembers the mutation that a task sent last, if the task was cancelled before its response.

    gql's reconnecting session repeats a request after any error that it does not know, the
    caller's own ``execute_timeout`` among them. It does so in the same task and with the same
    body, which is how a repetition is recognised.
    """

    def __init__(self) -> None:
        self._bodies: weakref.WeakKeyDictionary[asyncio.Task[object], bytes] = (
            weakref.WeakKeyDictionary()
        )

    def add(self, body: bytes) -> None:
        """Remember a mutation that the current task sent, and whose response it won't receive."""
        task = asyncio.current_task()
        if task is not None:
            self._bodies[task] = body

    def is_repeated(self, body: bytes) -> bool:
        """Return whether the current task's last mutation was this one; forget it."""
        task = asyncio.current_task()
        return task is not None and self._bodies.pop(task, None) == body
