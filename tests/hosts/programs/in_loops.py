"""Asks in the tasks of event loops. The argument is the kind of loop.

``asyncio``: many loops, one after the other. ``uvloop``: likewise, of uvloop. ``nest_asyncio``:
synchronous calls inside a running loop, as notebooks of old make them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

from hosts.load import ask_in_tasks
from hosts.measurement import Count
from hosts.own_measurement import measure_own_process
from hosts.settings import Settings
from hosts.users import Users

if TYPE_CHECKING:
    from collections.abc import Callable

ONE_LOOP_SECONDS = 0.5

users = Users(Settings.from_environment())


async def ask(seconds: float) -> Count:
    """Ask in the tasks of the running loop."""
    return await ask_in_tasks(users.ask_async, users.names, seconds=seconds)


def in_many_loops(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> Callable[[float], Count]:
    """Return a load that uses one loop after the other."""

    def load(seconds: float) -> Count:
        total, until = Count(), time.monotonic() + seconds
        while time.monotonic() < until:
            loop = new_loop()
            try:
                total.merge(loop.run_until_complete(ask(ONE_LOOP_SECONDS)))
                loop.run_until_complete(loop.shutdown_asyncgens())
            finally:
                loop.close()
        return total

    return load


def in_nested_loops() -> Callable[[float], Count]:
    """Return a load of synchronous calls that are made inside a running loop."""
    import nest_asyncio  # noqa: PLC0415

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    nest_asyncio.apply(loop)

    async def outer(seconds: float) -> Count:
        inner = loop.run_until_complete(ask(seconds / 2))
        # gql's own synchronous call refuses to run here; ours runs on its background thread.
        for number, name in enumerate(users.names * 3):
            text = f"{name}-nested-{time.monotonic()}-{number}"
            inner.add((text, name), users.ask_blocking(name, text, False))  # noqa: FBT003
        inner.merge(await ask(seconds / 2))
        return inner

    return lambda seconds: loop.run_until_complete(outer(seconds))


def main(kind: str) -> None:
    """Measure one kind of loop."""
    if kind == "nest_asyncio":
        load = in_nested_loops()
    elif kind == "uvloop":
        import uvloop  # noqa: PLC0415

        load = in_many_loops(uvloop.new_event_loop)
    else:
        load = in_many_loops(asyncio.new_event_loop)
    measure_own_process(len(users.names), load)


if __name__ == "__main__":
    main(sys.argv[1])
