"""Asks from the processes of ``multiprocessing``, while their parent asks too.

The start method is the argument: ``fork``, ``spawn`` or ``forkserver``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from hosts.load import ask_in_threads
from hosts.measurement import Count
from hosts.own_measurement import measure_own_process
from hosts.settings import Settings
from hosts.users import Users

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext
    from multiprocessing.queues import SimpleQueue

PROCESSES = 2

users = Users(Settings.from_environment())


def ask(user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
    """Ask in both synchronous ways, in turn."""
    way = users.ask_sync if hash(text) % 2 else users.ask_blocking
    return way(user, text, mutation)


def work(seconds: float, counts: SimpleQueue[Count]) -> None:
    """Ask in a child process."""
    counts.put(ask_in_threads(ask, users.names, seconds=seconds, threads=2))


def load(context: BaseContext, seconds: float) -> Count:
    """Ask in several children, in one that is killed, and in their parent, all at once."""
    counts: SimpleQueue[Count] = context.SimpleQueue()
    children = [
        context.Process(target=work, args=(seconds, counts))  # type: ignore[attr-defined]
        for _ in range(PROCESSES)
    ]
    victim = context.Process(target=work, args=(60.0, counts))  # type: ignore[attr-defined]
    for child in (*children, victim):
        child.start()
    killing = threading.Timer(seconds, os.kill, (victim.pid, signal.SIGKILL))
    killing.start()
    total = ask_in_threads(ask, users.names, seconds=seconds, threads=2)
    for _ in children:
        total.merge(counts.get())
    for child in (*children, victim):
        child.join(20)
        if child.exitcode not in {0, -signal.SIGKILL}:
            total.errors.append(f"{child.name}: exit status {child.exitcode}")
        child.close()
    counts.close()
    killing.join()
    return total


if __name__ == "__main__":
    method = multiprocessing.get_context(sys.argv[1])
    users.warm_up(users.ask_blocking)
    users.warm_up(users.ask_sync)
    measure_own_process(len(users.names), lambda seconds: load(method, seconds))
