"""Measures each client in a process of its own, in alternating turns of a second or less.

A machine's speed changes from one second to the next, so only neighbouring turns can be compared:
a ratio is computed in each round, and the median of the ratios is reported. The garbage of a
client is collected in its own turns, as it would be in a user's program.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import without_fast  # noqa: F401 - must come first in each client's process

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from clients import ComparedClient, Target

__all__ = ["Figures", "queries", "run"]

_GO, _END = "go", "end"


@dataclass
class Figures:
    """The figures of one client, one value for each round.

    Attributes:
        rates: queries per second.
        cpu: microseconds of processor time per query.
        p99: milliseconds.
    """

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def summary(self, base: Figures) -> dict[str, float]:
        """Return medians, and the medians and quartiles of the ratios to ``base``."""
        ratios = sorted(mine / its for mine, its in zip(self.rates, base.rates, strict=True))
        p99s = [mine / its for mine, its in zip(self.p99, base.p99, strict=True)]
        cpus = [its / mine for mine, its in zip(self.cpu, base.cpu, strict=True)]
        return {
            "per_second": statistics.median(self.rates),
            "cpu_us": statistics.median(self.cpu),
            "p99_ms": statistics.median(self.p99),
            "ratio": statistics.median(ratios),
            "ratio_low": ratios[len(ratios) // 4],
            "ratio_high": ratios[(3 * len(ratios)) // 4],
            "p99_ratio": statistics.median(p99s),
            "cpu_ratio": statistics.median(cpus),
        }


async def queries(send_one: Callable[[], Awaitable[Any]], at_once: int, count: int) -> list[float]:
    """Send ``count`` queries, ``at_once`` at a time; return the seconds that each took."""
    took: list[float] = []
    clock = time.perf_counter

    async def send_in_turn(number: int) -> None:
        for _ in range(number):
            began = clock()
            await send_one()
            took.append(clock() - began)

    await asyncio.gather(*(send_in_turn(max(1, count // at_once)) for _ in range(at_once)))
    return took


async def measured(
    send_one: Callable[[], Awaitable[Any]], at_once: int, count: int
) -> tuple[float, ...]:
    """Return rate, processor time and p99 of one turn; units as in :class:`Figures`."""
    began, cpu = time.perf_counter(), time.process_time()
    took = sorted(await queries(send_one, at_once, count))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    n = len(took)
    return n / seconds, cpu / n * 1e6, took[min(n - 1, int(n * 0.99))] * 1e3


async def _measure_client(
    pipe: Connection, client: ComparedClient, target: Target, at_once: int, turn: float
) -> None:
    async with client.open(target) as send_one:
        pipe.recv()  # waits until this client may prepare itself
        await queries(send_one, at_once, at_once * 2)
        rate = (await measured(send_one, at_once, at_once * 8))[0]
        count = max(at_once, int(rate * turn))
        pipe.send(count)
        while pipe.recv() == _GO:
            await queries(send_one, at_once, at_once)  # replaces connections that were closed
            pipe.send(await measured(send_one, at_once, count))


def blocking_queries(send_one: Callable[[], Any], at_once: int, count: int) -> list[float]:
    """Send ``count`` queries in ``at_once`` threads; return the seconds that each took."""
    took: list[float] = []
    clock = time.perf_counter

    def send_in_turn(number: int) -> None:
        for _ in range(number):
            began = clock()
            send_one()
            took.append(clock() - began)

    number = max(1, count // at_once)
    if at_once == 1:
        send_in_turn(number)
        return took
    threads = [threading.Thread(target=send_in_turn, args=(number,)) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def measured_blocking(send_one: Callable[[], Any], at_once: int, count: int) -> tuple[float, ...]:
    """Return rate, processor time and p99 of one turn; units as in :class:`Figures`."""
    began, cpu = time.perf_counter(), time.process_time()
    took = sorted(blocking_queries(send_one, at_once, count))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    n = len(took)
    return n / seconds, cpu / n * 1e6, took[min(n - 1, int(n * 0.99))] * 1e3


def _measure_blocking_client(
    pipe: Connection, client: ComparedClient, target: Target, at_once: int, turn: float
) -> None:
    with client.open(target) as send_one:
        pipe.recv()  # waits until this client may prepare itself
        blocking_queries(send_one, at_once, at_once * 2)
        rate = measured_blocking(send_one, at_once, at_once * 8)[0]
        count = max(at_once, int(rate * turn))
        pipe.send(count)
        while pipe.recv() == _GO:
            blocking_queries(send_one, at_once, at_once)  # replaces closed connections
            pipe.send(measured_blocking(send_one, at_once, count))


def measure_client(
    pipe: Connection, client: ComparedClient, target: Target, at_once: int, turn: float
) -> None:
    """Run in a client's process: measure one turn for each message of the pipe."""
    if client.blocking:
        _measure_blocking_client(pipe, client, target, at_once, turn)
    else:
        asyncio.run(_measure_client(pipe, client, target, at_once, turn))


@contextmanager
def _running(
    client: ComparedClient, target: Target, at_once: int, turn: float
) -> Iterator[Connection]:
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=measure_client, args=(theirs, client, target, at_once, turn), daemon=True
    )
    process.start()
    theirs.close()  # so that recv() fails when the process has ended
    try:
        yield mine
        mine.send(_END)
        process.join(10)
    finally:
        process.kill()
        process.join()


def run(
    clients: Sequence[ComparedClient], target: Target, *, at_once: int, rounds: int, turn: float
) -> dict[str, Figures]:
    """Measure all clients.

    Args:
        clients: which.
        target: where they send their queries.
        at_once: queries in progress at a time.
        rounds: turns of each client.
        turn: seconds of a turn, approximately.

    Returns:
        The figures by client name.
    """
    figures = {client.name: Figures() for client in clients}
    with ExitStack() as stack:
        pipes = {c.name: stack.enter_context(_running(c, target, at_once, turn)) for c in clients}
        for pipe in pipes.values():
            pipe.send(_GO)
            pipe.recv()
        for number in range(rounds):
            order = list(pipes)
            if number % 2:
                order.reverse()
            for name in order:
                pipes[name].send(_GO)
                rate, cpu, p99 = pipes[name].recv()
                figures[name].rates.append(rate)
                figures[name].cpu.append(cpu)
                figures[name].p99.append(p99)
    return figures
