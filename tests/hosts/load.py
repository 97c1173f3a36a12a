"""Load: questions of several users, asked by several threads or tasks at once."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

from .measurement import Count

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

Answer: TypeAlias = "tuple[str, str]"

_serial = itertools.count(1)


def ask_in_threads(
    ask: Callable[[str, str, bool], Answer],
    users: Sequence[str],
    *,
    seconds: float,
    threads: int = 8,
) -> Count:
    """Ask for some seconds.

    Args:
        ask: called with a user, a text, and whether to send it in a mutation; returns the text
            and the user of the response.
        users: take turns.
        seconds: how long to ask.
        threads: how many ask at once.
    """
    count, lock = Count(), threading.Lock()
    until = time.monotonic() + seconds

    def work(first: int) -> None:
        for user, text, mutation in _questions(users, first):
            if time.monotonic() >= until:
                return
            answer: Answer | Exception
            try:
                answer = ask(user, text, mutation)
            except Exception as error:  # noqa: BLE001 - it is counted
                answer = error
            with lock:
                count.add((text, user), answer)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count


async def ask_in_tasks(
    ask: Callable[[str, str, bool], Awaitable[Answer]],
    users: Sequence[str],
    *,
    seconds: float,
    tasks: int = 16,
) -> Count:
    """Ask for some seconds; as :func:`ask_in_threads`, in the tasks of one loop."""
    count = Count()
    until = time.monotonic() + seconds

    async def work(first: int) -> None:
        for user, text, mutation in _questions(users, first):
            if time.monotonic() >= until:
                return
            answer: Answer | Exception
            try:
                answer = await ask(user, text, mutation)
            except Exception as error:  # noqa: BLE001 - it is counted
                answer = error
            count.add((text, user), answer)

    await asyncio.gather(*(work(number) for number in range(tasks)))
    return count


def _questions(users: Sequence[str], first: int) -> Iterator[tuple[str, str, bool]]:
    """Yield a user, a text that no other question has, and whether it is a mutation."""
    for turn in itertools.count(first):
        user = users[turn % len(users)]
        yield user, f"{user}-{os.getpid()}-{next(_serial)}", turn % 4 == 0
