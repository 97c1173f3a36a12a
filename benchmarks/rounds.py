"""Rounds: all contestants in one process and one loop, taking turns of a fraction of a second.

Machines change their speed from one second to the next, so that only neighbours can be
compared: a ratio is taken in each round, and the median of those is what is told.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from contestants import Contestant, Place

__all__ = ["Figures", "queries", "run"]


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
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    took = sorted(await queries(one, at_once, count))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    n = len(took)
    return n / seconds, cpu / n * 1e6, took[min(n - 1, int(n * 0.99))] * 1e3


async def run(
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
    async with AsyncExitStack() as stack:
        ones = {c.name: await stack.enter_async_context(c.make(place)) for c in contestants}
        counts = {}
        for name, one in ones.items():
            await queries(one, at_once, at_once * 2)  # connections, caches
            rate = (await measured(one, at_once, at_once * 4))[0]
            counts[name] = max(at_once, int(rate * turn))
        for number in range(rounds):
            order = list(ones)
            if number % 2:
                order.reverse()
            for name in order:
                rate, cpu, p99 = await measured(ones[name], at_once, counts[name])
                figures[name].rates.append(rate)
                figures[name].cpu.append(cpu)
                figures[name].p99.append(p99)
    return figures
