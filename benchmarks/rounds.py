"""Rounds: each contestant in a process of its own, all taking turns of a second or less.

Machines change their speed from one second to the next, so that only neighbours can be
compared: a ratio is taken in each round, and the median of those is what is told. The garbage
that a contestant leaves is collected in its own turns, as it would be in a user's program.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import without  # noqa: F401 - in each contestant's process, before anything else

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from contestants import Contestant, Place

__all__ = ["Figures", "queries", "run"]

_GO, _END = "go", "end"


@dataclass
class Figures:
    """What one contestant did, a value for each round.

    Attributes:
        rates: queries a second.
        cpu: microseconds of processor time a query.
        p99: milliseconds.
    """

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def summary(self, base: Figures) -> dict[str, float]:
        """Give medians, and those of the ratios to ``base`` with their quartiles."""
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


async def queries(one: Callable[[], Awaitable[Any]], at_once: int, count: int) -> list[float]:
    """Run that many queries, so many at a time; give the seconds each took."""
    took: list[float] = []
    clock = time.perf_counter

    async def lane(number: int) -> None:
        for _ in range(number):
            began = clock()
            await one()
            took.append(clock() - began)

    await asyncio.gather(*(lane(max(1, count // at_once)) for _ in range(at_once)))
    return took


async def measured(
    one: Callable[[], Awaitable[Any]], at_once: int, count: int
) -> tuple[float, ...]:
    """Give rate, processor time and p99 of one turn."""
    began, cpu = time.perf_counter(), time.process_time()
    took = sorted(await queries(one, at_once, count))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    n = len(took)
    return n / seconds, cpu / n * 1e6, took[min(n - 1, int(n * 0.99))] * 1e3


async def _compete(
    line: Connection, contestant: Contestant, place: Place, at_once: int, turn: float
) -> None:
    async with contestant.make(place) as one:
        line.recv()  # until it is this one's turn to get ready
        await queries(one, at_once, at_once * 2)
        rate = (await measured(one, at_once, at_once * 8))[0]
        count = max(at_once, int(rate * turn))
        line.send(count)
        while line.recv() == _GO:
            await queries(one, at_once, at_once)  # connections that idled are made anew
            line.send(await measured(one, at_once, count))


def compete(
    line: Connection, contestant: Contestant, place: Place, at_once: int, turn: float
) -> None:
    """Be one contestant: measure a turn whenever told so."""
    asyncio.run(_compete(line, contestant, place, at_once, turn))


@contextmanager
def _competing(
    contestant: Contestant, place: Place, at_once: int, turn: float
) -> Iterator[Connection]:
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=compete, args=(theirs, contestant, place, at_once, turn), daemon=True
    )
    process.start()
    theirs.close()  # or nobody would notice that it has ended
    try:
        yield mine
        mine.send(_END)
        process.join(10)
    finally:
        process.kill()
        process.join()


def run(
    contestants: Sequence[Contestant], place: Place, *, at_once: int, rounds: int, turn: float
) -> dict[str, Figures]:
    """Measure them all, so many queries at a time.

    Args:
        contestants: who.
        place: where.
        at_once: queries under way at a time.
        rounds: turns of each.
        turn: seconds of a turn, about.
    """
    figures = {contestant.name: Figures() for contestant in contestants}
    with ExitStack() as stack:
        lines = {
            c.name: stack.enter_context(_competing(c, place, at_once, turn)) for c in contestants
        }
        for line in lines.values():
            line.send(_GO)
            line.recv()
        for number in range(rounds):
            order = list(lines)
            if number % 2:
                order.reverse()
            for name in order:
                lines[name].send(_GO)
                rate, cpu, p99 = lines[name].recv()
                figures[name].rates.append(rate)
                figures[name].cpu.append(cpu)
                figures[name].p99.append(p99)
    return figures
